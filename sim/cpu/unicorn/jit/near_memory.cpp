// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/near_memory.h"

#include <sys/mman.h>

#include <initializer_list>

namespace uprobesim {

namespace {
// Where to look: every 4 MiB up to 1 GiB away, so that all of it is within 2 GiB.
constexpr std::uintptr_t kStride = std::uintptr_t{1} << 22, kFarthest = std::uintptr_t{1} << 30;
constexpr std::uintptr_t kHostPage = 4096;
}  // namespace

NearMemory::NearMemory(const std::byte* state, std::size_t size) : size_(size) {
    const auto origin = reinterpret_cast<std::uintptr_t>(state) & ~(kHostPage - 1);
    for (std::uintptr_t away = kStride; away < kFarthest && data_ == nullptr; away += kStride) {
        for (const std::uintptr_t at : {origin + away, origin - away}) {
            if (at < kStride || at > ~std::uintptr_t{0} - size) continue;
            // NOLINTNEXTLINE(performance-no-int-to-ptr): an address that was computed.
            void* const wish = reinterpret_cast<void*>(at);
            void* const got =
                mmap(wish, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
            if (got == MAP_FAILED) continue;
            if (reinterpret_cast<std::uintptr_t>(got) == at) {
                data_ = static_cast<std::byte*>(got);
                break;
            }
            munmap(got, size);  // a kernel that does not know MAP_FIXED_NOREPLACE
        }
    }
}

NearMemory::~NearMemory() {
    if (data_ != nullptr) munmap(data_, size_);
}

}  // namespace uprobesim
