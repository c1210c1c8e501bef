// SPDX-License-Identifier: GPL-2.0-or-later
// What a change of memory or of an address space means for code that the engine has translated.
#include "sim/base/error.h"
#include "sim/cpu/unicorn/unicorn_cpu_impl.h"

namespace uprobesim {

void UnicornCpu::translation_changed(const AddressSpace& space, VAddr page) {
    // Also of a space that is not current: it is entered with what the table holds about it.
    if (blocks_) blocks_->forget_page(space.id(), page);
    // Whether branch targets are checked is in the translated code.
    if (isa_.has(IsaFeature::Bti)) {
        if (const auto now = space.lookup(page)) code_frame_changed(now->frame);
    }
    drop_translation(space, page);
}

void UnicornCpu::shadow_changed(const AddressSpace& space, VAddr page) {
    if (blocks_) blocks_->forget_page(space.id(), page);
    drop_translation(space, page);
}

void UnicornCpu::drop_translation(const AddressSpace& space, VAddr page) {
    if (space_ == &space) {
        note_stale(page);
        stores_.forget_page(page);
    } else if (editor_ != nullptr) {
        editor_->forget_space(space.id());
    }
}

// One page costs a hundredth of what filling the TLB again does. By address only where a page of
// the guest is one of the engine's, and where no address with a tag was used: that has an entry of
// its own, which the engine's TLBI by address does not know of.
void UnicornCpu::note_stale(VAddr page) {
    constexpr std::size_t kMost = 64;
    const bool by_page = editor_ != nullptr && !editor_->filled_with_tag() &&
                         std::uint64_t{1} << engine_.page_bits() == kPageSize;
    if (translations_stale_ || !by_page || stale_pages_.size() == kMost) {
        translations_stale_ = true;
        stale_pages_.clear();
    } else if (stale_pages_.empty() || stale_pages_.back() != page) {
        stale_pages_.push_back(page);
    }
}

void UnicornCpu::refresh_translations() {
    if (translations_stale_) {
        engine_.flush_translations();
    } else {
        for (const VAddr page : stale_pages_) engine_.flush_translations_of(page);
    }
    translations_stale_ = false;
    stale_pages_.clear();
}

void UnicornCpu::space_gone(const AddressSpace& space) {
    if (blocks_) blocks_->leave(space);
    if (editor_ != nullptr) editor_->forget_space(space.id());
    if (space_ != &space) return;
    space_ = nullptr;
    table_stale_ = true;
    stores_.enter(nullptr);
}

void UnicornCpu::code_frame_changed(PAddr frame) {
    if (code_frames_.holds(frame)) drop_code(frame);
}

void UnicornCpu::drop_code(PAddr frame) {
    engine_.drop_code(frame);
    parts_.erase(parts_.lower_bound(frame.value), parts_.lower_bound(frame.value + kPageSize));
    table_stale_ = true;
    for (const CodeFrames::Place& place : code_frames_.take(frame)) {
        if (blocks_) blocks_->forget_page(place.space, place.page);
    }
}

// The engine has translated code of the frame, at a page of the space it is in.
void UnicornCpu::note_code(PAddr frame, VAddr page) {
    if (blocks_) {
        code_frames_.add(frame, {space_->id(), page});
    } else {
        code_frames_.add(
            frame);  // each translation is dropped with its counts: no table to forget in
    }
}

// No translation is left. Blocks that were cut are whole again, and are not to be taken for their
// parts, nor for blocks that were cut in vain.
void UnicornCpu::forget_all_code() {
    code_frames_.clear();
    parts_.clear();
    cut_tried_ = 0;
    last_cut_ = {};
}

void UnicornCpu::all_gone() {
    translated_.drop_all();
    forget_all_code();
}

// The engine remembers for a hook where each block was that has it, so the hook is made anew.
void UnicornCpu::drop_all_code() {
    engine_.drop_all_code();  // and tells all_gone() of it where code is edited
    if (edited()) return;
    if (blocks_) blocks_->forget_all();
    forget_all_code();
    if (block_hook_ == 0) return;
    check_engine(uc_hook_del(engine_.handle(), block_hook_), "uc_hook_del(BLOCK)");
    add_block_hook();
}

void UnicornCpu::add_block_hook() {
    check_engine(uc_hook_add(engine_.handle(), &block_hook_, UC_HOOK_BLOCK,
                             reinterpret_cast<void*>(&on_block), this, 1, 0),
                 "uc_hook_add(BLOCK)");
}

void UnicornCpu::frame_became_code(PAddr frame) {
    stores_.forget();
    // Stores to it may be inline by now, through any address.
    if (!stores_.may_be_open(frame)) return;
    translations_stale_ = true;
    if (editor_ != nullptr) editor_->forget_other_spaces();
}

}  // namespace uprobesim
