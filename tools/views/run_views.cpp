// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/views/run_views.h"

#include "sim/base/try.h"

namespace uprobesim {

Result<std::unique_ptr<RunViews>> RunViews::open(const ViewOptions& options, RunStatus& status) {
    auto views = std::make_unique<RunViews>();
    const auto give_way = [&status] { status.clear(); };
    if (options.strace) {
        auto output = TRY(LineOutput::open(options.strace_output, options.strace_limit,
                                           "system calls and signals", give_way));
        views->strace_output_ = std::move(output);
        views->strace_ =
            std::make_unique<StraceView>(*views->strace_output_, options.strace_filter);
        views->observers_.add(*views->strace_);
    }
    if (options.exceptions) {
        auto output = TRY(LineOutput::open(options.exceptions_output, options.exceptions_limit,
                                           "exceptions", give_way));
        views->exceptions_output_ = std::move(output);
        views->exceptions_ =
            std::make_unique<ExceptionLog>(*views->exceptions_output_, options.exceptions_filter);
        views->observers_.add(*views->exceptions_);
    }
    return views;
}

Observers RunViews::observers(RunStatus& status) {
    Observers observers{.observer = observers_.observer(), .status = &status};
    if (exceptions_ != nullptr)
        observers.begin = [this](FileSystem& files) { exceptions_->use(files); };
    return observers;
}

void RunViews::finish(bool ran) {
    if (strace_ != nullptr && (ran || strace_output_->wrote())) strace_->finish();
    if (exceptions_ != nullptr && (ran || exceptions_output_->wrote())) exceptions_->finish();
}

}  // namespace uprobesim
