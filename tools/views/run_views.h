// SPDX-License-Identifier: GPL-2.0-or-later
// What `run` shows of a run while it goes on, put together from the options.
#pragma once

#include <memory>

#include "tools/simulation/simulation.h"
#include "tools/strace/strace_view.h"
#include "tools/views/folded_stacks.h"
#include "tools/views/observer_list.h"
#include "tools/views/trace_view.h"
#include "tools/views/view_options.h"

namespace uprobesim {

class RunViews {
public:
    // The progress line of `status` is erased before lines are written to stderr; null: there is
    // none.
    static Result<std::unique_ptr<RunViews>> open(const ViewOptions& options, RunStatus* status);
    // Valid as long as this.
    Observers observers(RunStatus* status);
    // The run is over; null: it was refused. One that was refused before there was anything to show
    // leaves the files of an earlier one.
    void finish(const RunReport* report);

private:
    std::unique_ptr<LineOutput> strace_output_, exceptions_output_;
    std::unique_ptr<StraceView> strace_;
    std::unique_ptr<ExceptionLog> exceptions_;
    std::unique_ptr<FoldedStacks> stacks_;
    std::unique_ptr<TraceView> trace_;
    std::string trace_file_;
    ObserverList observers_;
};

}  // namespace uprobesim
