// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cost/published.h"

#include <algorithm>

#include <fmt/format.h>

#include "sim/cost/toml_reader.h"

namespace uprobesim {

namespace {

const std::vector<std::string> kUnits = {"M/s", "s", "RPS", "hits"};

bool boolean(TomlReader& reader, const toml::table& table, std::string_view key, std::string_view path) {
    const toml::node* node = table.get(key);
    if (node == nullptr || !node->is_boolean()) {
        reader.fail(node == nullptr ? &table : node, fmt::format("'{}' must be true or false", key_path(path, key)));
        return false;
    }
    return node->as_boolean()->get();
}

std::vector<Setting> settings(TomlReader& reader, const toml::table& table, std::string_view path) {
    std::vector<Setting> all;
    const toml::node* node = table.get("settings");
    if (node == nullptr) return all;
    const toml::array* words = node->as_array();
    for (std::size_t i = 0; words != nullptr && i < words->size(); ++i) {
        const auto word = words->get(i)->value<std::string>();
        const std::size_t equals = word ? word->find('=') : std::string::npos;
        if (equals == std::string::npos) {
            reader.fail(words->get(i),
                        fmt::format("'{}' holds something else than KEY=VALUE", key_path(path, "settings")));
            return all;
        }
        all.push_back({word->substr(0, equals), word->substr(equals + 1)});
    }
    if (words == nullptr) reader.fail(node, fmt::format("'{}' must be an array", key_path(path, "settings")));
    return all;
}

std::vector<PublishedRow> rows(TomlReader& reader, const toml::table& table, std::string_view path) {
    std::vector<PublishedRow> all;
    const toml::array* list = table.get_as<toml::array>("rows");
    if (list == nullptr || list->empty()) {
        reader.fail(&table, fmt::format("'{}' must be an array of rows", key_path(path, "rows")));
        return all;
    }
    for (const toml::node& node : *list) {
        const toml::table* row = node.as_table();
        const std::string where = fmt::format("{}[{}]", key_path(path, "rows"), all.size());
        if (row == nullptr) {
            reader.fail(&node, fmt::format("'{}' must be a table", where));
            return all;
        }
        reader.only(*row, where, {"name", "value", "plus-minus", "left-out"});
        PublishedRow& read = all.emplace_back();
        read.name = reader.string(*row, "name", where);
        read.value = reader.number(*row, "value", where, {.min = 1e-9});
        if (row->contains("plus-minus")) read.plus_minus = reader.number(*row, "plus-minus", where, {});
        read.left_out = reader.optional_string(*row, "left-out", where);
    }
    return all;
}

PublishedTable table(TomlReader& reader, const toml::table& from, const std::string& path) {
    reader.only(
        from, path,
        {"id", "title", "source", "machine", "kernel", "settings", "unit", "beside-thread", "fit", "left-out", "rows"});
    PublishedTable to;
    to.id = reader.string(from, "id", path);
    to.title = reader.string(from, "title", path);
    to.source = reader.string(from, "source", path);
    to.machine = reader.string(from, "machine", path);
    to.kernel = reader.string(from, "kernel", path);
    to.settings = settings(reader, from, path);
    to.unit = reader.string(from, "unit", path);
    if (reader.ok() && std::find(kUnits.begin(), kUnits.end(), to.unit) == kUnits.end())
        reader.fail(from.get("unit"), fmt::format("'{}' is no unit of a published row", to.unit),
                    "M/s, s, RPS or hits");
    to.beside_thread = boolean(reader, from, "beside-thread", path);
    to.fit = boolean(reader, from, "fit", path);
    to.left_out = reader.optional_string(from, "left-out", path);
    if (reader.ok() && to.fit == !to.left_out.empty())
        reader.fail(
            &from, fmt::format("'{}' is for tables that are not fitted, and they need it", key_path(path, "left-out")));
    to.rows = rows(reader, from, path);
    return to;
}

}  // namespace

const PublishedRow* PublishedTable::row(std::string_view name) const {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const PublishedRow& r) { return r.name == name; });
    return found == rows.end() ? nullptr : &*found;
}

Result<std::vector<PublishedTable>> load_published(std::string_view name_or_path) {
    const auto file = find_data_file("published", "set of published rows", name_or_path);
    if (!file) return tl::make_unexpected(file.error());
    TomlReader reader("published", "set of published rows", *file, {});
    std::vector<PublishedTable> tables;
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    reader.only(reader.root(), "", {"name", "description", "tables"});
    reader.string(reader.root(), "name", "");
    const toml::array* list = reader.root().get_as<toml::array>("tables");
    if (list == nullptr) reader.fail(&reader.root(), "there are no [[tables]]");
    for (std::size_t i = 0; list != nullptr && reader.ok() && i < list->size(); ++i) {
        const std::string path = fmt::format("tables[{}]", i);
        const toml::table* one = list->get(i)->as_table();
        if (one == nullptr) {
            reader.fail(list->get(i), fmt::format("'{}' must be a table", path));
        } else {
            tables.push_back(table(reader, *one, path));
        }
    }
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    return tables;
}

}  // namespace uprobesim
