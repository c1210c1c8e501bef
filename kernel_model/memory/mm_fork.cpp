// SPDX-License-Identifier: GPL-2.0-or-later
// dup_mmap: a second address space with the same mappings. Both share private pages until one of
// them writes.
#include <set>

#include "kernel_model/memory/mm.h"
#include "kernel_model/memory/page_rights.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kTableSpan = 512 * kPageSize;  // of a last-level table

// vma_needs_copy: page table entries of file pages are not copied: they can be faulted in again,
// and the child usually calls execve first. A mapping with private pages must be copied, and is
// copied whole.
bool needs_copy(const Vma& vma, const AddressSpace& space) {
    if (vma.file == nullptr) return true;
    if (vma.shared) return false;
    bool own_page = false;
    space.for_each_mapped(vma.range, [&](VAddr page, Translation t) {
        if (own_page) return;
        const std::uint64_t index = vma.offset_of(page) / kPageSize;
        if (!vma.file->resident(index)) {
            own_page = true;
        } else {
            const auto cached = vma.file->page(index);
            own_page = !cached || *cached != t.frame;
        }
    });
    return own_page;
}

}  // namespace

// Page tables of 2 MiB each that a fork made.
struct Mm::TableNumbers {
    std::set<std::uint64_t> of_text, others;
};

// The page tables of a copied VMA. False: no memory.
bool Mm::copy_pages(const Vma& vma, Mm& child, TableNumbers& tables, ForkedPages& copied) {
    const bool text = vma.file != nullptr && vma.prot.exec && !vma.prot.write;
    bool out_of_memory = false;
    space_->for_each_mapped(vma.range, [&](VAddr page, Translation t) {
        if (out_of_memory) return;
        const Prot shared = vma.shared ? t.prot : leaf_rights(vma.prot, false);
        machine_.memory.add_ref(t.frame);
        if (!child.space_->map(page, t.frame, shared)) {
            machine_.memory.release(t.frame);
            out_of_memory = true;
            return;
        }
        if (shared != t.prot) space_->protect(page, shared);
        ++(text ? copied.text_entries : copied.entries);
        (text ? tables.of_text : tables.others).insert(page.value / kTableSpan);
    });
    return !out_of_memory;
}

std::unique_ptr<Mm> Mm::fork(ForkedPages& copied) {
    auto child = make(machine_);
    if (child == nullptr) return nullptr;
    child->zero_ = zero_;
    child->program_ = program_;
    child->mmap_base_ = mmap_base_;
    child->brk_start_ = brk_start_;
    child->brk_end_ = brk_end_;
    child->rules_ = rules_;
    child->stack_limit_ = stack_limit_;
    child->as_limit_ = as_limit_;
    child->data_limit_ = data_limit_;
    child->shared_objects_ = shared_objects_;
    TableNumbers tables;
    for (const auto& entry : vmas_) {
        const Vma& vma = entry.second;
        if (vma.dont_copy || (vma.marks & mark::kDontFork) != 0) continue;
        Vma& copy = child->vmas_.emplace(entry.first, vma).first->second;
        if (copy.file) copy.file->mappers.add(child->token_);
        child->mapped_bytes_ += vma.range.size();
        copy.watch = nullptr;
        copy.watched = 0;
        copy.marks &= ~(mark::kLocked | mark::kLockedOnFault);  // locks are not inherited
        if ((vma.marks & mark::kWipeOnFork) != 0) continue;
        if (!needs_copy(vma, *space_)) continue;
        if (!copy_pages(vma, *child, tables, copied)) return nullptr;
    }
    child->settle_charge();
    for (const std::uint64_t table : tables.of_text)
        if (!tables.others.contains(table)) ++copied.text_tables;
    return child;
}

}  // namespace uprobesim
