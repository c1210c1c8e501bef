// SPDX-License-Identifier: GPL-2.0-or-later
// A process's memory, Linux's mm_struct: VMAs, demand paging, copy-on-write, heap, stack. Every
// page is brought in by a fault, which is charged by its kind.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>

#include "kernel_model/abi/errno.h"
#include "kernel_model/memory/memory_rules.h"
#include "kernel_model/memory/vma.h"
#include "sim/cost/account.h"
#include "sim/machine.h"
#include "sim/mem/address_space.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

// The result of a fault. Asked: a program is to give the page (Mm::take_asked). The others but
// the first lead to a signal, or to EFAULT in a user copy of the kernel.
enum class FaultResult { Resolved, NotMapped, NoRight, BeyondFile, OutOfMemory, Poisoned, Asked };

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
    std::uint32_t marks = 0;  // mark::*
    std::shared_ptr<FileBacking> file{};
    std::uint64_t offset = 0;
    std::string name{};
};

// Whether a page made by the kernel has been synchronised for execution since it was written.
enum class SpecialContent { FreshlyWritten, Executed };

// Whether a child of fork has such a page too (VM_DONTCOPY).
enum class AtFork { LeftOut, Copied };

// Pages that an unmapping freed: of a file's cache, and the process's own.
struct FreedPages {
    std::uint64_t own = 0;
    std::uint64_t of_files = 0;
    std::uint64_t all() const { return own + of_files; }
};

// What a fork copied: page table entries, apart from them those of text (see Mm::fork) and the
// tables that were made for these alone.
struct ForkedPages {
    std::uint64_t entries = 0;
    std::uint64_t text_entries = 0;
    std::uint64_t text_tables = 0;
};

// Notified of new mappings and of unmapping, so that probes can be placed and removed. Implemented
// by the kernel, which forwards to the TrapClient.
class MmObserver {
public:
    virtual ~MmObserver() = default;
    // Where Linux calls uprobe_mmap: a mapping of a file was made, or has got other bounds, since
    // it was split, grew or was merged with its neighbour. mprotect of a whole mapping is none.
    virtual void mapped(class Mm&, const Vma&) = 0;
    // Before. Returns how many of the range's own pages are copies that the observer had made of a
    // file's pages: unmapping counts them as the file's, and the observer charges the rest.
    virtual std::uint64_t unmapping(class Mm&, VRange) = 0;
    // mprotect has made a range of a file's mapping executable.
    virtual void made_executable(class Mm&, VRange) = 0;
    // A page cannot be had for this mm. True: another process was killed, so there may be one now.
    virtual bool out_of_memory(class Mm&) { return false; }
};

