// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/published/published.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/try.h"
#include "sim/profile/toml_reader.h"
#include "sim/profile/toml_values.h"

namespace uprobesim {

namespace {

const std::vector<std::string> kUnits = {"M/s", "s", "RPS", "hits"};

std::vector<Setting> settings(TomlReader& reader, const toml::table& table, std::string_view path) {
    std::vector<Setting> all;
    for (const std::string& word : toml_strings(reader, table, "settings", path, false)) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos) {
            reader.fail(table.get("settings"),
                        fmt::format("'{}' holds something else than KEY=VALUE",
                                    key_path(path, "settings")));
            return all;
        }
        all.push_back({word.substr(0, equals), word.substr(equals + 1)});
    }
    return all;
}

std::vector<PublishedRow> rows(TomlReader& reader, const toml::table& table,
                               std::string_view path) {
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
        reader.only(*row, where, {"name", "value", "plus-minus", "left-out", "hit-cost"});
        PublishedRow& read = all.emplace_back();
        read.name = reader.string(*row, "name", where);
        read.value = reader.number(*row, "value", where, {.min = 1e-9});
        if (row->contains("plus-minus"))
            read.plus_minus = reader.number(*row, "plus-minus", where, {});
        read.left_out = reader.optional_string(*row, "left-out", where);
        read.hit_cost = toml_strings(reader, *row, "hit-cost", where, false);
    }
    return all;
}

PublishedTable table(TomlReader& reader, const toml::table& from, const std::string& path) {
    reader.only(from, path,
                {"id", "title", "source", "machine", "kernel", "settings", "unit", "outside-thread",
                 "fit", "left-out", "hits-of", "request", "rows"});
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
    to.outside_thread = toml_flag(reader, from, "outside-thread", path);
    to.fit = toml_flag(reader, from, "fit", path);
    to.left_out = reader.optional_string(from, "left-out", path);
    if (reader.ok() && to.fit == !to.left_out.empty())
        reader.fail(&from, fmt::format("'{}' is for tables that are not fitted, and they need it",
                                       key_path(path, "left-out")));
    to.hits_of = reader.optional_string(from, "hits-of", path);
    to.request = reader.optional_string(from, "request", path);
    if (reader.ok() && (to.is_hits() != !to.hits_of.empty() || to.is_hits() != !to.request.empty()))
        reader.fail(&from,
                    fmt::format("'{}' and 'request' are for tables of hits, and they need both",
                                key_path(path, "hits-of")));
    to.rows = rows(reader, from, path);
    return to;
}

// What one table says of others must be there: `from` holds the tables as they are in the file.
void check_references(TomlReader& reader, const std::vector<PublishedTable>& tables,
                      const toml::array& from) {
    const auto need = [&](std::size_t at, std::string_view key, const std::string& id,
                          bool benchmark) {
        const PublishedTable* found = find_published(tables, id);
        if (found != nullptr && found->is_benchmark() == benchmark) return;
        reader.fail(from.get(at),
                    fmt::format("tables[{}]: '{}' names '{}', which is no table of {}", at, key, id,
                                benchmark ? "benchmark rows" : "a program"));
    };
    for (std::size_t i = 0; i < tables.size(); ++i) {
        if (!tables[i].hits_of.empty()) need(i, "hits-of", tables[i].hits_of, false);
        for (const PublishedRow& row : tables[i].rows) {
            for (const std::string& id : row.hit_cost) need(i, "hit-cost", id, true);
            if (!row.hit_cost.empty() && tables[i].row(kNoProbeRow) == nullptr)
                reader.fail(from.get(i),
                            fmt::format("tables[{}]: 'hit-cost' needs a row '{}'", i, kNoProbeRow));
        }
    }
}

}  // namespace

const PublishedRow* PublishedTable::row(std::string_view name) const {
    const auto found = std::find_if(rows.begin(), rows.end(),
                                    [&](const PublishedRow& r) { return r.name == name; });
    return found == rows.end() ? nullptr : &*found;
}

const PublishedTable* find_published(const std::vector<PublishedTable>& tables,
                                     std::string_view id) {
    const auto found = std::find_if(tables.begin(), tables.end(),
                                    [&](const PublishedTable& t) { return t.id == id; });
    return found == tables.end() ? nullptr : &*found;
}

Result<std::vector<PublishedTable>> load_published(std::string_view name_or_path) {
    return parse_published(TRY(find_data_file("published", "set of published rows", name_or_path)));
}

Result<std::vector<PublishedTable>> parse_published(const DataFile& file) {
    TomlReader reader("published", "set of published rows", file, {});
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
    if (reader.ok()) check_references(reader, tables, *list);
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    return tables;
}

}  // namespace uprobesim
