// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/sweep_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "sim/base/text.h"
#include "tools/format/number_text.h"
#include "tools/simulation/host_clock.h"

namespace uprobesim {
namespace {

constexpr std::int64_t kLineEveryNs = 500'000'000;
constexpr std::int64_t kMinElapsedNs = 100'000'000;  // before, the rate is that of the start

}  // namespace

std::string progress_text(const SweepCounts& counts, std::int64_t elapsed_ns) {
    std::string text = fmt::format("{} of {} done, {} failed", grouped(counts.done),
                                   counted(counts.points, "point"), grouped(counts.failed));
    const std::uint64_t made = counts.done + counts.failed - counts.found;
    if (made == 0 || elapsed_ns < kMinElapsedNs) return text;
    const double rate = static_cast<double>(made) * 1e9 / static_cast<double>(elapsed_ns);
    text += fmt::format(", {} points/s", grouped(rate, rate < 10 ? 2 : 0));
    if (counts.missing() != 0)
        text += ", " + time_left(static_cast<double>(counts.missing()) / rate);
    return text;
}

std::string sweep_summary(const SweepCounts& counts) {
    std::string text = fmt::format("{}: {} done, {} failed", counted(counts.points, "point"),
                                   grouped(counts.done), grouped(counts.failed));
    if (counts.found != 0) text += fmt::format("; {} were there before", grouped(counts.found));
    return text;
}

std::string failure_summary(const SweepCounts& counts, const std::string& plan) {
    std::string text = fmt::format(
        "point {} failed: {}\nuprobesim sweep status {} tells why points failed",
        grouped(counts.first_failed + 1), printable(counts.first_reason), printable(plan));
    if (counts.found_failed != 0)
        text += fmt::format("; --retry-failed makes the {} again that had failed before",
                            grouped(counts.found_failed));
    return text;
}

SweepProgress::SweepProgress()
    : on_terminal_(isatty(STDERR_FILENO) != 0), begin_ns_(host_clock_ns()), last_ns_(begin_ns_) {}

void SweepProgress::show(const SweepCounts& counts) {
    if (!on_terminal_) return;
    const std::int64_t now = host_clock_ns();
    if (now - last_ns_ < kLineEveryNs) return;
    last_ns_ = now;
    std::fprintf(stderr, "\r%s\x1b[K", progress_text(counts, now - begin_ns_).c_str());
    std::fflush(stderr);
    shown_ = true;
}

void SweepProgress::clear() {
    if (!shown_) return;
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    shown_ = false;
}

}  // namespace uprobesim
