// SPDX-License-Identifier: GPL-2.0-or-later
// The set of VMAs and the operations that change it: map, unmap, brk, special mappings.
#include "kernel_model/memory/mm.h"

#include <algorithm>
#include <utility>

#include "kernel_model/memory/page_rights.h"
#include "kernel_model/memory/shared_memory.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {
// Whether Linux would merge the two adjacent mappings. `a` ends where `b` begins.
bool mergeable(const Vma& a, const Vma& b) {
    if (a.range.end != b.range.begin || a.prot != b.prot || a.may_write != b.may_write ||
        a.shared != b.shared || a.grows_down != b.grows_down || a.dont_copy != b.dont_copy ||
        a.no_reserve != b.no_reserve || a.marks != b.marks || a.policy != b.policy ||
        a.watch != b.watch || a.watched != b.watched || a.file != b.file)
        return false;
    if (!a.name.empty() || !b.name.empty()) return a.name == b.name && a.grows_down;
    return a.file == nullptr || a.offset_of(a.range.end) == b.file_offset;
}
}  // namespace

struct Mm::ZeroFrame {
    PhysicalMemory& memory;
    std::optional<PAddr> frame;

    explicit ZeroFrame(PhysicalMemory& m) : memory(m) {}
    ~ZeroFrame() {
        if (frame) memory.release(*frame);
    }
    ZeroFrame(const ZeroFrame&) = delete;
    ZeroFrame& operator=(const ZeroFrame&) = delete;
};

Mm::Mm(Machine& machine)
    : machine_(machine),
      zero_(std::make_shared<ZeroFrame>(machine.memory)),
      space_(std::make_unique<AddressSpace>(machine.memory, *machine.cpu)),
      token_(std::make_shared<MapperToken>(this)),
      charge_(&machine.memory) {
    place_mmap_base();
}

std::unique_ptr<Mm> Mm::make(Machine& machine) {
    if (!machine.memory.has_room(kPageSize)) return nullptr;
    return std::make_unique<Mm>(machine);
}

Mm::~Mm() {
    extension.reset();
    zap({VAddr(0), kTaskSize});
}

bool Mm::is_zero(PAddr frame) const {
    return zero_->frame == frame;
}

std::optional<PAddr> Mm::zero_frame() {
    if (!zero_->frame) zero_->frame = machine_.memory.allocate();
    return zero_->frame;
}

Mm::VmaMap::iterator Mm::first_ending_after(VAddr address) {
    auto it = vmas_.upper_bound(address);
    if (it != vmas_.begin() && std::prev(it)->second.range.end > address) --it;
    return it;
}

Mm::VmaMap::const_iterator Mm::first_ending_after(VAddr address) const {
    auto it = vmas_.upper_bound(address);
    if (it != vmas_.begin() && std::prev(it)->second.range.end > address) --it;
    return it;
}

const Vma* Mm::find(VAddr address) const {
    const auto it = first_ending_after(address);
    return it != vmas_.end() && it->second.range.contains(address) ? &it->second : nullptr;
}

void Mm::split_at(VAddr at) {
    const auto it = first_ending_after(at);
    if (it == vmas_.end() || it->second.range.begin >= at) return;
    Vma upper = it->second;
    upper.file_offset = upper.offset_of(at);
    upper.range.begin = at;
    it->second.range.end = at;
    const Vma lower = it->second;
    vmas_.emplace(at, upper);
    settle_charge();
    announce(lower);
    announce(upper);
}

void Mm::insert(Vma vma) {
    const VRange range = vma.range;
    if (vma.file) vma.file->mappers.add(token_);
    mapped_bytes_ += range.size();
    vmas_.emplace(range.begin, std::move(vma));
    settle_charge();
    merge_around(range);
}

void Mm::merge_around(VRange range) {
    auto it = first_ending_after(range.begin);
    if (it != vmas_.begin()) --it;
    while (it != vmas_.end()) {
        const auto next = std::next(it);
        if (next == vmas_.end() || next->second.range.begin > range.end) return;
        if (mergeable(it->second, next->second)) {
            it->second.range.end = next->second.range.end;
            vmas_.erase(next);
            settle_charge();
            announce(Vma(it->second));
        } else {
            it = next;
        }
    }
}

void Mm::announce(const Vma& vma) {
    if (observer_ != nullptr && vma.file != nullptr) observer_->mapped(*this, vma);
}

