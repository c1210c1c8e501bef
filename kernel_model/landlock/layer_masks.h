// SPDX-License-Identifier: GPL-2.0-or-later
// For each right to files, the layers of a domain that have not allowed it so far (layer_mask_t).
#pragma once

#include <array>
#include <cstdint>

#include "kernel_model/abi/landlock.h"
#include "kernel_model/landlock/domain.h"

namespace uprobesim {

class LayerMasks {
public:
    LayerMasks() = default;
    // Each right of `wanted` lacks all layers that handle it (landlock_init_layer_masks).
    LayerMasks(const LandlockDomain& domain, std::uint32_t wanted);

    // Those of `wanted` that some layer handles.
    std::uint32_t handled() const { return handled_; }
    // Those that some layer has not allowed.
    std::uint32_t missing() const;
    // The layers that have not allowed a right.
    std::uint16_t of(std::size_t right) const { return masks_[right]; }
    // Takes away what the rules for a file allow. True: of these rights none is missing any more
    // (landlock_unmask_layers).
    bool allow(const LandlockDomain& domain, const FileKey& file, std::uint32_t rights);
    // Forgets all rights but these (scope_to_request). True: none of them is missing.
    bool keep_only(std::uint32_t rights);

private:
    std::array<std::uint16_t, abi::kLandlockFsRights> masks_{};
    std::uint32_t handled_ = 0;
};

}  // namespace uprobesim
