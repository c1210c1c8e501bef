// SPDX-License-Identifier: GPL-2.0-or-later
// The keys are described in tools/README.md.
#include <nlohmann/json.hpp>

#include "tools/format/json_number.h"
#include "tools/whatif/whatif.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

Json answer_json(const RunReport& r) {
    const Totals t = totals_of(r);
    const Answer a = answer_of(r);
    Json groups = Json::object();
    groups["user code"] = in_cycles(r.user_cycles);
    for (const WorkGroup g : kWorkGroups)
        groups[std::string(work_group_name(g))] =
            in_cycles(t.group_cycles[static_cast<std::size_t>(g)]);
    groups["exception entry, return"] = in_cycles(t.exception_cycles);
    return {{"total_ns", rounded(a.total_ns, 3)},
            {"kernel_ns", rounded(t.kernel_ns, 3)},
            {"kernel_cycles", in_cycles(t.kernel_cycles)},
            {"path_cycles", in_cycles(t.path_cycles)},
            {"exception_cycles", in_cycles(t.exception_cycles)},
            {"hit_cycles", in_cycles(t.hit_cycles)},
            {"placing_cycles", in_cycles(t.placing_cycles)},
            {"mean_hit_cycles", rounded(a.mean_hit_cycles, 3)},
            {"mean_hit_ns", rounded(a.mean_hit_cycles * 1e9 / r.frequency_hz, 3)},
            {"overhead_ns", rounded(a.overhead_ns, 3)},
            {"frequency_hz", r.frequency_hz},
            {"group_cycles", std::move(groups)}};
}

Json short_answer(const Answer& a) {
    return {{"total_ns", rounded(a.total_ns, 3)},
            {"overhead_ns", rounded(a.overhead_ns, 3)},
            {"mean_hit_cycles", rounded(a.mean_hit_cycles, 3)},
            {"kernel_cycles", a.kernel_cycles}};
}

Json range_json(const AnswerRange& range) {
    Json swings = Json::array();
    for (const Swing& s : range.swings) {
        swings.push_back({{"figure", s.figure.key},
                          {"confidence", confidence_name(s.figure.confidence)},
                          {"unit", s.figure.unit},
                          {"value", s.figure.value},
                          {"low_value", s.low_value},
                          {"high_value", s.high_value},
                          {"swing_ns", rounded(s.ns(), 3)},
                          {"at_low", short_answer(s.at_low)},
                          {"at_high", short_answer(s.at_high)}});
    }
    Json json = Json::object();
    if (range.low) json["low"] = answer_json(*range.low);
    if (range.high) json["high"] = answer_json(*range.high);
    json["independent_low_ns"] = rounded(range.independent_low_ns, 3);
    json["independent_high_ns"] = rounded(range.independent_high_ns, 3);
    json["swings"] = std::move(swings);
    return json;
}

Json profile_json(const ProfileId& id) {
    return {{"name", id.name}, {"hash_fnv1a64", id.hash}};
}

}  // namespace

std::string whatif_json(const WhatIfReport& r) {
    const PricedAgain& what = r.result;
    Json changes = Json::array();
    for (const KeyChange& c : what.changes)
        changes.push_back({{"key", c.key}, {"before", c.before}, {"after", c.after}});
    Json paths = Json::array();
    for (std::size_t i = 0; i < what.before.paths.size(); ++i) {
        const PathRow& before = what.before.paths[i];
        paths.push_back({{"path", before.name},
                         {"times", before.times},
                         {"units", before.units},
                         {"before_cycles", in_cycles(before.cycles)},
                         {"after_cycles", in_cycles(what.after.paths[i].cycles)}});
    }
    const Provenance& p = what.after.provenance;
    Json json = {{"schema", "uprobesim.whatif/1"},
                 {"report", r.file},
                 {"label", r.label},
                 {"command", p.arguments},
                 {"kernel", profile_json(p.kernel)},
                 {"machine", profile_json(p.machine)},
                 {"settings", p.settings},
                 {"changed", std::move(changes)},
                 {"before", answer_json(what.before)},
                 {"after", answer_json(what.after)},
                 {"paths", std::move(paths)},
                 {"notes", what.notes}};
    if (what.range) json["range"] = range_json(*what.range);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace uprobesim
