// SPDX-License-Identifier: GPL-2.0-or-later
// One command's words as options and the rest.
//
// A command that runs a program of the guest stops reading options at the first word that is none:
// that word is the program, and everything after it belongs to the program, as with env, timeout
// and nice. "--" before it is allowed and never needed. Where the word names a scenario there is no
// program to take options, so options are read to the end; likewise where a program needs an option
// before it that is not given. Other commands take options and words in any order.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "sim/base/error.h"
#include "tools/cli/option_table.h"

namespace uprobesim {

enum class RestOfWords : std::uint8_t { Mixed, GuestProgram };

// How the words of a command are read.
struct CommandSyntax {
    std::string_view command;
    RestOfWords rest = RestOfWords::Mixed;
    // GuestProgram: whether the word names a scenario; null: the command takes none.
    bool (*is_scenario)(std::string_view word) = nullptr;
    // GuestProgram: the options without one of which the first word is no program, with a blank
    // between; empty: it always is one.
    std::string_view program_needs{};
    // The other commands that take an option, "run, compare"; empty: none.
    std::function<std::string(std::string_view option)> commands_with{};
};

// An option was given without its value: what it may be, or where that is said.
UserError missing_value(const OptionRow* row, std::string option, std::string_view command);

// Whether a name is in a list like program_needs.
bool is_one_of(std::string_view name, std::string_view names);

class CommandLine {
public:
    static Result<CommandLine> parse(const CommandSyntax& syntax, const OptionTable& table,
                                     const Words& words);

    bool given(std::string_view name) const { return values_.find(name) != values_.end(); }
    std::string one(std::string_view name, const std::string& otherwise) const;
    Words all(std::string_view name) const;
    Result<std::uint64_t> number(std::string_view name, std::uint64_t otherwise,
                                 std::uint64_t most = ~std::uint64_t{0}) const;
    // One of `words`, or an error that lists them.
    Result<std::string> choice(std::string_view name, const std::string& otherwise,
                               const Words& words) const;
    // "a,b,c"; no empty parts.
    Result<Words> names(std::string_view name, const std::string& otherwise) const;
    // One name: a list is an error.
    Result<std::string> name(std::string_view name, const std::string& otherwise) const;
    // The option as it was spelled: "--kernels" where that is the alias of --kernel.
    std::string spelled(std::string_view name) const;
    // What became of the option's value: an error that tells no place is told at the option.
    template <class T>
    Result<T> about(std::string_view name, Result<T> value) const {
        if (!value && value.error().where.empty()) value.error().where = spelled(name);
        return value;
    }

    const Words& rest() const { return rest_; }
    bool is_scenario() const { return is_scenario_; }
    // The options in the order in which they were given.
    struct Occurrence {
        std::string name;     // OptionRow::name
        std::string spelled;  // "--kernels"
        std::string value;
    };
    const std::vector<Occurrence>& order() const { return order_; }

private:
    struct Given {
        std::string spelled;
        Words values;
    };
    std::map<std::string, Given, std::less<>> values_;  // by OptionRow::name
    std::vector<Occurrence> order_;
    Words rest_;
    bool is_scenario_ = false;
};

}  // namespace uprobesim