SysResult<VAddr> Mm::map(const MapRequest& request) {
    if (request.length == 0) return tl::make_unexpected(Errno::Inval);
    if (request.length > kTaskSize.value) return tl::make_unexpected(Errno::NoMem);
    const std::uint64_t length = page_ceil(request.length);
    constexpr std::uint64_t kMaxFileBytes = ~std::uint64_t{0} >> 1;  // MAX_LFS_FILESIZE
    if (request.file != nullptr && request.offset > kMaxFileBytes - length)
        return tl::make_unexpected(Errno::Overflow);
    if (is_full()) return tl::make_unexpected(Errno::NoMem);
    const auto place = TRY(choose_place(request, length));
    const VRange range{place, place + length};

    const bool data = request.prot.write && !request.shared && !request.grows_down;
    if (!may_grow_by(length, data)) return tl::make_unexpected(Errno::NoMem);
    const bool accountable =
        !request.no_reserve && request.file == nullptr && (request.prot.write || request.shared);
    const bool private_file_data = !request.no_reserve && request.file != nullptr && data;
    if ((accountable || private_file_data) && overcommits(length))
        return tl::make_unexpected(Errno::NoMem);

    if (request.fixed && !request.fixed_noreplace) {
        TRY(unmap(range));
    }
    Vma vma{.range = range,
            .prot = request.prot,
            .may_write = request.may_write,
            .shared = request.shared,
            .grows_down = request.grows_down,
            .dont_copy = request.dont_copy,
            .no_reserve = request.no_reserve,
            .marks = request.marks | default_marks_,
            .file = request.file,
            .file_offset = request.file != nullptr ? request.offset : 0,
            .name = request.name};
    if (request.shared && request.file == nullptr) {
        const std::uint64_t inode = ++shared_objects_;
        vma.file = std::make_shared<SharedMemory>(machine_.memory, inode, length);
    }
    insert(std::move(vma));
    announce(Vma(*find(range.begin)));
    return range.begin;
}

SysResult<FreedPages> Mm::unmap(VRange range) {
    if (range.begin.page_offset() != 0 || range.end <= range.begin || range.end > kTaskSize)
        return tl::make_unexpected(Errno::Inval);
    range.end = VAddr(page_ceil(range.end.value));
    auto it = first_ending_after(range.begin);
    if (it == vmas_.end() || it->second.range.begin >= range.end) return FreedPages{};
    const bool makes_a_hole =
        it->second.range.begin < range.begin && range.end < it->second.range.end;
    if (makes_a_hole && is_full()) return tl::make_unexpected(Errno::NoMem);

    split_at(range.begin);
    split_at(range.end);
    const std::uint64_t copies = observer_ != nullptr ? observer_->unmapping(*this, range) : 0;
    FreedPages freed = zap(range);
    freed.own -= copies;
    freed.of_files += copies;
    const auto first = vmas_.lower_bound(range.begin), end = vmas_.lower_bound(range.end);
    note_peaks();
    for (auto gone = first; gone != end; ++gone) mapped_bytes_ -= gone->second.range.size();
    vmas_.erase(first, end);
    settle_charge();
    gap_grew(range);
    return freed;
}

void Mm::init_brk(VAddr start) {
    brk_start_ = brk_end_ = start;
}

VAddr Mm::set_brk(VAddr wanted) {
    if (wanted < brk_start_ || wanted > kTaskSize) return brk_end_;
    if (wanted - brk_start_ > data_limit_) return brk_end_;
    const VAddr old_end(page_ceil(brk_end_.value));
    const VAddr new_end(page_ceil(wanted.value));
    if (new_end < old_end) {
        if (!unmap({new_end, old_end})) return brk_end_;
    } else if (new_end > old_end) {
        // One page above the heap stays free.
        const std::uint64_t growth = new_end - old_end;
        if (new_end + kPageSize > kTaskSize || !is_free({old_end, new_end + kPageSize}))
            return brk_end_;
        if (!may_grow_by(growth, true) || overcommits(growth) || is_full()) return brk_end_;
        insert({.range = {old_end, new_end},
                .prot = {.read = true, .write = true},
                .marks = default_marks_});
    }
    brk_end_ = wanted;
    return brk_end_;
}

namespace {

// The backing of a special mapping: one frame made by the kernel. Each process takes a fault at its
// first access, as for vm_special_mapping.
class SpecialPage final : public FileBacking {
public:
    SpecialPage(PhysicalMemory& memory, PAddr frame, SpecialContent content)
        : memory_(memory), frame_(frame), content_(content) {}
    SpecialPage(const SpecialPage&) = delete;
    SpecialPage& operator=(const SpecialPage&) = delete;
    ~SpecialPage() override {
        if (owned_) memory_.release(frame_);
    }
    void own() { owned_ = true; }
    FileKey key() const override { return {}; }
    std::uint64_t size() const override { return kPageSize; }
    SysResult<PAddr> page(std::uint64_t index) override {
        if (index != 0) return tl::make_unexpected(Errno::Fault);
        return frame_;
    }
    void mark_dirty(std::uint64_t) override {}
    SysResult<void> write_back(std::uint64_t, std::uint64_t) override { return {}; }
    bool freshly_written() const override { return content_ == SpecialContent::FreshlyWritten; }
    std::string path() const override { return {}; }

private:
    PhysicalMemory& memory_;
    PAddr frame_;
    SpecialContent content_;
    bool owned_ = false;
};

}  // namespace

SysResult<VAddr> Mm::map_special(const std::string& name, PAddr frame, Prot prot, VAddr where,
                                 SpecialContent content, AtFork at_fork) {
    // xol_add_vma asks for the last page, or the address of the parent's page, and accepts the
    // address that get_unmapped_area returns.
    const auto page = std::make_shared<SpecialPage>(machine_.memory, frame, content);
    const MapRequest request{.hint = where != VAddr(0) ? where : kTaskSize - kPageSize,
                             .length = kPageSize,
                             .prot = prot,
                             .dont_copy = at_fork == AtFork::LeftOut,
                             .may_write = false,
                             .file = page,
                             .name = name};
    const auto place = map(request);
    if (place) page->own();
    return place;
}

}  // namespace uprobesim
