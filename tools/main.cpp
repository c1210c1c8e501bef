// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <new>

#include "tools/cli/exit_code.h"
#include "tools/commands/commands.h"
#include "tools/shell/hidden_commands.h"
#include "tools/sysroot/sysroot.h"

namespace {

using namespace uprobesim;

// A standard descriptor that the caller closed would become the first file we open, and the guest
// could write to it.
void fill_standard_descriptors() {
    for (int fd = 0; fd <= 2; ++fd) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) std::_Exit(kExitHostFailure);
    }
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

}  // namespace

int main(int argc, char** argv) {
    fill_standard_descriptors();
    // A closed pipe is an errno for the guest, not the simulator's end.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        const HostPlaces host = host_places();
        const OptionDefaults defaults{.root = default_root(host),
                                      // An empty variable counts as none (no-color.org).
                                      .no_color = !variable("NO_COLOR").empty(),
                                      .host = host,
                                      .search_path = variable("PATH")};
        const Words words(argv + 1, argv + argc);
        if (const auto status = run_hidden_command(words, defaults)) return *status;
        return run_tool(words, defaults);
    } catch (const HostError& error) {
        fmt::print(stderr, "uprobesim: {}\n", error.what());
    } catch (const std::bad_alloc&) {
        fmt::print(stderr, "uprobesim: the host is out of memory\n");
    }
    return kExitHostFailure;
}
