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

BlockRecord& BlockTable::load(std::uint64_t address, std::uint32_t size, const AddressSpace& space) {
    BlockRecord& r = at(address);
    retire(r);
    std::vector<std::uint32_t> words(size / 4);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const VAddr here(address + 4 * i);
        // The engine has just fetched from here, so the page is there.
        if (const auto t = space.lookup(here)) {
            std::memcpy(&words[i], space.memory().bytes(t->frame).data() + here.page_offset(), 4);
        }
    }
    const BlockInfo& info = info_of(words);
    r.address = address;
    r.tag_size = tag_ | size / 4;
    r.info = &info;
    r.cycles = static_cast<std::uint32_t>(info.cycles_through.empty() ? 0 : info.cycles_through.back().value);
    return r;
}

void BlockTable::fold(InsnClassCounts& into) {
    for (BlockRecord& r : records_) retire(r);
    for (std::size_t c = 0; c < kInsnClassCount; ++c) into[c] += retired_[c];
    retired_ = {};
}

std::uint32_t BlockTable::fresh_tag() {
    if (last_tag_ > ~BlockRecord::kSizeMask - (1u << BlockRecord::kSizeBits)) {
        // All tags were used: start again with an empty table.
        for (BlockRecord& r : records_) {
            retire(r);
            r = {};
        }
        tags_.clear();
        last_tag_ = 0;
    }
    return last_tag_ += 1u << BlockRecord::kSizeBits;
}

void BlockTable::enter(const AddressSpace& space) {
    const auto it = tags_.find(space.id());
    if (it != tags_.end()) {
        tag_ = it->second;
        return;
    }
    tag_ = fresh_tag();
    tags_[space.id()] = tag_;
}

void BlockTable::leave(const AddressSpace& space) {
    tags_.erase(space.id());
}

void BlockTable::forget_page(const AddressSpace& space, VAddr page) {
    const auto it = tags_.find(space.id());
    if (it == tags_.end()) return;
    for (std::uint64_t a = page.value; a < page.value + kPageSize; a += 4) {
        BlockRecord& r = records_[index(a)];
        if (r.address == a && (r.tag_size & ~BlockRecord::kSizeMask) == it->second) {
            retire(r);
            r.tag_size = 0;  // no space has it: the next find misses
        }
    }
}

// The spaces get new tags when they are entered; the caller enters one again before it runs.
void BlockTable::forget_all() {
    tags_.clear();
}

}  // namespace uprobesim
