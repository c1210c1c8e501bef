// SPDX-License-Identifier: GPL-2.0-or-later
// A process's memory: VMAs, demand paging, copy-on-write, heap, stack. Linux's mm_struct. Every
// page comes by a fault that is charged by its kind.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "kernel_model/abi/errno.h"
#include "kernel_model/memory/vma.h"
#include "sim/cost/account.h"
#include "sim/machine.h"
#include "sim/mem/address_space.h"

namespace uprobesim {

template <class T>
using SysResult = tl::expected<T, Errno>;

// What became of a fault. The last four end in a signal (or in EFAULT for a kernel copy).
enum class FaultResult { Resolved, NotMapped, NoRight, BeyondFile, OutOfMemory };

struct MapRequest {
    VAddr hint{};              // 0: anywhere
    std::uint64_t length = 0;  // rounded up to pages
    Prot prot{};
    bool fixed = false;
    bool fixed_noreplace = false;
    bool shared = false;
    bool grows_down = false;
    bool dont_copy = false;
    bool may_write = true;
    bool no_reserve = false;
    std::shared_ptr<FileBacking> file{};
    std::uint64_t offset = 0;
    std::string name{};
};

// Of a page that the kernel made: whether it has been synchronised for execution since it was
// written.
enum class SpecialContent { FreshlyWritten, Executed };

// Told of mappings that come and go, so that probes can be placed. Implemented by the kernel, which
// forwards to the TrapClient.
class MmObserver {
public:
    virtual ~MmObserver() = default;
    virtual void mapped(class Mm&, const Vma&) = 0;  // after mmap, mprotect to executable, exec
    virtual void unmapping(class Mm&, VRange) = 0;   // before
};

// What the probe layer keeps per address space (the kernel's uprobes_state); opaque here, gone with
// the mm.
struct MmExtension {
    virtual ~MmExtension() = default;
};

class Mm {
public:
    // One past the last user address: TASK_SIZE, and STACK_TOP without randomisation.
    static constexpr VAddr kTaskSize{AddressSpace::kTop};
    // ELF_ET_DYN_BASE: where position-independent programs go.
    static constexpr VAddr kDynBase{page_floor(AddressSpace::kTop / 3 * 2)};
    // vm.mmap_min_addr as Debian's arm64 kernels have it (CONFIG_DEFAULT_MMAP_MIN_ADDR).
    static constexpr VAddr kLowest{32768};

    explicit Mm(Machine& machine);
    ~Mm();
    Mm(const Mm&) = delete;
    Mm& operator=(const Mm&) = delete;
    // fork's copy: private pages are shared copy-on-write from now on, in both. Null: no memory.
    // `copied` gets the number of page table entries that were copied.
    std::unique_ptr<Mm> fork(std::uint64_t& copied);
    // Set by the layer above; destroyed before anything else of the mm.
    std::unique_ptr<MmExtension> extension;

    // Handles a fault at `address`. Charges the path that it took to `task`; the exception itself
    // is charged by the caller.
    FaultResult fault(VAddr address, Access access, TaskId task, Account account = Account::Guest);

    SysResult<VAddr> map(const MapRequest&);
    SysResult<std::uint64_t> unmap(VRange);          // value: present pages freed
    SysResult<std::uint64_t> protect(VRange, Prot);  // value: present pages changed
    SysResult<VAddr> remap(VAddr old, std::uint64_t old_size, std::uint64_t new_size,
                           std::uint64_t flags, VAddr new_address);
    SysResult<std::uint64_t> discard(VRange);  // MADV_DONTNEED; value: present pages freed
    // Linux's brk: the new break, or the old one when it cannot be moved.
    VAddr set_brk(VAddr wanted);
    void init_brk(VAddr start);
    VAddr brk_start() const { return brk_start_; }
    VAddr brk_end() const { return brk_end_; }
    void set_stack_limit(std::uint64_t bytes) { stack_limit_ = bytes; }
    std::uint64_t stack_limit() const { return stack_limit_; }
    // Fixes where mappings go: below the room the stack limit asks for now. Done by exec.
    void place_mmap_base();
    // RLIMIT_AS and RLIMIT_DATA, in bytes.
    void set_limits(std::uint64_t address_space, std::uint64_t data) {
        as_limit_ = address_space;
        data_limit_ = data;
    }

