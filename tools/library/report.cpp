// SPDX-License-Identifier: GPL-2.0-or-later
#include <uprobesim/report.h>

#include "tools/library/report_data.h"

namespace uprobesim {
namespace {

ReportFormat internal(Format format) {
    switch (format) {
        case Format::Text: return ReportFormat::Text;
        case Format::Json: return ReportFormat::Json;
        case Format::Csv: return ReportFormat::Csv;
        case Format::Markdown: return ReportFormat::Markdown;
        case Format::Html: return ReportFormat::Html;
        case Format::Svg: return ReportFormat::Svg;
    }
    fail_invariant("a format of reports that is none");
}

// Null: there is none.
const nlohmann::json* value_at(const nlohmann::json& values, std::string_view pointer) {
    try {
        const nlohmann::json::json_pointer at{std::string(pointer)};
        return values.contains(at) ? &values.at(at) : nullptr;
    } catch (const nlohmann::json::exception&) {
        return nullptr;
    }
}

}  // namespace

Report make_report(Report::Data data) {
    data.json = data.forms.json();
    data.values = nlohmann::json::parse(data.json, nullptr, false);
    return Report(std::make_shared<const Report::Data>(std::move(data)));
}

const std::string& Report::command() const {
    return data_->command;
}

const std::string& Report::json() const {
    return data_->json;
}

std::string Report::text(Format format, bool all) const {
    if (format == Format::Svg && !data_->forms.charts) return {};
    ReportOptions options;
    options.format = internal(format);
    options.all = all;
    // Only the name of a column to sort by can be wrong, and none is given.
    return *report_text(data_->forms, options, false);
}

std::optional<double> Report::number(std::string_view pointer) const {
    const auto* const value = value_at(data_->values, pointer);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    return value->get<double>();
}

std::optional<std::string> Report::string(std::string_view pointer) const {
    const auto* const value = value_at(data_->values, pointer);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return value->get<std::string>();
}

std::vector<std::pair<std::string, double>> Report::figures() const {
    std::vector<std::pair<std::string, double>> all;
    if (!data_->figures) return all;
    const auto figures = data_->figures();
    check_invariant(figures.has_value(), "a report of our own that cannot be read");
    for (const NamedFigure& figure : *figures) all.emplace_back(figure.name, figure.value);
    return all;
}

int Report::status() const {
    return data_->status;
}

const std::vector<std::string>& Report::warnings() const {
    return data_->warnings;
}

bool Report::interrupted() const {
    return data_->interrupted;
}

const std::string& Report::output() const {
    return data_->output;
}

const std::string& Report::error_output() const {
    return data_->error_output;
}

}  // namespace uprobesim
