// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/debugged_run.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

namespace uprobesim {
namespace {

// Standard input from where it stood, for each time that the run is made.
class RepeatedInput {
public:
    RepeatedInput() : begin_(::lseek(STDIN_FILENO, 0, SEEK_CUR)) {}
    // A file, or nothing at all.
    static bool is_repeatable() {
        constexpr unsigned kMemoryDevices = 1;  // /dev/null and its kind
        struct stat status {};
        if (::fstat(STDIN_FILENO, &status) != 0) return true;
        return S_ISREG(status.st_mode) ||
               (S_ISCHR(status.st_mode) && major(status.st_rdev) == kMemoryDevices);
    }
    void rewind() const {
        if (begin_ >= 0) ::lseek(STDIN_FILENO, begin_, SEEK_SET);
    }

private:
    off_t begin_;
};

}  // namespace

tl::expected<RunReport, RunRefused> simulate_under_gdb(GdbServer& gdb, SimulationRequest request,
                                                       Observers observers) {
    const RepeatedInput input;
    if (!RepeatedInput::is_repeatable())
        gdb.refuse_reverse(
            "standard input is read once, so the run cannot go backwards (redirect "
            "it from a file or /dev/null)");
    HostOutput output;
    request.files.output = &output;
    observers.debugger = &gdb.hook();
    const auto begin = observers.begin;
    observers.begin = [&](FileSystem& files, const Uprobes& uprobes) {
        if (begin) begin(files, uprobes);
        gdb.use(files, uprobes);
    };
    observers.program_started = [&](Process& process) { gdb.program_started(process); };
    for (;;) {
        auto report = simulate(request, nullptr, observers);
        if (!report || !gdb.runs_again()) {
            gdb.finish();
            return report;
        }
        input.rewind();
        for (std::size_t fd = 0; fd < output.written.size(); ++fd)
            output.repeated[fd] = std::max(output.repeated[fd], output.written[fd]);
        output.written = {};
    }
}

}  // namespace uprobesim
