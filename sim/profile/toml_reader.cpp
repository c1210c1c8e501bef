// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/profile/toml_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/base/text.h"
#include "sim/profile/toml_text.h"

namespace uprobesim {

namespace {
constexpr std::size_t kMaxChain = 16;

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table: return "a table";
        case toml::node_type::array: return "an array";
        case toml::node_type::string: return "a string";
        case toml::node_type::integer: return "an integer";
        case toml::node_type::floating_point: return "a number";
        case toml::node_type::boolean: return "a boolean";
        default: return "a date or time";
    }
}
}  // namespace

bool Limits::allow(double value) const {
    return value >= min && value <= max && (!whole || value == std::floor(value));
}
std::string Limits::text() const {
    return fmt::format("{}from {} to {}", whole ? "a whole number " : "", min, max);
}

std::string key_path(std::string_view path, std::string_view key) {
    // Asked for each key that is read: not by fmt, which takes ten times as long.
    std::string both;
    both.reserve(path.size() + 1 + key.size());
    if (!path.empty()) both.append(path).append(1, '.');
    return both.append(key);
}

TomlReader::TomlReader(std::string_view folder, std::string_view what, const DataFile& file,
                       std::vector<std::string_view> groups)
    : file_name_(file.file_name), groups_(std::move(groups)) {
    read_chain(folder, what, file);
}

TomlReader read_toml(std::string_view folder, std::string_view what, const DataFile& file,
                     std::vector<std::string_view> groups) {
    if (!file.file_name.starts_with(kBuiltinPrefix))
        return TomlReader(folder, what, file, std::move(groups));
    thread_local std::map<std::string, TomlReader> known;
    if (const auto found = known.find(file.file_name); found != known.end()) return found->second;
    TomlReader reader(folder, what, file, std::move(groups));
    if (reader.ok()) known.emplace(file.file_name, reader);
    return reader;
}

void TomlReader::read_chain(std::string_view folder, std::string_view what, const DataFile& file) {
    std::optional<toml::table> table = parse(file);
    if (!table) return;
    files_.push_back(file.file_name);
    // Where nothing is built in, the key is as unknown as any other.
    if (const toml::node* based_on = folder.empty() ? nullptr : table->get("based-on")) {
        const auto* name = based_on->as_string();
        if (name == nullptr) {
            fail(based_on, fmt::format("'based-on' is {}", type_name(*based_on)),
                 "give a name in quotes");
            return;
        }
        const bool builtin = file.file_name.starts_with(kBuiltinPrefix);
        Result<DataFile> base =
            find_data_file(folder, what, name->get(), builtin ? "" : file.file_name);
        if (!base) {
            fail(based_on, fmt::format("based-on: {}", base.error().what), base.error().hint);
            return;
        }
        if (files_.size() >= kMaxChain) {
            fail(based_on, fmt::format("more than {} profiles are based on each other", kMaxChain),
                 "copy the rows of those in the middle");
            return;
        }
        if (std::find(files_.begin(), files_.end(), base->file_name) != files_.end()) {
            fail(based_on, fmt::format("'based-on' goes in a circle through '{}'", name->get()),
                 "a profile cannot be based on itself");
            return;
        }
        read_chain(folder, what, *base);
        if (!ok()) return;
    }
    merge(std::move(*table));
    texts_ += file.text;
    texts_ += '\0';
}

std::optional<toml::table> TomlReader::parse(const DataFile& file) {
    auto table = parse_toml(file);
    if (table) return std::move(*table);
    error_ = std::move(table.error());
    return std::nullopt;
}

void TomlReader::merge(toml::table&& over) {
    for (auto&& [key, node] : over) {
        const bool group = std::find(groups_.begin(), groups_.end(), key.str()) != groups_.end();
        toml::table* into = group ? (*root_)[key.str()].as_table() : nullptr;
        if (into != nullptr && node.is_table()) {
            // Moved, not copied: a copy of a toml++ node forgets its line.
            for (auto&& [row_key, row] : *node.as_table()) {
                row.visit([&, &k = row_key](auto& value) {
                    into->insert_or_assign(k.str(), std::move(value));
                });
            }
        } else {
            node.visit(
                [&, &k = key](auto& value) { root_->insert_or_assign(k.str(), std::move(value)); });
        }
    }
}

void TomlReader::fail(const toml::node* at, std::string what, std::string hint) {
    if (error_) return;
    std::string where = file_name_;
    if (at != nullptr && at->source().path && at->source().begin.line > 0) {
        where = fmt::format("{}:{}", *at->source().path, at->source().begin.line);
    } else {
        where += ":1";
    }
    error_ = UserError{std::move(what), std::move(where), std::move(hint)};
}

void TomlReader::only(const toml::table& table, std::string_view path,
                      const std::vector<std::string>& known, const std::vector<KeyGroup>& groups) {
    // In file order, so that the first mistake in the file is the one reported.
    const toml::node* first = nullptr;
    std::string_view bad;
    for (auto&& [key, node] : table) {
        if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
        if (first == nullptr || node.source().begin.line < first->source().begin.line) {
            first = &node;
            bad = key.str();
        }
    }
    if (first == nullptr) return;
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const KeyGroup& g) {
        const toml::table* row = first->as_table();
        return std::find(g.keys.begin(), g.keys.end(), bad) != g.keys.end() &&
               (g.field.empty() || (row != nullptr && row->contains(g.field)));
    });
    fail(first, fmt::format("unknown key '{}'", key_path(path, bad)),
         group == groups.end() ? near_names(bad, known)
                               : fmt::format("it belongs in the table [{}]", group->table));
}

