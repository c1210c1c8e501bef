// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sliders/price_sheet.h"

#include <map>
#include <nlohmann/json.hpp>

#include "tools/explain/path_story.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

std::string name_of(const SheetRow& row) {
    return std::visit(
        [](auto work) {
            if constexpr (std::is_same_v<decltype(work), KernelPath>)
                return std::string(kernel_path_info(work).name);
            else
                return "exception " + std::string(exception_class_name(work));
        },
        row.work);
}

WorkKind kind_of(const SheetRow& row) {
    const auto* path = std::get_if<KernelPath>(&row.work);
    return path == nullptr ? WorkKind::Hardware : path_story(*path).kind;
}

std::string_view unit_name(AnswerUnit unit) {
    switch (unit) {
        case AnswerUnit::Nanoseconds: return "ns";
        case AnswerUnit::Cycles: return "cycles";
        case AnswerUnit::MillionsASecond: return "million hits a second";
        case AnswerUnit::PercentOfACpu: break;
    }
    return "% of a CPU";
}

Json terms_json(const std::vector<PriceTerm>& terms) {
    Json rows = Json::array();
    for (const PriceTerm& term : terms) {
        Json row = {{"figure", "machine." + term.figure}, {"count", term.count}};
        if (term.also_times != 0) {
            row["also"] = "machine." + term.also;
            row["also_times"] = term.also_times;
        }
        if (term.per_unit) row["per_unit"] = true;
        rows.push_back(std::move(row));
    }
    return rows;
}

Json price_json(const CostPlace& place, const SheetRow& row) {
    const auto* path = std::get_if<KernelPath>(&row.work);
    // Of one unit: the page has as many of them as the row has.
    return {{"work", work_kind_name(kind_of(row))},
            {"terms",
             terms_json(path == nullptr
                            ? exception_terms(place.machine, std::get<ExceptionClass>(row.work))
                            : path_terms(place.machine, place.kernel, *path, 1))}};
}

Json row_json(const SheetRow& row) {
    Json accounts = Json::array();
    for (std::size_t a = 0; a < kAccountCount; ++a) {
        if (row.accounts[a].times != 0)
            accounts.push_back({account_name(static_cast<Account>(a)), row.accounts[a].times,
                                row.accounts[a].units});
    }
    return {name_of(row), row.times, row.units, std::move(accounts)};
}

Json item_json(const SheetItem& item) {
    Json rows = Json::array(), answers = Json::array();
    for (const SheetRow& row : item.rows) rows.push_back(row_json(row));
    for (const SheetAnswer& answer : item.answers) {
        answers.push_back({{"name", answer.name},
                           {"unit", unit_name(answer.unit)},
                           {"of", answer.of},
                           {"per", answer.per},
                           {"idle_ns", answer.idle_ns}});
    }
    return {{"label", item.label},
            {"place", item.place},
            {"user_cycles", item.user_cycles},
            {"hits", item.hits},
            {"lot", item.lot},
            {"command", item.command},
            {"answers", std::move(answers)},
            {"rows", std::move(rows)}};
}

// A place's own figures: those of several places may differ.
Json own_figures(const CostFigures& figures) {
    Json rows = Json::array();
    for (const Json& row : figures.rows())
        rows.push_back({{"key", row.at("key")},
                        {"value", row.at("value")},
                        {"low", row.at("low")},
                        {"high", row.at("high")}});
    return rows;
}

Json work_kind_names() {
    Json names = Json::array();
    for (const WorkKindInfo& kind : kWorkKinds) names.push_back(kind.name);
    return names;
}

}  // namespace

std::string PriceSheet::json() const {
    CostFigures common(places);
    std::vector<CostFigures> own;
    for (const CostPlace& place : places) own.emplace_back(std::vector{place});
    std::vector<std::map<std::string, Json>> prices(places.size());
    Json rows = Json::array(), priced = Json::array();
    for (const SheetItem& item : items) {
        for (const SheetRow& row : item.rows) {
            std::visit(
                [&](auto work) {
                    common.use(item.place, work);
                    own[item.place].use(0, work);
                },
                row.work);
            prices[item.place].try_emplace(name_of(row), price_json(places[item.place], row));
        }
        rows.push_back(item_json(item));
    }
    for (std::size_t p = 0; p < places.size(); ++p)
        priced.push_back({{"figures", own_figures(own[p])}, {"prices", prices[p]}});
    return Json{{"work_kinds", work_kind_names()},
                {"figures", common.rows()},
                {"known", known},
                {"run_instead", run_instead},
                {"behaviour", behaviour},
                {"places", std::move(priced)},
                {"items", std::move(rows)}}
        .dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string no_sliders_json(const std::string& why) {
    return Json{{"why_not", why}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace uprobesim
