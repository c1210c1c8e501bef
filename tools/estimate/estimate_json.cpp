// SPDX-License-Identifier: GPL-2.0-or-later
// The keys are described in docs/json.md.
#include <nlohmann/json.hpp>

#include "tools/audit/audit.h"
#include "tools/estimate/estimate.h"
#include "tools/format/json_number.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

Json range_json(const VariedPrices::Range& range) {
    return {{"ns", rounded(range.ns, 3)},
            {"low_ns", rounded(range.low_ns, 3)},
            {"high_ns", rounded(range.high_ns, 3)}};
}

Json swings_json(const std::vector<VariedPrices::Swing>& all) {
    Json swings = Json::array();
    for (const VariedPrices::Swing& s : all) {
        swings.push_back({{"figure", s.key},
                          {"value", s.value},
                          {"unit", s.unit},
                          {"confidence", confidence_name(s.confidence)},
                          {"ns_at_low", rounded(s.ns_at_low, 3)},
                          {"ns_at_high", rounded(s.ns_at_high, 3)}});
    }
    return swings;
}

Json hit_json(const EstimateReport& report, const PlaceEstimate& place, std::size_t t) {
    const EstimateTarget& target = report.targets[t];
    const HitEstimate& hit = place.hits[t];
    Json json = {{"probe", t}, {"verdict", audit_word(hit.verdict.kind)}};
    if (hit.verdict.kind == VerdictKind::Reject) {
        json["reason"] = hit.verdict.reason;
        return json;
    }
    if (hit.verdict.kind == VerdictKind::Emulate)
        json["handler"] = handler_name(hit.verdict.handler);
    json["exceptions"] = hit.exceptions;
    json["el1_insns"] = rounded(hit.el1_insns, 3);
    json.update(range_json(hit.range));
    json["cpu_full_at_hits_per_s"] = rounded(1e9 / hit.range.ns, 3);
    if (place.waiting) {
        json["waits_ns"] = rounded(hit.waits_ns, 3);
        json["nonstop_hits_per_s"] = rounded(hit.nonstop_per_s, 3);
    }
    if (target.rate) json["cpu_share"] = rounded(hit.range.ns * *target.rate / 1e9, 9);
    return json;
}

Json work_json(const AttachWork& work) {
    return {{"ns", rounded(work.ns, 3)},
            {"el1_insns", rounded(work.el1_insns, 3)},
            {"wait_ns", rounded(work.wait_ns, 3)}};
}

Json attach_json(const AttachingEstimate::Way& way) {
    return {{"attach", work_json(way.attach)}, {"detach", work_json(way.detach)}};
}

Json attaching_json(const AttachingEstimate& a) {
    return {{"events", a.of.events},
            {"places", a.of.places},
            {"pages", a.of.pages},
            {"processes", a.of.processes},
            {"event_each", attach_json(a.events)},
            {"uprobe_multi", a.multi ? attach_json(*a.multi) : Json(nullptr)},
            {"filtered_mapping", work_json(a.filtered)}};
}

Json waiting_json(const WaitingEstimate& waiting) {
    Json lines = Json::array();
    for (std::size_t l = 0; l < kSharedLineCount; ++l) {
        if (waiting.by_line[l] > 0)
            lines.push_back(
                {{"line", kSharedLines[l].name}, {"waits_ns", rounded(waiting.by_line[l], 3)}});
    }
    return {{"waits_ns", rounded(waiting.ns, 3)},
            {"nonstop_hits_per_s", rounded(waiting.nonstop_per_s, 3)},
            {"rates_are_possible", waiting.reaches},
            {"lines", std::move(lines)}};
}

Json place_json(const EstimateReport& report, const PlaceEstimate& place) {
    Json hits = Json::array();
    for (std::size_t t = 0; t < report.targets.size(); ++t)
        hits.push_back(hit_json(report, place, t));
    Json json = {{"kernel", {{"name", place.kernel}, {"hash_fnv1a64", place.kernel_hash}}},
                 {"machine", {{"name", place.machine}, {"hash_fnv1a64", place.machine_hash}}},
                 {"frequency_hz", place.frequency_hz},
                 {"hits", std::move(hits)},
                 {"total", range_json(place.total.range)},
                 {"figures", swings_json(place.total.swings)},
                 {"attaching", attaching_json(place.attaching)}};
    if (place.waiting) json["waiting"] = waiting_json(*place.waiting);
    if (report.budget && report.has_rates()) json["over_budget"] = report.over_budget(place);
    return json;
}

}  // namespace

std::string estimate_json(const EstimateReport& report) {
    Json probes = Json::array();
    for (const EstimateTarget& t : report.targets) {
        probes.push_back({{"binary", t.binary},
                          {"function", t.function},
                          {"return", t.wants_return},
                          {"file_offset_bytes", t.file_offset},
                          {"instruction", t.instruction},
                          {"hits_per_s", t.rate ? Json(*t.rate) : Json(nullptr)}});
        if (!t.handlers.empty()) probes.back()["handlers"] = t.handlers;
    }
    Json places = Json::array();
    for (const PlaceEstimate& place : report.places) places.push_back(place_json(report, place));
    Json advice = Json::array();
    for (const EstimateAdvice& a : report.advice)
        advice.push_back({{"change", a.what}, {"ns", rounded(a.ns, 3)}});
    const Json json = {
        {"schema", "uprobesim.estimate/1"},
        {"version", report.version},
        {"settings", report.settings},
        {"probes", std::move(probes)},
        // Of a second's hits, or without rates of one hit of each probe.
        {"total_is_of", report.has_rates() ? "second" : "one-hit-each"},
        {"places", std::move(places)},
        {"cheaper_with", std::move(advice)},
        {"budget", report.budget ? Json(*report.budget) : Json(nullptr)},
        {"contention", report.hitting ? "in the figures" : "not in the figures"},
        {"cpus", report.hitting ? Json(report.hitting->cpus) : Json(nullptr)},
        {"notes", report.notes},
    };
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace uprobesim