    const Vma* find(VAddr address) const;
    const std::map<VAddr, Vma>& vmas() const { return vmas_; }
    AddressSpace& space() { return *space_; }
    const AddressSpace& space() const { return *space_; }
    std::uint64_t mapped_bytes() const;  // VmSize
    std::uint64_t resident_pages() const { return space_->mapped_pages(); }

    // The uprobe's write: makes the page at `address` a private anonymous copy in this mm and
    // stores `word`. Rights are not checked (text is read-only). False when the page cannot be had.
    bool poke_text(VAddr address, std::uint32_t word, TaskId task);
    // Maps one kernel-made page ([uprobes]) at the top-most free address, or at `where`; the
    // frame's reference is taken over.
    SysResult<VAddr> map_special(const std::string& name, PAddr frame, Prot prot,
                                 VAddr where = VAddr(0),
                                 SpecialContent content = SpecialContent::FreshlyWritten);
    // Brings pages in without an exception, as get_user_pages does (MAP_POPULATE, mlock, exec's
    // strings). Charges each fault's path to `task` where one is given. Ends at the first page that
    // cannot be had; value: pages there.
    std::uint64_t populate(VRange, Access, std::optional<TaskId> task);
    // msync: dirty pages of shared file mappings go to their files. NoMem when part of the range is
    // not mapped.
    SysResult<void> write_back(VRange);

    // What /proc/self/maps shows in its last column.
    std::string name_of(const Vma&) const;
    // The text of /proc/self/maps.
    std::string maps_text() const;

    void observe(MmObserver* observer) { observer_ = observer; }
    Machine& machine() { return machine_; }

private:
    friend class MmFaults;
    using VmaMap = std::map<VAddr, Vma>;

    static constexpr std::size_t kMaxMapCount = 65530;  // vm.max_map_count
    bool is_full(std::size_t reserve = 0) const { return vmas_.size() + reserve >= kMaxMapCount; }

    // mm.cpp
    void split_at(VAddr);
    void insert(Vma);
    void merge_around(VRange);
    VmaMap::iterator first_ending_after(VAddr);
    VmaMap::const_iterator first_ending_after(VAddr) const;
    void announce(const Vma&);

    // mm_place.cpp: where mappings go and whether they may
    bool is_free(VRange) const;
    std::optional<VAddr> find_gap(std::uint64_t length) const;
    SysResult<VAddr> choose_place(const MapRequest&, std::uint64_t length) const;
    bool may_grow_by(std::uint64_t bytes, bool counts_as_data) const;
    bool overcommits(std::uint64_t bytes) const { return bytes > machine_.memory.limit_bytes(); }
    bool grow_stack(VmaMap::iterator, VAddr);

    // mm_change.cpp
    void mark_written(const Vma&, VRange);
    std::uint64_t zap(VRange);
    std::uint64_t apply_rights(const Vma&, VRange);
    SysResult<VAddr> move(VAddr old, std::uint64_t old_size, std::uint64_t new_size, VAddr to,
                          bool keep_old);
    SysResult<VAddr> remap_to(VAddr old, std::uint64_t old_size, std::uint64_t new_size,
                              std::uint64_t flags, VAddr to);

    // The frame of zeros that read faults on anonymous memory map; one for a process and its forks.
    struct ZeroFrame;
    bool is_zero(PAddr frame) const;
    std::optional<PAddr> zero_frame();

    Machine& machine_;
    std::shared_ptr<ZeroFrame> zero_;
    std::unique_ptr<AddressSpace> space_;
    VmaMap vmas_;
    VAddr mmap_base_;
    VAddr brk_start_;
    VAddr brk_end_;
    std::uint64_t stack_limit_ = 8u << 20;
    std::uint64_t as_limit_ = ~std::uint64_t{0};
    std::uint64_t data_limit_ = ~std::uint64_t{0};
    std::uint64_t shared_objects_ = 0;  // anonymous shared mappings made so far, to name them
    MmObserver* observer_ = nullptr;
};

}  // namespace uprobesim
