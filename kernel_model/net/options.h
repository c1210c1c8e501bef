// SPDX-License-Identifier: GPL-2.0-or-later
// Socket options whose value is one int: initial values, and whether they have an effect. The
// others (SO_LINGER, timeouts, SO_PEERCRED, names) are in syscall/net/sys_sockopt.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "kernel_model/abi/socket.h"

namespace uprobesim {

enum class OptionUse {
    Acts,      // modelled
    Kept,      // stored and reported; no effect
    ReadOnly,  // setting it is ENOPROTOOPT; reads as the socket's state, or the initial value
};

struct SocketOption {
    std::int32_t level, name;
    std::string_view label;
    OptionUse use;
    bool truth;  // boolean: any value but 0 is stored as 1
    std::int32_t initial;
    // Values outside of lowest..highest are EINVAL; `has_default`: -1 sets the initial value.
    std::int32_t lowest = std::numeric_limits<std::int32_t>::min();
    std::int32_t highest = std::numeric_limits<std::int32_t>::max();
    bool has_default = false;
};

// Null: no such option.
const SocketOption* find_option(std::int32_t level, std::int32_t name);
std::span<const SocketOption> all_options();

class OptionValues {
public:
    std::int32_t get(std::int32_t level, std::int32_t name) const;
    bool is_on(std::int32_t level, std::int32_t name) const { return get(level, name) != 0; }
    void set(std::int32_t level, std::int32_t name, std::int32_t value) {
        values_[{level, name}] = value;
    }
    bool was_set(std::int32_t level, std::int32_t name) const {
        return values_.contains({level, name});
    }

private:
    std::map<std::pair<std::int32_t, std::int32_t>, std::int32_t> values_;
};

}  // namespace uprobesim
