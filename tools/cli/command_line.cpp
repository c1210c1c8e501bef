// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>

namespace uprobesim {
namespace {

namespace po = boost::program_options;

constexpr const char* kRest = "the-rest";

bool takes_value(const po::option_description& option) {
    return option.semantic()->max_tokens() > 0;
}

// How many words belong to the tool; the rest is the guest's.
std::size_t own_words(const Words& words, const OptionTable& table) {
    std::size_t at = 0;
    while (at < words.size()) {
        const std::string& word = words[at];
        if (word.size() < 2 || word.front() != '-' || word == "--") break;
        const bool is_long = word.starts_with("--");
        const std::string name = is_long ? word.substr(2, word.find('=') - 2) : word.substr(0, 2);
        // Boost knows a short option by "-x".
        const po::option_description* option = table.find_nothrow(name, false);
        const bool value_inside = is_long ? word.find('=') != std::string::npos : word.size() > 2;
        at += option != nullptr && takes_value(*option) && !value_inside ? 2 : 1;
    }
    return std::min(at, words.size());
}

}  // namespace

po::typed_value<std::string>* text_option(const char* name) {
    return po::value<std::string>()->value_name(name);
}

po::typed_value<Words>* list_option(const char* name) {
    return po::value<Words>()->value_name(name)->composing();
}

OptionTable option_table() {
    return OptionTable("", 110, 60);
}

std::string option_text(const OptionTable& table) {
    std::stringstream boosts;
    boosts << table;
    std::string text;
    for (std::string line; std::getline(boosts, line);) {
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

Result<CommandLine> CommandLine::parse(std::string_view verb, const Words& words,
                                       const OptionTable& table, RestOfWords rest) {
    const bool guest = rest == RestOfWords::GuestProgram;
    const auto own =
        words.begin() + static_cast<std::ptrdiff_t>(guest ? own_words(words, table) : words.size());
    CommandLine line;
    try {
        using Style = po::command_line_style::style_t;
        const int style = (Style::unix_style & ~Style::allow_guessing & ~Style::allow_sticky) |
                          Style::short_allow_adjacent;
        OptionTable all;
        all.add(table);
        po::positional_options_description positions;
        if (!guest) {
            all.add_options()(kRest, po::value<Words>());
            positions.add(kRest, -1);
        }
        const Words mine(words.begin(), own);
        const auto parsed =
            po::command_line_parser(mine).options(all).positional(positions).style(style).run();
        for (const auto& option : parsed.options) {
            if (option.position_key == -1)
                line.order_.push_back(
                    {option.string_key, option.value.empty() ? "" : option.value.front()});
        }
        po::store(parsed, line.values_);
    } catch (const po::error& error) {
        return user_error(error.what(), "", fmt::format("see uprobesim {} --help", verb));
    }
    line.rest_ = guest ? Words(own, words.end()) : line.all(kRest);
    if (guest && !line.rest_.empty() && line.rest_.front() == "--")
        line.rest_.erase(line.rest_.begin());
    return line;
}

Result<std::uint64_t> CommandLine::number(const char* name, std::uint64_t otherwise,
                                          std::uint64_t most) const {
    if (!given(name)) return otherwise;
    const std::string value = one(name, "");
    std::uint64_t n = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
    if (error != std::errc() || end != value.data() + value.size() || n > most) {
        return user_error(fmt::format("'{}' is not a number from 0 to {}", value, most),
                          fmt::format("--{}", name));
    }
    return n;
}

Result<std::string> CommandLine::choice(const char* name, std::string otherwise,
                                        const Words& words) const {
    std::string value = one(name, std::move(otherwise));
    if (std::find(words.begin(), words.end(), value) == words.end()) {
        std::string known = words.front();
        for (std::size_t i = 1; i < words.size(); ++i)
            known += (i + 1 == words.size() ? " or " : ", ") + words[i];
        return user_error(fmt::format("'{}' is no {}", value, name), fmt::format("--{}", name),
                          known);
    }
    return value;
}

Result<Words> CommandLine::names(const char* name, std::string otherwise) const {
    const std::string value = one(name, std::move(otherwise));
    Words names;
    std::istringstream in(value);
    for (std::string part; std::getline(in, part, ',');) {
        if (part.empty())
            return user_error(fmt::format("'{}' has an empty name", value),
                              fmt::format("--{}", name));
        names.push_back(part);
    }
    if (names.empty())
        return user_error("no name is given", fmt::format("--{}", name),
                          "names with commas between");
    return names;
}

Result<KeyValue> parse_key_value(const std::string& word, const char* option, const char* example) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
        return user_error(fmt::format("'{}' is not of the form KEY=VALUE", word), option,
                          fmt::format("for example {} {}", option, example));
    }
    return KeyValue{word.substr(0, equals), word.substr(equals + 1)};
}

}  // namespace uprobesim
