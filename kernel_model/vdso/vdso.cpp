// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/vdso/vdso.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "kernel_model/abi/clock.h"
#include "kernel_model/vdso/data_page.h"
#include "kernel_model/vdso/vdso_images.h"
#include "sim/base/error.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kDataPage = 0, kCodePage = 1, kPages = 2;

// Written at kernel start, so its caches are synchronised before any process executes it.
class VdsoPages final : public FileBacking {
public:
    VdsoPages(PhysicalMemory& memory, PAddr data, PAddr code)
        : memory_(memory), frames_{data, code} {}
    ~VdsoPages() override {
        for (const PAddr frame : frames_) memory_.release(frame);
    }
    VdsoPages(const VdsoPages&) = delete;
    VdsoPages& operator=(const VdsoPages&) = delete;

    FileKey key() const override { return {}; }
    std::uint64_t size() const override { return kPages * kPageSize; }
    SysResult<PAddr> page(std::uint64_t index) override {
        if (index >= kPages) return tl::make_unexpected(Errno::Fault);
        return frames_[index];
    }
    void mark_dirty(std::uint64_t) override {}
    SysResult<void> write_back(std::uint64_t, std::uint64_t) override { return {}; }
    std::string path() const override { return {}; }
    template <class T>
    void put(std::size_t at, T value) const {
        auto bytes = memory_.bytes(frames_[kDataPage]).subspan(at);
        std::memcpy(bytes.data(), &value, sizeof value);
    }

private:
    PhysicalMemory& memory_;
    std::array<PAddr, kPages> frames_;
};

// Which of the images: that of a namespace of times adds offsets.
constexpr std::size_t kOfFirst = 0, kOfTimes = 1;

bool has_vdso(const Machine& machine) {
    return machine.profile.vdso_clock.value != 0 && !vdso_images().empty();
}

// Null: there is no memory.
std::shared_ptr<FileBacking> make_pages(Machine& machine, std::uint64_t epoch_ns,
                                        std::size_t which) {
    const auto image = vdso_images().at(which).bytes;
    check_invariant(image.size() <= kPageSize, "the vDSO is larger than its page");
    PhysicalMemory& memory = machine.memory;
    const auto data = memory.allocate();
    if (!data) return nullptr;
    const auto code = memory.allocate();
    if (!code) {
        memory.release(*data);
        return nullptr;
    }
    const vdso_data values{
        .counter_hz = static_cast<std::uint64_t>(machine.profile.counter_hz.value),
        .epoch_ns = epoch_ns,
        .tick_ns = abi::kTickNs,
        .monotonic_offset_ns = 0,
        .boottime_offset_ns = 0};
    std::memcpy(memory.bytes(*data).data(), &values, sizeof values);
    std::copy(image.begin(), image.end(), memory.bytes(*code).begin());
    return std::make_shared<VdsoPages>(memory, *data, *code);
}

}  // namespace

std::shared_ptr<FileBacking> make_vdso(Machine& machine, std::uint64_t epoch_ns) {
    if (!has_vdso(machine)) return nullptr;
    auto pages = make_pages(machine, epoch_ns, kOfFirst);
    if (pages == nullptr)
        throw HostError("allocating the vDSO", "the guest has less than two pages of memory");
    return pages;
}

SysResult<std::shared_ptr<FileBacking>> make_time_vdso(Machine& machine, std::uint64_t epoch_ns) {
    if (!has_vdso(machine)) return nullptr;
    auto pages = make_pages(machine, epoch_ns, kOfTimes);
    if (pages == nullptr) return tl::make_unexpected(Errno::NoMem);
    return pages;
}

void set_vdso_epoch(const std::shared_ptr<FileBacking>& vdso, std::uint64_t epoch_ns) {
    if (const auto* pages = dynamic_cast<const VdsoPages*>(vdso.get()))
        pages->put(offsetof(vdso_data, epoch_ns), epoch_ns);
}

void set_vdso_offsets(const std::shared_ptr<FileBacking>& vdso, std::int64_t monotonic_ns,
                      std::int64_t boottime_ns) {
    const auto* pages = dynamic_cast<const VdsoPages*>(vdso.get());
    if (pages == nullptr) return;
    pages->put(offsetof(vdso_data, monotonic_offset_ns), monotonic_ns);
    pages->put(offsetof(vdso_data, boottime_offset_ns), boottime_ns);
}

SysResult<VAddr> map_vdso(Mm& mm, const std::shared_ptr<FileBacking>& vdso) {
    // Both are mapped in one contiguous range.
    const auto place = mm.map({.length = kPages * kPageSize,
                               .prot = {.read = true},
                               .may_write = false,
                               .file = vdso,
                               .offset = kDataPage * kPageSize,
                               .name = "[vvar]"});
    if (!place) return place;
    return mm.map({.hint = *place + kCodePage * kPageSize,
                   .length = kPageSize,
                   .prot = {.read = true, .exec = true},
                   .fixed = true,
                   .may_write = false,
                   .file = vdso,
                   .offset = kCodePage * kPageSize,
                   .name = "[vdso]"});
}

}  // namespace uprobesim
