// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/block_table.h"

#include <cstring>

#include "sim/base/error.h"

namespace uprobesim {

BlockTable::BlockTable(const BlockModel& model) : model_(model), records_(kRecords) {}

const BlockInfo& BlockTable::info_of(std::span<const std::uint32_t> words) {
    std::vector<std::uint32_t> key(words.begin(), words.end());
    auto found = infos_.find(key);
    if (found == infos_.end()) {
        auto info = std::make_unique<BlockInfo>(model_.analyse(words));
        check_invariant(info->classes.size() == words.size() && info->cycles_through.size() == words.size(),
                        "a block model must describe every instruction of the block");
        found = infos_.emplace(std::move(key), std::move(info)).first;
    }
    return *found->second;
}

void BlockTable::retire(BlockRecord& r) {
    if (r.count == 0) return;
    for (const InsnClass c : r.info->classes) retired_[static_cast<std::size_t>(c)] += r.count;
    r.count = 0;
}

BlockRecord* BlockTable::miss(BlockRecord& r, std::uint64_t address, std::uint32_t size, const AddressSpace& space) {
    if ((address & 3) != 0) return nullptr;
    retire(r);
    std::vector<std::uint32_t> words(size / 4);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const VAddr at(address + 4 * i);
        // The engine has just fetched from here, so the page is there.
        if (const auto t = space.lookup(at)) {
            std::memcpy(&words[i], space.memory().bytes(t->frame).data() + at.page_offset(), 4);
        }
    }
    const BlockInfo& info = info_of(words);
    r.address = address;
    r.size = size;
    r.tag = tag_;
    r.info = &info;
    r.cycles = static_cast<std::uint32_t>(info.cycles_through.empty() ? 0 : info.cycles_through.back().value);
    return &r;
}

void BlockTable::fold(InsnClassCounts& into) {
    for (BlockRecord& r : records_) retire(r);
    for (std::size_t c = 0; c < kInsnClassCount; ++c) into[c] += retired_[c];
    retired_ = {};
}

void BlockTable::enter(const AddressSpace& space) {
    const auto [it, fresh] = tags_.try_emplace(space.id(), next_tag_);
    if (fresh) ++next_tag_;
    tag_ = it->second;
}

void BlockTable::leave(const AddressSpace& space) {
    tags_.erase(space.id());
}

void BlockTable::forget_page(const AddressSpace& space, VAddr page) {
    const auto it = tags_.find(space.id());
    if (it == tags_.end()) return;
    for (std::uint64_t a = page.value; a < page.value + kPageSize; a += 4) {
        BlockRecord& r = records_[(a >> 2) & (kRecords - 1)];
        if (r.address == a && r.tag == it->second) {
            retire(r);
            r.tag = 0;  // no space has it: the next find misses
        }
    }
}

void BlockTable::forget_all() {
    const std::uint64_t current = tag_;
    for (auto& [id, tag] : tags_) {
        const bool running = tag == current;
        tag = next_tag_++;
        if (running) tag_ = tag;
    }
}

}  // namespace uprobesim
