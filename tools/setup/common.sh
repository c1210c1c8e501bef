# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the scripts of this folder: where the repository is, how to speak, how to become root.
set -euo pipefail

repo="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$repo"

sysroot="${UPROBESIM_SYSROOT:-build/sysroot}"
case "$sysroot" in
    /*) ;;
    *) sysroot="$repo/$sysroot" ;;
esac

say() { printf '== %s\n' "$*"; }

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# step "what happens" "what it takes" COMMAND...: says both before, and the time it took after.
step() {
    local what="$1" takes="$2" begin=$SECONDS
    shift 2
    say "$what ($takes)"
    "$@"
    say "$what: done in $((SECONDS - begin)) s"
}

# Runs a command as root: directly when we are root, through sudo otherwise.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this step needs root: run as root or install sudo (wanted: $*)"
    fi
}
