// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/memory/mappers.h"

#include "kernel_model/memory/mm.h"

namespace uprobesim {

void Mappers::add(const std::shared_ptr<MapperToken>& mapper) {
    Row& row = rows_[mapper.get()];
    if (row.mapper.expired()) row = {mapper, next_number_++};
    if (rows_.size() < look_at_) return;
    std::erase_if(rows_, [](const auto& entry) { return entry.second.mapper.expired(); });
    look_at_ = 2 * rows_.size() + 16;
}

void Mappers::unmap(const FileBacking& file, std::uint64_t first, std::uint64_t end,
                    Copies copies) const {
    // Frames are freed in an order that does not hang on addresses of the host.
    std::map<std::uint64_t, std::shared_ptr<MapperToken>> live;
    for (const auto& [address, row] : rows_) {
        if (auto mapper = row.mapper.lock()) live.emplace(row.number, std::move(mapper));
    }
    for (const auto& [number, mapper] : live) mapper->mm->unmap_file(file, first, end, copies);
}

}  // namespace uprobesim
