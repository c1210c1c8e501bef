// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstdlib>
#include <exception>
#include <new>

#include "sim/cpu/unicorn/engine_way.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/open_file_limit.h"
#include "tools/cli/refusal.h"
#include "tools/commands/commands.h"
#include "tools/shell/hidden_commands.h"
#include "tools/standard_streams.h"
#include "tools/sysroot/sysroot.h"

namespace {

using namespace uprobesim;

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

int run(int argc, char** argv) {
    const HostPlaces host = host_places();
    const OptionDefaults defaults{.root = default_root(host),
                                  // An empty variable counts as none (no-color.org).
                                  .no_color = !variable("NO_COLOR").empty(),
                                  .host = host,
                                  .search_path = variable("PATH")};
    const Words words(argv + 1, argv + argc);
    if (const auto status = run_hidden_command(words, defaults)) return *status;
    if (const auto way = engine_way_named(variable("UPROBESIM_ENGINE")); !way)
        return refuse(way.error());
    return run_tool(words, defaults);
}

}  // namespace

// No exception leaves it: whatever the host refuses is one line and kExitHostFailure.
int main(int argc, char** argv) {
    prepare_standard_streams();
    raise_soft_limit_of_files();
    int status = kExitHostFailure;
    try {
        status = run(argc, argv);
    } catch (const std::bad_alloc&) {
        print_failure("the host is out of memory");
    } catch (const std::exception& error) {
        print_failure(error.what());
    } catch (...) {
        print_failure("a failure that has no description");
    }
    return finish_standard_streams(status);
}
