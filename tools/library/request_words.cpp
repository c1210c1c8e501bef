// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/library/request_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/insn/decoder.h"
#include "tools/sysroot/sysroot.h"

namespace uprobesim {
namespace {

// The form of a report, which Report::text() is asked for.
constexpr std::array<std::string_view, 7> kNotHere = {"format", "output", "all", "sort",
                                                      "top",    "color",  "help"};

bool is_option_name(std::string_view name) {
    return !name.empty() && name.front() != '-' &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == name.npos;
}

Result<std::string> word_of(const CommandSyntax& syntax, const OptionTable& table,
                            const Option& option) {
    if (!is_option_name(option.name))
        return user_error(fmt::format("'{}' is no option's name", printable(option.name)), "",
                          "long names without dashes, such as kernel");
    if (std::find(kNotHere.begin(), kNotHere.end(), option.name) != kNotHere.end())
        return user_error("the library gives a report as a value", option.name,
                          "ask the report for its text");
    const OptionRow* const row = table.find(option.name);
    const bool is_flag = row != nullptr && row->kind == OptionKind::Flag;
    if (row != nullptr && !is_flag && option.value.empty())
        return tl::make_unexpected(missing_value(row, option.name, syntax.command));
    if (row == nullptr || (is_flag && option.value.empty()))
        return fmt::format("--{}", option.name);  // an unknown one is refused by its name
    return fmt::format("--{}={}", option.name, option.value);
}

// Capstone makes tables at their first use, without a lock: before there can be two threads in it.
void use_disassembler_once() {
    constexpr std::uint32_t kNop = 0xd503201f;
    static const std::string text = Decoder().disassemble(kNop, 0);
}

}  // namespace

Result<CommandLine> read_request(const CommandSyntax& syntax, const OptionTable& table,
                                 const Options& options, const Words& rest) {
    use_disassembler_once();
    Words words;
    for (const Option& option : options) words.push_back(TRY(word_of(syntax, table, option)));
    const bool like_option = std::any_of(rest.begin(), rest.end(),
                                         [](const std::string& w) { return w.starts_with('-'); });
    // Behind a program, words are the program's own.
    if (like_option && (syntax.rest == RestOfWords::Mixed || rest.front().starts_with('-')))
        words.emplace_back("--");
    words.insert(words.end(), rest.begin(), rest.end());
    return CommandLine::parse(syntax, table, words);
}

OptionDefaults library_defaults() {
    HostPlaces host = host_places();
    host.executable.clear();
    const char* const path = std::getenv("PATH");
    return {.root = default_root(host),
            .no_color = true,
            .host = host,
            .search_path = path == nullptr ? "" : path};
}

Error error_of(UserError error, int status) {
    if (error.where.starts_with("--")) error.where.erase(0, 2);
    return {Error::Kind::Request, std::move(error.what), std::move(error.where),
            std::move(error.hint), status};
}

std::string Error::line() const {
    return UserError{what, where, hint}.line();
}

}  // namespace uprobesim
