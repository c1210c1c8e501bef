// SPDX-License-Identifier: GPL-2.0-or-later
// Socket options that are one int: which there are, what they are when nobody set them, whether
// they act. The others (SO_LINGER, timeouts, SO_PEERCRED, names) are in the calls,
// syscall/sys_sockopt.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "kernel_model/abi/socket.h"

namespace uprobesim {

enum class OptionUse {
    Acts,      // the model does what it says
    Kept,      // told back, and changes nothing here
    ReadOnly,  // ENOPROTOOPT when set; what it answers is the socket's state, or the default
};

struct SocketOption {
    std::int32_t level, name;
    std::string_view label;
    OptionUse use;
    bool truth;  // any value but 0 is 1
    std::int32_t initial;
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
