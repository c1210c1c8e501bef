// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/profile/toml_lists.h"

namespace uprobesim {

std::vector<std::string> toml_strings(TomlReader& reader, const toml::table& table,
                                      std::string_view key, std::string_view path, bool required) {
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

}  // namespace uprobesim
