// SPDX-License-Identifier: GPL-2.0-or-later
// Bench, Audit, Estimate and WhatIf: what commands report without a program of the guest.
#include <uprobesim/audit.h>
#include <uprobesim/bench.h>
#include <uprobesim/estimate.h>
#include <uprobesim/whatif.h>

#include "tools/library/report_data.h"
#include "tools/library/request_words.h"
#include "tools/request/prepared_report.h"

namespace uprobesim {
namespace {

using Prepare = std::function<Result<PreparedReport>(const CommandLine&, const OptionDefaults&)>;

Expected<Report> computed(std::string_view command, const OptionTable& table,
                          const Options& options, const Words& words, const Prepare& prepare) {
    return guarded([&]() -> Expected<Report> {
        const auto line = read_request({.command = command}, table, options, words);
        if (!line) return error_of(line.error());
        const auto prepared = prepare(*line, library_defaults());
        if (!prepared) return error_of(prepared.error());
        auto report = (*prepared)();
        if (!report) return error_of(report.error());
        if (report->other_files) {
            if (const auto written = report->other_files(); !written)
                return error_of(written.error());
        }
        return make_report({.command = std::string(command),
                            .forms = std::move(report->forms),
                            .figures = std::move(report->figures),
                            .status = report->status});
    });
}

}  // namespace

Bench::Bench(std::vector<std::string> variants, Options options)
    : variants_(std::move(variants)), options_(std::move(options)) {}

Expected<Report> Bench::run() const {
    return computed("bench", bench_options(), options_, variants_, prepare_bench);
}

Audit::Audit(std::vector<std::string> binaries, Options options)
    : binaries_(std::move(binaries)), options_(std::move(options)) {}

Expected<Report> Audit::run() const {
    return computed("audit", audit_options(), options_, binaries_, prepare_audit);
}

Estimate::Estimate(std::vector<std::string> probes, Options options)
    : probes_(std::move(probes)), options_(std::move(options)) {}

Expected<Report> Estimate::run() const {
    return computed("estimate", estimate_options(), options_, probes_, prepare_estimate);
}

WhatIf::WhatIf(Report run, Options options)
    : file_("report"), run_(std::move(run)), options_(std::move(options)) {}

WhatIf::WhatIf(std::string file, Options options)
    : file_(std::move(file)), options_(std::move(options)) {}

Expected<Report> WhatIf::run() const {
    const auto prepare = [this](const CommandLine& line, const OptionDefaults& defaults) {
        return run_ ? prepare_whatif_of(run_->json(), line) : prepare_whatif(line, defaults);
    };
    return computed("whatif", whatif_options(), options_, {file_}, prepare);
}

}  // namespace uprobesim
