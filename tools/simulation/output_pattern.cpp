// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/output_pattern.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "sim/base/text.h"

namespace uprobesim {
namespace {

constexpr std::int64_t kMaxMemory = std::int64_t{1} << 20;  // of the compiled pattern
constexpr std::size_t kMaxPattern = 1000;

re2::StringPiece piece_of(std::string_view text) {
    return {text.data(), text.size()};
}

// As strtod reads it in the C locale, whatever the process's locale is.
double number_at_start(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    if (text.starts_with('+')) text.remove_prefix(1);
    double number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

OutputPattern::OutputPattern(std::unique_ptr<re2::RE2> pattern) : pattern_(std::move(pattern)) {}
OutputPattern::OutputPattern(OutputPattern&&) noexcept = default;
OutputPattern& OutputPattern::operator=(OutputPattern&&) noexcept = default;
OutputPattern::~OutputPattern() = default;

Result<OutputPattern> OutputPattern::compile(std::string_view pattern) {
    if (pattern.size() > kMaxPattern)
        return user_error(fmt::format("is longer than {} characters", kMaxPattern));
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kMaxMemory);
    // Output is bytes: one that is no UTF-8 would match nothing.
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    auto compiled = std::make_unique<re2::RE2>(piece_of(pattern), options);
    if (!compiled->ok())
        return user_error(
            fmt::format("is not a regular expression: {}", printable(compiled->error())), "",
            "RE2's syntax: Perl's without back references and look-around");
    if (compiled->NumberOfCapturingGroups() != 1) return user_error("must have one group");
    return OutputPattern(std::move(compiled));
}

std::optional<double> OutputPattern::first_number(std::string_view output) const {
    while (!output.empty()) {
        const std::size_t end = std::min(output.find('\n'), output.size());
        std::string number;
        if (re2::RE2::PartialMatch(piece_of(output.substr(0, end)), *pattern_, &number))
            return number_at_start(number);
        output.remove_prefix(std::min(end + 1, output.size()));
    }
    return std::nullopt;
}

}  // namespace uprobesim
