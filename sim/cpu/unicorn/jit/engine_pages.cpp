// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/engine_pages.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "sim/cpu/unicorn/jit/engine_registry.h"
#include "sim/cpu/unicorn/jit/safe_read.h"

namespace uprobesim {

namespace {
constexpr int kBigPageBits = 12;
constexpr std::uint64_t kOwnPage = 1u << 10;  // TARGET_PAGE_BITS_MIN
}  // namespace

EnginePages::EnginePages(uc_engine* uc, const EngineBuild* build) : uc_(uc), build_(build) {
    if (build_ == nullptr) return;
    std::memcpy(reinterpret_cast<std::byte*>(uc) + build_->layout.uc_target_bits, &kBigPageBits,
                sizeof kBigPageBits);
    EngineRegistry<EnginePages>::all().add(*this);
}

EnginePages::~EnginePages() {
    if (build_ != nullptr) EngineRegistry<EnginePages>::all().remove(*this);
}

unsigned EnginePages::bits(uc_engine* uc) {
    std::uint32_t size = 0;
    if (uc_ctl_get_page_size(uc, &size) != UC_ERR_OK || !std::has_single_bit(size)) return 0;
    return static_cast<unsigned>(std::countr_zero(size));
}

bool EnginePages::is_of_cpu(const void* cpu) const {
    return read_at<const void*>(uc_, build_->layout.uc_cpu) == cpu;
}

int EnginePages::shortened(const TranslationBlock& block, int most) {
    const std::uint64_t bytes = kOwnPage - block.pc % kOwnPage;
    return std::min(most, static_cast<int>(bytes / 4));
}

}  // namespace uprobesim
