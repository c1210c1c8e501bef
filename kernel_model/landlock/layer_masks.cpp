// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/landlock/layer_masks.h"

#include <cstddef>

namespace uprobesim {

namespace {

std::uint16_t bit_of_layer(const LandlockDomain& domain) {
    static_assert(abi::kLandlockMaxLayers <= 16);
    return static_cast<std::uint16_t>(1u << (domain.layers() - 1));
}

}  // namespace

LayerMasks::LayerMasks(const LandlockDomain& domain, std::uint32_t wanted) {
    for (const LandlockDomain* layer = &domain; layer != nullptr; layer = layer->parent()) {
        const std::uint32_t denied = layer->rules().denied_files() & wanted;
        handled_ |= denied;
        for (std::size_t right = 0; right < masks_.size(); ++right) {
            if ((denied >> right & 1u) != 0) masks_[right] |= bit_of_layer(*layer);
        }
    }
}

std::uint32_t LayerMasks::missing() const {
    std::uint32_t rights = 0;
    for (std::size_t right = 0; right < masks_.size(); ++right)
        rights |= masks_[right] != 0 ? 1u << right : 0;
    return rights;
}

bool LayerMasks::allow(const LandlockDomain& domain, const FileKey& file, std::uint32_t rights) {
    if (rights == 0) return true;
    bool ruled = false;
    for (const LandlockDomain* layer = &domain; layer != nullptr; layer = layer->parent()) {
        const auto rule = layer->rules().files.find(file);
        if (rule == layer->rules().files.end()) continue;
        ruled = true;
        for (std::size_t right = 0; right < masks_.size(); ++right) {
            if ((rule->second & rights) >> right & 1u)
                masks_[right] = static_cast<std::uint16_t>(masks_[right] & ~bit_of_layer(*layer));
        }
    }
    return ruled && (missing() & rights) == 0;
}

bool LayerMasks::keep_only(std::uint32_t rights) {
    for (std::size_t right = 0; right < masks_.size(); ++right) {
        if ((rights >> right & 1u) == 0) masks_[right] = 0;
    }
    return missing() == 0;
}

}  // namespace uprobesim
