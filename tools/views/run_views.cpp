// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/views/run_views.h"

#include <fmt/format.h>

#include <cstdio>

#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {

Result<std::unique_ptr<RunViews>> RunViews::open(const ViewOptions& options, RunStatus* status) {
    auto views = std::make_unique<RunViews>();
    const auto give_way = [status] {
        if (status != nullptr) status->clear();
    };
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
    if (!options.stacks.empty()) {
        auto file = TRY(OutputFile::open(options.stacks, "stacks"));
        const bool page = options.stacks.ends_with(".html");
        views->stacks_ = std::make_unique<FoldedStacks>(
            std::move(file), page ? FoldedStacks::Form::Page : FoldedStacks::Form::Folded);
        views->observers_.add(*views->stacks_);
    }
    if (!options.trace.empty()) {
        auto file = TRY(OutputFile::open(options.trace, "trace"));
        auto writer = options.trace.ends_with(".json") ? make_chrome_writer(std::move(file))
                                                       : make_perfetto_writer(std::move(file));
        views->trace_ = std::make_unique<TraceView>(std::move(writer), options.trace_limit);
        views->trace_file_ = options.trace;
        views->observers_.add(*views->trace_);
    }
    return views;
}

Observers RunViews::observers(RunStatus* status) {
    Observers observers{.observer = observers_.observer(), .status = status};
    observers.begin = [this](FileSystem& files, const Uprobes& uprobes) {
        if (exceptions_ != nullptr) exceptions_->use(files);
        if (stacks_ != nullptr) stacks_->use(files, uprobes);
        if (trace_ != nullptr) trace_->use(uprobes);
    };
    if (trace_ != nullptr) observers.end = [this] { trace_->end(); };
    return observers;
}

void RunViews::finish(const RunReport* report) {
    const bool ran = report != nullptr;
    if (strace_ != nullptr && (ran || strace_output_->wrote())) strace_->finish();
    if (exceptions_ != nullptr && (ran || exceptions_output_->wrote())) exceptions_->finish();
    if (stacks_ != nullptr && ran) stacks_->finish(*report);
    if (trace_ == nullptr || !ran) return;
    trace_->finish();
    if (const auto& cut = trace_->cut_ns())
        fmt::print(stderr,
                   "uprobesim: {}: the trace ends at {}.{:09} s, at its limit of size ({})\n",
                   printable(trace_file_), *cut / 1'000'000'000u, *cut % 1'000'000'000u,
                   "--trace-limit SIZE");
}

}  // namespace uprobesim
