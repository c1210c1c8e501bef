// SPDX-License-Identifier: GPL-2.0-or-later
// A scenario's pattern over a program's output. RE2 matches it: in time linear to the output,
// whatever pattern and output are.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "sim/base/error.h"

namespace re2 {
class RE2;
}

namespace uprobesim {

class OutputPattern {
public:
    // Errors read on from the pattern's key: "is not a regular expression: missing ): (".
    static Result<OutputPattern> compile(std::string_view pattern);
    OutputPattern(const OutputPattern&) = delete;
    OutputPattern& operator=(const OutputPattern&) = delete;
    OutputPattern(OutputPattern&&) noexcept;
    OutputPattern& operator=(OutputPattern&&) noexcept;
    ~OutputPattern();

    // The number that the group holds in the first line that matches.
    std::optional<double> first_number(std::string_view output) const;

private:
    explicit OutputPattern(std::unique_ptr<re2::RE2> pattern);
    std::unique_ptr<re2::RE2> pattern_;
};

}  // namespace uprobesim
