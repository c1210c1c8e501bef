// SPDX-License-Identifier: GPL-2.0-or-later
// Which system calls --strace shows: names and strace's classes, "openat,%file", "!%memory".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

class CallFilter {
public:
    CallFilter() = default;  // all
    // `option`: for the message.
    static Result<CallFilter> parse(const std::string& text, const char* option);
    bool shows(std::uint32_t number) const {
        return shown_.empty() || (number < shown_.size() ? shown_[number] : shows_unknown_);
    }

private:
    std::vector<bool> shown_;  // by number; empty: all
    bool shows_unknown_ = true;
};

}  // namespace uprobesim
