// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/memory/shared_memory.h"

namespace uprobesim {

SharedMemory::~SharedMemory() {
    for (const auto& [index, frame] : pages_) memory_.release(frame);
}

std::optional<PAddr> SharedMemory::page(std::uint64_t index) {
    if (const auto it = pages_.find(index); it != pages_.end()) return it->second;
    if (index >= page_ceil(size_) / kPageSize) return std::nullopt;
    const auto frame = memory_.allocate();
    if (frame) pages_.emplace(index, *frame);
    return frame;
}

}  // namespace uprobesim
