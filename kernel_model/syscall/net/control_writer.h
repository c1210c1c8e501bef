// SPDX-License-Identifier: GPL-2.0-or-later
// Writes control messages one after the other into a guest's buffer (put_cmsg).
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "kernel_model/abi/socket.h"
#include "kernel_model/memory/user_memory.h"

namespace uprobesim {

// struct cmsghdr.
struct ControlHeader {
    std::uint64_t length;
    std::int32_t level, type;
};
static_assert(sizeof(ControlHeader) == 16);

// CMSG_ALIGN.
constexpr std::uint64_t control_aligned(std::uint64_t length) {
    return (length + 7) & ~std::uint64_t{7};
}

class ControlWriter {
public:
    // `told`: the flags of the message, which get MSG_CTRUNC where something was cut or left out.
    ControlWriter(UserMemory memory, VAddr at, std::uint64_t length, std::uint32_t& told)
        : memory_(memory), at_(at), length_(length), told_(told) {}

    // Bytes of data that the next one could hold.
    std::uint64_t room() const {
        const std::uint64_t left = length_ - used_;
        return left < sizeof(ControlHeader) ? 0 : left - sizeof(ControlHeader);
    }
    std::uint64_t used() const { return used_; }

    // False: it was not stored. What does not fit is cut.
    bool put(std::int32_t level, std::int32_t type, std::span<const std::byte> data) {
        const std::uint64_t left = length_ - used_;
        if (left < sizeof(ControlHeader)) {
            told_ |= abi::kMsgCtrunc;
            return false;
        }
        const std::uint64_t fits = std::min<std::uint64_t>(data.size(), room());
        if (fits < data.size()) told_ |= abi::kMsgCtrunc;
        const ControlHeader header{sizeof(ControlHeader) + fits, level, type};
        if (!memory_.put(at_ + used_, header) ||
            !memory_.write(at_ + used_ + sizeof header, data.first(fits)))
            return false;
        used_ += std::min(left, control_aligned(sizeof(ControlHeader) + data.size()));
        return true;
    }
    template <class T>
    bool put_value(std::int32_t level, std::int32_t type, const T& value) {
        return put(level, type, std::as_bytes(std::span(&value, 1)));
    }

private:
    UserMemory memory_;
    VAddr at_;
    std::uint64_t length_, used_ = 0;
    std::uint32_t& told_;
};

}  // namespace uprobesim
