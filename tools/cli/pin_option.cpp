// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/pin_option.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "sim/base/try.h"

namespace uprobesim {

Result<std::vector<unsigned>> read_numbers(const CommandLine& line, const char* option,
                                           unsigned least, unsigned most) {
    std::vector<unsigned> all;
    const auto words = TRY(line.names(option, ""));
    for (const std::string& word : words) {
        unsigned number = 0;
        const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (error != std::errc() || stop != word.data() + word.size() || number < least ||
            number > most)
            return user_error(fmt::format("'{}' is not a number from {} to {}", word, least, most),
                              fmt::format("--{}", option), "a list with commas: 1,2,4,8");
        all.push_back(number);
    }
    return all;
}

Result<PinRequest> read_pin(const CommandLine& line) {
    const std::string word = line.one("pin", "compact");
    if (word == "compact") return PinRequest{};
    if (word == "scatter") return PinRequest{Pinning::Scatter, {}};
    auto cpus = TRY(read_numbers(line, "pin", 0, kMostCpus - 1));
    for (std::size_t i = 0; i < cpus.size(); ++i) {
        if (std::find(cpus.begin(), cpus.begin() + static_cast<std::ptrdiff_t>(i), cpus[i]) !=
            cpus.begin() + static_cast<std::ptrdiff_t>(i))
            return user_error(fmt::format("CPU {} is listed twice", cpus[i]), "--pin", "");
    }
    return PinRequest{Pinning::List, std::move(cpus)};
}

}  // namespace uprobesim
