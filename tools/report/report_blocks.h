// SPDX-License-Identifier: GPL-2.0-or-later
// What the documents of a run and of a comparison both have.
#pragma once

#include <string>

#include "tools/format/document.h"
#include "tools/report/report.h"

namespace uprobesim {

inline constexpr const char* kModelledNote =
    "Times are modelled from the named profiles, not measured on hardware.";

std::string profile_text(const ProfileId& id);
// Command, probes, settings, program, machine and seed.
Facts provenance_facts(const Provenance& provenance);
// The kernel's refusals of a pattern's places, by reason.
Lines refused_lines(const RunReport& report);
Lines not_placed_lines(const RunReport& report);
Lines unmodelled_lines(const RunReport& report);
Lines lost_write_lines(const RunReport& report);

std::string result_text(const ResultRow& row);  // without its unit; "-" where there is none
// A CPU's part of the time: "12.3%"; "-" for a CPU the run did not have.
std::string busy_share(const RunReport& report, const Totals& totals, std::size_t cpu);

// The heading of the probes' names, and the names without what they all begin with: "uprobes" and
// "/bin/ls:main", or "probes" and "uprobe:/bin/ls:main".
struct ProbeNames {
    std::string heading;
    std::size_t cut = 0;

    std::string of(const ProbeRow& probe) const { return probe.name.substr(cut); }
};
ProbeNames probe_names(const std::vector<ProbeRow>& probes);
Cell mean_cycles_cell(const ProbeRow& probe);

// Whether the breakpoints' placing is worth a word: in a short run most of the cost may be theirs,
// not the hits'.
bool placing_counts(const Totals& totals);
bool placing_counts(const CompareReport& report);  // of some run
// Some run has probes, and no run has a hit.
bool none_was_hit(const CompareReport& report);
// What an answer begins with where there are probes, and none was hit.
inline constexpr const char* kNoProbeHit = "no probe was hit: ";

}  // namespace uprobesim
