// SPDX-License-Identifier: GPL-2.0-or-later
// Host memory that generated code reaches with 32 bits from the CPU's state, which it keeps in a
// register.
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim {

class NearMemory {
public:
    // Zeroed, and taken from the host page by page as it is used. Empty where there is no room.
    NearMemory(const std::byte* state, std::size_t size);
    ~NearMemory();
    NearMemory(const NearMemory&) = delete;
    NearMemory& operator=(const NearMemory&) = delete;

    std::byte* data() const { return data_; }  // null: empty

private:
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace uprobesim
