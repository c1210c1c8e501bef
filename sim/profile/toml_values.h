// SPDX-License-Identifier: GPL-2.0-or-later
// Arrays of texts, arrays of tables and flags, read as strictly as TomlReader reads everything
// else.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/profile/toml_reader.h"

namespace uprobesim {

// Empty where the key is not there, unless it is required: then there must be a text.
inline std::vector<std::string> toml_strings(TomlReader& reader, const toml::table& table,
                                             std::string_view key, std::string_view path,
                                             bool required) {
    std::vector<std::string> all;
    const toml::node* node = table.get(key);
    if (node == nullptr) {
        if (required) reader.fail(&table, fmt::format("'{}' is missing", key_path(path, key)));
        return all;
    }
    const toml::array* words = node->as_array();
    for (std::size_t i = 0; words != nullptr && i < words->size(); ++i) {
        const auto word = words->get(i)->value_exact<std::string>();
        if (!word)
            reader.fail(words->get(i),
                        fmt::format("'{}' holds something else than texts", key_path(path, key)));
        all.push_back(word.value_or(""));
    }
    if (words == nullptr || (required && all.empty()))
        reader.fail(node, fmt::format("'{}' must be an array of texts", key_path(path, key)));
    return all;
}

// `otherwise`: where the key is not there; nullopt: it is required.
inline bool toml_flag(TomlReader& reader, const toml::table& table, std::string_view key,
                      std::string_view path, std::optional<bool> otherwise = std::nullopt) {
    const toml::node* node = table.get(key);
    if (node == nullptr && otherwise) return *otherwise;
    const auto value = node == nullptr ? std::nullopt : node->value_exact<bool>();
    if (!value)
        reader.fail(node == nullptr ? &table : node,
                    fmt::format("'{}' is not true or false", key_path(path, key)));
    return value.value_or(false);
}

// Calls fn(row, "name[2]") for each table of an array of tables; nothing where there is none.
template <class Fn>
void each_toml_row(TomlReader& reader, const toml::table& root, std::string_view key, Fn fn) {
    const toml::node* node = root.get(key);
    if (node == nullptr) return;
    const toml::array* rows = node->as_array();
    if (rows == nullptr)
        return reader.fail(node, fmt::format("'{}' must be an array of tables", key));
    for (std::size_t i = 0; i < rows->size(); ++i) {
        const toml::table* row = rows->get(i)->as_table();
        const std::string path = fmt::format("{}[{}]", key, i);
        if (row == nullptr)
            return reader.fail(rows->get(i), fmt::format("'{}' must be a table", path));
        fn(*row, path);
    }
}

}  // namespace uprobesim
