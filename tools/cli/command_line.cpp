// SPDX-License-Identifier: GPL-2.0-or-later
// Boost.Program_options is used here only: it knows the forms "-oFILE", "-o FILE", "--output=FILE"
// and "--output FILE". What the words mean, and every message, is ours; so is the reading of
// numbers, since Boost's accepts "-1" as a huge unsigned.
#include "tools/cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <sstream>
#include <utility>

#include "sim/base/text.h"

namespace uprobesim {
namespace {

namespace po = boost::program_options;

// The words with numbers joined to the values before them: "svc 3".
Words joined(const Words& words, const OptionTable& table) {
    Words all;
    const OptionRow* awaiting = nullptr;  // its value
    bool number = false;                  // may follow
    for (const std::string& word : words) {
        if (std::exchange(number, false) && is_number_word(word)) {
            all.back() += ' ' + word;
            continue;
        }
        all.push_back(word);
        if (const OptionRow* row = std::exchange(awaiting, nullptr)) {
            number = row->takes_number;
            continue;
        }
        if (!word.starts_with("--")) continue;
        const std::size_t equals = word.find('=');
        const OptionRow* row = table.find(std::string_view(word).substr(2, equals - 2));
        if (row == nullptr || row->kind == OptionKind::Flag) continue;
        if (equals == word.npos) {
            awaiting = row;
        } else {
            number = row->takes_number;
        }
    }
    return all;
}

// How many words belong to the tool; the rest is the guest's.
std::size_t own_words(const Words& words, const OptionTable& table, std::string_view needed) {
    std::size_t at = 0;
    bool is_program = needed.empty();
    while (at < words.size()) {
        const std::string& word = words[at];
        if (word.size() < 2 || word.front() != '-' || word == "--") break;
        const bool is_long = word.starts_with("--");
        const OptionRow* row =
            is_long ? table.find(word.substr(2, word.find('=') - 2)) : table.find(word[1]);
        const bool value_inside = is_long ? word.find('=') != std::string::npos : word.size() > 2;
        is_program = is_program || (row != nullptr && is_one_of(row->name, needed));
        at += row != nullptr && row->kind != OptionKind::Flag && !value_inside ? 2 : 1;
        if (row != nullptr && row->takes_number && at < words.size() && is_number_word(words[at]))
            ++at;
    }
    return is_program ? std::min(at, words.size()) : words.size();
}

po::options_description boosts(const OptionTable& table) {
    po::options_description all;
    for (const OptionRow& row : table.rows()) {
        const auto add = [&](const std::string& name) {
            if (row.kind == OptionKind::Flag) {
                all.add_options()(name.c_str(), "");
            } else {
                all.add_options()(name.c_str(), po::value<Words>(), "");
            }
        };
        add(row.letter != 0 ? fmt::format("{},{}", row.name, row.letter) : row.name);
        if (!row.alias.empty()) add(row.alias);
    }
    return all;
}

UserError unknown_option(const CommandSyntax& syntax, const OptionTable& table,
                         const std::string& option) {
    const std::string name = option.substr(std::min(option.find_first_not_of('-'), option.size()));
    std::string hint;
    if (option.starts_with("--")) {
        const std::string others = syntax.commands_with ? syntax.commands_with(name) : "";
        if (!others.empty()) hint = fmt::format("it is an option of {}", others);
        Words known;
        for (const std::string& other : table.names()) known.push_back("--" + other);
        if (hint.empty()) hint = did_you_mean(option, known);
    }
    if (hint.empty()) hint = fmt::format("see uprobesim {} --help", syntax.command);
    return {fmt::format("{} has no such option", syntax.command), option, hint};
}

// Boost's parse errors in our words.
UserError parse_error(const CommandSyntax& syntax, const OptionTable& table,
                      const po::error_with_option_name& error) {
    using Syntax = po::invalid_command_line_syntax;
    const std::string option = error.get_option_name();
    if (dynamic_cast<const po::unknown_option*>(&error) != nullptr)
        return unknown_option(syntax, table, option);
    const std::string help = fmt::format("see uprobesim {} --help", syntax.command);
    if (const auto* wrong = dynamic_cast<const Syntax*>(&error)) {
        if (wrong->kind() == Syntax::missing_parameter ||
            wrong->kind() == Syntax::empty_adjacent_parameter)
            return missing_value(table.find(std::string_view(option).substr(
                                     std::min(option.find_first_not_of('-'), option.size()))),
                                 option, syntax.command);
        if (wrong->kind() == Syntax::extra_parameter) return {"it takes no value", option, help};
    }
    return {error.what(), option, help};
}

}  // namespace

UserError missing_value(const OptionRow* row, std::string option, std::string_view command) {
    if (row != nullptr && !row->choices.empty())
        return {"its value is missing", std::move(option), or_list(row->choices)};
    return {"its value is missing", std::move(option),
            fmt::format("see uprobesim {} --help", command)};
}

bool is_one_of(std::string_view name, std::string_view names) {
    while (!names.empty()) {
        const std::size_t end = std::min(names.find(' '), names.size());
        if (names.substr(0, end) == name) return true;
        names.remove_prefix(std::min(end + 1, names.size()));
    }
    return false;
}

Result<CommandLine> CommandLine::parse(const CommandSyntax& syntax, const OptionTable& table,
                                       const Words& words) {
    CommandLine line;
    std::size_t own = words.size();
    if (syntax.rest == RestOfWords::GuestProgram) {
        own = own_words(words, table, syntax.program_needs);
        line.is_scenario_ =
            own < words.size() && syntax.is_scenario != nullptr && syntax.is_scenario(words[own]);
        if (line.is_scenario_) own = words.size();
    }
    const auto end_of_own = words.begin() + static_cast<std::ptrdiff_t>(own);
    try {
        using Style = po::command_line_style::style_t;
        const int style = (Style::unix_style & ~Style::allow_guessing & ~Style::allow_sticky) |
                          Style::short_allow_adjacent;
        const po::options_description all = boosts(table);
        const auto parsed = po::command_line_parser(joined({words.begin(), end_of_own}, table))
                                .options(all)
                                .style(style)
                                .run();
        for (const po::option& option : parsed.options) {
            if (option.position_key != -1) {
                line.rest_.push_back(option.value.front());
                continue;
            }
            const OptionRow& row = *table.find(option.string_key);
            Given& given = line.values_[row.name];
            const bool again = !given.spelled.empty();
            given.spelled = "--" + option.string_key;
            if (again && row.kind == OptionKind::Text)
                return user_error("it is given more than once", given.spelled);
            line.order_.push_back(
                {row.name, given.spelled, option.value.empty() ? "" : option.value.front()});
            given.values.insert(given.values.end(), option.value.begin(), option.value.end());
        }
    } catch (const po::error_with_option_name& error) {
        return tl::make_unexpected(parse_error(syntax, table, error));
    } catch (const po::error& error) {
        return user_error(error.what(), "", fmt::format("see uprobesim {} --help", syntax.command));
    }
    line.rest_.insert(line.rest_.end(), end_of_own, words.end());
    if (own != words.size() && line.rest_.front() == "--") line.rest_.erase(line.rest_.begin());
    return line;
}

std::string CommandLine::one(std::string_view name, const std::string& otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second.values.front();
}

Words CommandLine::all(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? Words{} : found->second.values;
}

std::string CommandLine::spelled(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? fmt::format("--{}", name) : found->second.spelled;
}

Result<std::uint64_t> CommandLine::number(std::string_view name, std::uint64_t otherwise,
                                          std::uint64_t most) const {
    if (!given(name)) return otherwise;
    const std::string value = one(name, "");
    std::uint64_t n = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
    if (error != std::errc() || end != value.data() + value.size() || n > most) {
        return user_error(most == ~std::uint64_t{0}
                              ? fmt::format("'{}' is not a number from 0 to 2^64 - 1", value)
                              : fmt::format("'{}' is not a number from 0 to {}", value, most),
                          spelled(name));
    }
    return n;
}

Result<std::string> CommandLine::choice(std::string_view name, const std::string& otherwise,
                                        const Words& words) const {
    std::string value = one(name, otherwise);
    if (std::find(words.begin(), words.end(), value) == words.end()) {
        const std::string near = did_you_mean(value, words);
        return user_error(fmt::format("'{}' is no {}", value, name), spelled(name),
                          near.empty() ? or_list(words) : near);
    }
    return value;
}

Result<Words> CommandLine::names(std::string_view name, const std::string& otherwise) const {
    const std::string value = one(name, otherwise);
    Words names;
    std::istringstream in(value);
    for (std::string part; std::getline(in, part, ',');) {
        if (part.empty())
            return user_error(fmt::format("'{}' has an empty name", value), spelled(name));
        names.push_back(part);
    }
    if (names.empty())
        return user_error("no name is given", spelled(name), "names separated by commas");
    return names;
}

Result<std::string> CommandLine::name(std::string_view name, const std::string& otherwise) const {
    std::string value = one(name, otherwise);
    if (given(name) && value.empty()) return user_error("no name is given", spelled(name));
    if (value.find(',') != std::string::npos) {
        return user_error(fmt::format("'{}' is a list, and one name is needed", value),
                          spelled(name));
    }
    return value;
}

}  // namespace uprobesim
