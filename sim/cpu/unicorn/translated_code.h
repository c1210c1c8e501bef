// SPDX-License-Identifier: GPL-2.0-or-later
// How much translated code the engine holds. Its buffer is 1 GiB of the host's memory, which a
// guest that runs new code without end would fill; no API tells the fill level, so the engine's own
// pointers are looked for.
#pragma once

#include <unicorn/unicorn.h>

#include <cstdint>
#include <functional>

namespace uprobesim {

class TranslatedCode {
public:
    // Looks for the buffer in the engine's memory, and makes it small: `most` is a multiple of the
    // page size. Some code must have been translated. `translate` has the engine translate more: an
    // engine that is gone may have left in freed memory what looks the same.
    void find(const uc_engine* uc, std::uint64_t most, const std::function<void()>& translate);
    bool found() const { return next_ != nullptr; }
    // All code is to be dropped before more is run.
    bool is_full() const { return next_ != nullptr && *next_ - begin_ > most_; }

private:
    const std::uint64_t* next_ = nullptr;  // in the engine: the end of the last block's code
    std::uint64_t begin_ = 0;
    std::uint64_t most_ = 0;
};

}  // namespace uprobesim
