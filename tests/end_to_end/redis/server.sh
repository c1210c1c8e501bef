# SPDX-License-Identifier: GPL-2.0-or-later
# One text for the simulated Debian and for qemu-aarch64, which starts each program by itself: $RUN stands before a program's name.
set -u
port=$PORT
# In the background only.
server() { exec ${RUN}redis-server --port "$port" --unixsocket "$PWD/redis.sock" --enable-debug-command local --loglevel verbose \
    --maxclients 500 --ignore-warnings ARM64-COW-BUG --repl-diskless-sync-delay 0 "$@"; }
cli() { ${RUN}redis-cli -p "$port" --no-raw "$@" | sed -E 's/^\([0-9]+\.[0-9]+s\)$/(slow)/'; }
until_ready() { until ${RUN}redis-cli -p "$port" ping 2>/dev/null | grep -q PONG; do sleep 0.02; done; }
until_info() { until ${RUN}redis-cli -p "$port" info "$1" | tr -d '\r' | grep -qx "$2"; do sleep 0.02; done; }
info() { ${RUN}redis-cli -p "$port" info "$1" | tr -d '\r' | grep -E "^($2):"; }