const toml::table& TomlReader::table(const toml::table& parent, std::string_view key,
                                     std::string_view path) {
    const toml::node* node = parent.get(key);
    if (node == nullptr) {
        fail(&parent, fmt::format("missing '{}'", key_path(path, key)), "add this table");
        return none_;
    }
    const toml::table* found = node->as_table();
    if (found == nullptr) {
        fail(node, fmt::format("'{}' is {}, not a table", key_path(path, key), type_name(*node)));
        return none_;
    }
    return *found;
}

std::string TomlReader::optional_string(const toml::table& parent, std::string_view key,
                                        std::string_view path) {
    const toml::node* node = parent.get(key);
    if (node == nullptr) return {};
    const auto* text = node->as_string();
    if (text == nullptr) {
        fail(node, fmt::format("'{}' is {}, not a string", key_path(path, key), type_name(*node)),
             "put it in quotes");
        return {};
    }
    return text->get();
}

std::string TomlReader::string(const toml::table& parent, std::string_view key,
                               std::string_view path) {
    if (!parent.contains(key)) {
        fail(&parent, fmt::format("missing '{}'", key_path(path, key)),
             fmt::format("add {} = \"...\"", key));
        return {};
    }
    return optional_string(parent, key, path);
}

std::string TomlReader::own_string(std::string_view key) {
    const toml::node* node = root_->get(key);
    const bool own =
        node != nullptr && node->source().path && *node->source().path == files_.front();
    return own ? optional_string(*root_, key, "") : std::string();
}

double TomlReader::optional_number(const toml::table& parent, std::string_view key,
                                   std::string_view path, Limits limits) {
    const toml::node* node = parent.get(key);
    if (node == nullptr) return 0;
    const std::string name = key_path(path, key);
    double value = 0;
    if (const auto* integer = node->as_integer()) {
        value = static_cast<double>(integer->get());
    } else if (const auto* real = node->as_floating_point()) {
        value = real->get();
    } else {
        fail(node, fmt::format("'{}' is {}, not a number", name, type_name(*node)),
             "write it without quotes");
        return 0;
    }
    if (!std::isfinite(value)) {
        fail(node, fmt::format("'{}' is not a finite number", name));
        return 0;
    }
    if (!limits.allow(value)) {
        fail(node, fmt::format("'{}' is {}", name, value),
             fmt::format("it must be {}", limits.text()));
        return 0;
    }
    return value;
}

double TomlReader::number(const toml::table& parent, std::string_view key, std::string_view path,
                          Limits limits) {
    if (!parent.contains(key)) {
        fail(&parent, fmt::format("missing '{}'", key_path(path, key)),
             fmt::format("add {} = <number>", key));
        return 0;
    }
    return optional_number(parent, key, path, limits);
}

std::string TomlReader::source(const toml::table& row, std::string_view path) {
    std::string text = string(row, "source", path);
    if (!ok()) return {};
    if (text.empty()) {
        fail(row.get("source"), fmt::format("'{}' is empty", key_path(path, "source")),
             "say where the figure is from");
        return {};
    }
    if (text.front() != '@') return text;
    const std::size_t end = std::min(text.find_first_of(" :;"), text.size());
    const std::size_t rest = std::min(text.find_first_not_of(" :;", end), text.size());
    const std::string name = text.substr(1, end - 1);
    const toml::node* named = (*root_)["sources"][name].node();
    if (named == nullptr || !named->is_string()) {
        fail(row.get("source"),
             fmt::format("'{}' refers to '@{}', which [sources] does not have",
                         key_path(path, "source"), name),
             "add it to [sources]");
        return {};
    }
    std::string full = named->as_string()->get();
    if (rest < text.size()) full += fmt::format(": {}", text.substr(rest));
    return full;
}

Confidence TomlReader::confidence(const toml::table& row, std::string_view path) {
    const std::string text = string(row, "confidence", path);
    if (text == "high") return Confidence::High;
    if (text == "medium") return Confidence::Medium;
    if (text == "low") return Confidence::Low;
    if (text != "assumption" && ok()) {
        fail(row.get("confidence"), fmt::format("'{}' is '{}'", key_path(path, "confidence"), text),
             "high, medium, low or assumption");
    }
    return Confidence::Assumption;
}

Figure TomlReader::figure(const toml::table& parent, std::string_view key, std::string_view path,
                          std::string_view unit, Limits limits) {
    Figure figure;
    const std::string name = key_path(path, key);
    if (!parent.contains(key)) {
        fail(
            &parent, fmt::format("missing figure '{}'", name),
            fmt::format(
                "add {} = {{ value = ..., unit = \"{}\", source = \"...\", confidence = \"...\" }}",
                key, unit));
        return figure;
    }
    const toml::table& row = table(parent, key, path);
    only(row, name, {"value", "unit", "source", "confidence"});
    // First, since a value in another unit is out of its limits too.
    figure.unit = string(row, "unit", name);
    if (ok() && figure.unit != unit) {
        fail(row.get("unit"), fmt::format("'{}.unit' is '{}'", name, figure.unit),
             fmt::format("it must be '{}'", unit));
    }
    figure.value = number(row, "value", name, limits);
    figure.source = source(row, name);
    figure.confidence = confidence(row, name);
    return figure;
}

}  // namespace uprobesim