// Per-mm state of the probe layer (the kernel's struct uprobes_state); opaque here, freed with the
// mm.
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
    // Null: no memory for the first translation table.
    static std::unique_ptr<Mm> make(Machine& machine);
    ~Mm();
    Mm(const Mm&) = delete;
    Mm& operator=(const Mm&) = delete;
    // dup_mmap: a copy for fork, with which private pages are shared copy-on-write. Null: out of
    // memory. `copied` is added to. Text of which the process has pages of its own, breakpoints for
    // example, is copied too; the other files' pages are left to faults.
    std::unique_ptr<Mm> fork(ForkedPages& copied);
    // Set by the probe layer; destroyed before all else in the mm.
    std::unique_ptr<MmExtension> extension;

    // Handles a fault at `address` and charges its path to `task`. The caller charges the
    // exception.
    FaultResult fault(VAddr address, Access access, TaskId task, Account account = Account::Guest);

    SysResult<VAddr> map(const MapRequest&);
    SysResult<FreedPages> unmap(VRange);
    SysResult<std::uint64_t> protect(VRange, Prot);  // value: present pages changed
    SysResult<VAddr> remap(VAddr old, std::uint64_t old_size, std::uint64_t new_size,
                           std::uint64_t flags, VAddr new_address);
    SysResult<std::uint64_t> discard(VRange);  // MADV_DONTNEED; value: present pages freed
    // Pages `first` to `end` - 1 of the file, in all mappings of it (Mappers::unmap).
    void unmap_file(const FileBacking& file, std::uint64_t first, std::uint64_t end,
                    Mappers::Copies copies);
    // Sets and clears marks, mapping by mapping. NoMem: part of the range is not mapped; what is,
    // was changed.
    SysResult<void> set_marks(VRange, std::uint32_t set, std::uint32_t clear);
    // mbind. NoMem: too many mappings.
    SysResult<void> set_policy(VRange, MemoryPolicy);
    // userfaultfd: `kinds` of faults in the range are asked of the watch (FaultWatch::k*). NoMem:
    // nothing is mapped there; Inval: no private anonymous memory; Busy: another one watches it.
    SysResult<void> watch(VRange, const std::shared_ptr<FaultWatch>& watch, std::uint8_t kinds);
    SysResult<void> unwatch(VRange);
    // NoEnt: it is not in one mapping that is watched.
    SysResult<void> check_watched(VRange) const;
    // A page of such a mapping that was missing: its bytes, or none for zeros. Exist: it is there.
    SysResult<void> fill(VAddr page, std::span<const std::byte> bytes, bool protect);
    // UFFDIO_MOVE: between two mappings that are alike, the first one watched by `watch`. NoEnt:
    // there is none; Inval: they are not.
    SysResult<void> check_move(VRange to, VRange from, const FaultWatch& watch) const;
    // Exist: there is a page already; NoEnt: there is none to move, and none may be missing; Busy:
    // it is shared with another process.
    SysResult<void> move_page(VAddr to, VAddr from, bool holes);
    // Accesses to a page that is missing are errors from now on.
    SysResult<void> poison(VAddr page);
    // Writes to the pages that are present are asked for, or no more.
    SysResult<void> protect_watched(VRange, bool on);
    // What the last fault of the task asked, once.
    struct Asked {
        std::shared_ptr<FaultWatch> watch;
        WatchedFault fault;
    };
    std::optional<Asked> take_asked(TaskId task);
    // Those that new mappings get (mlockall(MCL_FUTURE)).
    void set_default_marks(std::uint32_t marks) { default_marks_ = marks; }
    std::uint32_t default_marks() const { return default_marks_; }
    std::uint64_t locked_bytes() const;  // VmLck
    std::uint64_t locked_bytes_in(VRange) const;
    // Whether a mapping of the range is marked so.
    bool any_marked(VRange, std::uint32_t marks) const;
    // oom_reap_task_mm: frees the private pages of a process that was killed. Each access to this
    // memory faults from now on.
    void reap();
    // Linux's brk: the new break, or the present one if it cannot be moved.
    VAddr set_brk(VAddr wanted);
    void init_brk(VAddr start);
    VAddr brk_start() const { return brk_start_; }
    VAddr brk_end() const { return brk_end_; }
    void set_stack_limit(std::uint64_t bytes) { stack_limit_ = bytes; }
    std::uint64_t stack_limit() const { return stack_limit_; }
    // Sets the base of the mmap area, below the space reserved by the present stack limit. Called
    // by exec.
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
    std::uint64_t mapped_bytes() const { return mapped_bytes_; }  // VmSize
    std::uint64_t resident_pages() const { return space_->mapped_pages(); }
    // The most that there were (VmPeak, VmHWM), since they were forgotten (clear_refs).
    std::uint64_t peak_bytes() const { return std::max(peak_bytes_, mapped_bytes_); }
    std::uint64_t peak_pages() const { return std::max(peak_pages_, resident_pages()); }
    void forget_peak_pages() { peak_pages_ = 0; }
    // What the mappings take of the kernel's memory, tables excepted.
    std::uint64_t kernel_bytes() const { return charge_.bytes(); }
    // exe_file: keeps writers from the program for as long as an address space of it lives.
    void hold_program(FileHold hold) { program_ = std::move(hold); }
    // `rules` lives as long as the mm. Default: those that a kernel starts with.
    void obey(const MemoryRules& rules) { rules_ = &rules; }
    // The process that it was made for.
    std::int32_t maker() const { return maker_; }
    void set_maker(std::int32_t pid) { maker_ = pid; }

    // The mappings of one file become those of another one, which is as long.
    void exchange_file(const std::shared_ptr<FileBacking>& from,
                       const std::shared_ptr<FileBacking>& to);
    // uprobe_write_opcode: replaces the page at `address` by a private anonymous copy in this mm
    // and stores `word`, without checking access rights (text is read-only). False: no page.
    bool poke_text(VAddr address, std::uint32_t word, TaskId task);
    // The same page, for any other change that rights do not permit (FOLL_FORCE). Nothing: it is
    // shared, beyond the end of the file, or there is no memory.
    std::optional<PAddr> own_page(VAddr address);
    // Whether the page is present and this process's alone: a copy of a file's page for example.
    bool has_own_page(VAddr address) const;
    // Whether the frame is the zero page, which read faults on anonymous memory map.
    bool is_zero(PAddr frame) const;
    // Maps one page made by the kernel ([uprobes]) at the highest free address, or at `where`.
    // Takes over the caller's reference to the frame.
    SysResult<VAddr> map_special(const std::string& name, PAddr frame, Prot prot,
                                 VAddr where = VAddr(0),
                                 SpecialContent content = SpecialContent::FreshlyWritten,
                                 AtFork at_fork = AtFork::LeftOut);
    // Faults pages in without an exception, as get_user_pages does (MAP_POPULATE, mlock, exec's
    // strings). Charges each fault's path to `task`, if given. Stops at the first page that fails;
    // returns the number of pages present.
    std::uint64_t populate(VRange, Access, std::optional<TaskId> task);
    // msync: writes dirty pages of shared file mappings back to their files. NoMem: part of the
    // range is not mapped.
    SysResult<void> write_back(VRange);

    // The name in the last column of /proc/self/maps.
    std::string name_of(const Vma&) const;
    // The text of /proc/self/maps.
    std::string maps_text() const;

    void observe(MmObserver* observer) { observer_ = observer; }
    Machine& machine() { return machine_; }

