// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "sim/base/try.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/report_options.h"
#include "tools/commands/commands.h"
#include "tools/commands/sub_command.h"
#include "tools/format/text_table.h"
#include "tools/sysroot/sysroot.h"

namespace uprobesim {
namespace {

constexpr std::string_view kSysrootDescription =
    R"(The sysroot is a folder of arm64 programs: what guests see as / where --root names no other. It is
looked up whenever a command runs: $UPROBESIM_SYSROOT, then uprobesim/sysroot in the user's cache
folder ($XDG_CACHE_HOME or ~/.cache), then the one of the build tree that the program is run from.

fetch needs no root. It downloads packages of Debian 12 (grep, coreutils, bash, perl, redis and
others) with apt, unpacks them, and runs nothing of them: 185 MB, in DIR, or else in the first of
these places. $UPROBESIM_MIRROR names a mirror. --wide is a second sysroot with more programs
(python3, git, gcc, nginx, PostgreSQL and others): 900 MB.)";

constexpr std::string_view kSysrootExamples = R"(uprobesim sysroot fetch
uprobesim sysroot fetch ./arm64 && uprobesim run --root ./arm64 /bin/true
uprobesim run --root $(uprobesim sysroot path --wide) /usr/bin/python3 --version)";

constexpr std::string_view kSysrootExitStatus = R"(0  done
1  path: there is none
2  usage error
3  fetching failed)";

const std::vector<SubCommand> kSysrootSubCommands = {
    {"fetch", "[DIR]", "download and unpack Debian's arm64 programs"},
    {"path", "", "the folder that is used"},
    {"list", "", "the places in the order in which they are looked up"},
};

OptionTable sysroot_options_table() {
    OptionTable table;
    table.flag("wide", "the sysroot with more programs");
    add_help_option(table);
    return table;
}

// The script's exit status; its standard streams are ours.
int run_script(Words words) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    // A shell cannot undo that a signal is ignored.
    sigset_t ignored_by_us;
    sigemptyset(&ignored_by_us);
    sigaddset(&ignored_by_us, SIGPIPE);
    sigaddset(&ignored_by_us, SIGXFSZ);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &ignored_by_us);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    pid_t child = 0;
    const int error =
        posix_spawn(&child, arguments[0], nullptr, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) throw HostError(words.front(), std::strerror(error));
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) throw HostError("waitpid", std::strerror(errno));
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? kExitSuccess : kExitHostFailure;
}

Result<int> fetch(const Words& words, SysrootKind kind, const HostPlaces& host) {
    if (words.size() > 1) return user_error("fetch takes one folder", words[1]);
    const std::string folder = words.empty() ? fetched_sysroot(host, kind) : words[0];
    if (folder.empty())
        return user_error("neither HOME nor XDG_CACHE_HOME says where to", "sysroot fetch",
                          "name a folder: uprobesim sysroot fetch DIR");
    const std::string script = fetch_script(host);
    if (script.empty())
        return user_error("the script that fetches is not installed", "sysroot fetch",
                          "unpack Debian's arm64 packages into a folder, and name it with --root");
    Words command{script};
    if (kind == SysrootKind::Wide) command.emplace_back("--wide");
    command.push_back(folder);
    return run_script(std::move(command));
}

int print_path(SysrootKind kind, const HostPlaces& host) {
    const std::string path =
        kind == SysrootKind::Basic ? default_root(host) : find_sysroot(host, kind);
    if (path.empty()) {
        fmt::print(stderr, "uprobesim: there is no sysroot (uprobesim sysroot fetch{})\n",
                   kind == SysrootKind::Wide ? " --wide" : "");
        return 1;
    }
    fmt::print("{}\n", path);
    return kExitSuccess;
}

void print_list(SysrootKind kind, const HostPlaces& host) {
    std::string used = find_sysroot(host, kind);
    for (const SysrootPlace& place : sysroot_places(host, kind)) {
        const bool is_used = place.found && place.path == used;
        if (is_used) used.clear();  // the first of two equal ones
        fmt::print("{:<8} {:<18}  {}\n",
                   is_used       ? "used"
                   : place.found ? "found"
                                 : "missing",
                   place.origin, place.path);
    }
}

Result<int> run_sysroot(const CommandLine& line, const OptionDefaults& defaults) {
    const auto name = TRY(sub_command("sysroot", kSysrootSubCommands, line.rest()));
    const Words words(line.rest().begin() + 1, line.rest().end());
    const SysrootKind kind = line.given("wide") ? SysrootKind::Wide : SysrootKind::Basic;
    if (name == "fetch") return fetch(words, kind, defaults.host);
    if (!words.empty())
        return user_error(fmt::format("{} takes no words", name), words[0],
                          "see uprobesim sysroot --help");
    if (name == "path") return print_path(kind, defaults.host);
    print_list(kind, defaults.host);
    return kExitSuccess;
}

}  // namespace

Command sysroot_command() {
    return {.name = "sysroot",
            .meaning = "Debian's arm64 programs: fetch them, or say where they are",
            .help = {{"fetch [--wide] [DIR]", "path [--wide]", "list [--wide]"},
                     kSysrootDescription,
                     kSysrootExamples,
                     kSysrootExitStatus},
            .sub_commands = kSysrootSubCommands,
            .words = ValueSource::Folder,
            .options = sysroot_options_table,
            .run = run_sysroot};
}

}  // namespace uprobesim