private:
    friend class MmFaults;
    using VmaMap = std::map<VAddr, Vma>;

    static constexpr std::uint64_t kVmaBytes = 256;  // vm_area_struct
    // No more mappings, by number or for lack of memory.
    bool is_full(std::size_t reserve = 0) const {
        return vmas_.size() + reserve >= rules_->most_maps ||
               !machine_.memory.has_room((reserve + 2) * kVmaBytes);
    }
    void settle_charge() { charge_.resize(vmas_.size() * kVmaBytes); }

    // update_hiwater_rss, update_hiwater_vm: to call before there is less.
    void note_peaks() {
        peak_pages_ = peak_pages();
        peak_bytes_ = peak_bytes();
    }

    // mm.cpp
    void split_at(VAddr);
    void insert(Vma);
    void merge_around(VRange);
    VmaMap::iterator first_ending_after(VAddr);
    VmaMap::const_iterator first_ending_after(VAddr) const;
    void announce(const Vma& vma);

    // mm_place.cpp: placement of mappings, and limits
    bool is_free(VRange) const;
    std::optional<VAddr> find_gap(std::uint64_t length) const;
    void gap_grew(VRange freed);
    SysResult<VAddr> choose_place(const MapRequest&, std::uint64_t length) const;
    bool may_grow_by(std::uint64_t bytes, bool counts_as_data) const;
    bool overcommits(std::uint64_t bytes) const {
        const PhysicalMemory& memory = machine_.memory;
        return rules_->refuse(bytes, memory.limit_bytes(), memory.free_bytes());
    }
    bool grow_stack(VmaMap::iterator, VAddr);

    // fault.cpp
    FaultResult fault_in(VAddr address, Access access, std::optional<TaskId> task, Account account);

    // mm_marks.cpp: changes what lies in the range, mapping by mapping. NoMem: as set_marks.
    template <class Same, class Change>
    SysResult<void> edit(VRange, Same same, Change change);

    // mm_fork.cpp
    struct TableNumbers;
    bool copy_pages(const Vma&, Mm& child, TableNumbers&, ForkedPages&);

    // mm_change.cpp
    void mark_written(const Vma&, VRange);
    FreedPages zap(VRange);
    std::uint64_t apply_rights(const Vma&, VRange);
    SysResult<VAddr> move(VAddr old, std::uint64_t old_size, std::uint64_t new_size, VAddr to,
                          bool keep_old);
    SysResult<void> may_resize(VAddr old, std::uint64_t old_size, std::uint64_t new_size) const;
    SysResult<VAddr> remap_to(VAddr old, std::uint64_t old_size, std::uint64_t new_size,
                              std::uint64_t flags, VAddr to);

    // The zero page, mapped by read faults on anonymous memory; shared by a process and its forks.
    struct ZeroFrame;
    std::optional<PAddr> zero_frame();

    static constexpr MemoryRules kFirstRules{};

    Machine& machine_;
    const MemoryRules* rules_ = &kFirstRules;
    std::shared_ptr<ZeroFrame> zero_;
    std::unique_ptr<AddressSpace> space_;
    std::shared_ptr<MapperToken> token_;
    VmaMap vmas_;
    MemoryCharge charge_;
    std::uint64_t mapped_bytes_ = 0, peak_bytes_ = 0, peak_pages_ = 0;
    VAddr mmap_base_;
    // Where find_gap need not look: the gaps above this address are at most so large.
    mutable VAddr gaps_known_to_{kTaskSize};
    mutable std::uint64_t largest_known_gap_ = 0;
    VAddr brk_start_;
    VAddr brk_end_;
    std::uint64_t stack_limit_ = 8u << 20;
    std::uint64_t as_limit_ = ~std::uint64_t{0};
    std::uint64_t data_limit_ = ~std::uint64_t{0};
    std::uint32_t default_marks_ = 0;
    std::uint64_t shared_objects_ = 0;  // number of anonymous shared mappings made
    FileHold program_;
    MmObserver* observer_ = nullptr;
    std::int32_t maker_ = 0;
    std::optional<Asked> asked_;
    bool reaped_ = false;
};

}  // namespace uprobesim
