// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/uring/ring.h"

#include <algorithm>
#include <span>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/io_uring.h"
#include "kernel_model/abi/poll.h"

namespace uprobesim {
namespace {

// struct io_rings, each index in a cache line of its own.
constexpr std::uint64_t kSqHead = 0, kSqTail = 64, kCqHead = 128, kCqTail = 192, kSqMask = 256,
                        kCqMask = 260, kSqEntries = 264, kCqEntries = 268, kSqDropped = 272,
                        kSqFlags = 276, kCqFlags = 280, kCqOverflow = 284, kCqes = 320;
constexpr std::size_t kMostOverflow = 4096;
// A listener on the heap, and its places in its request and in the queue.
constexpr std::uint64_t kListenBytes = 160;

}  // namespace

// The three parts at their offsets; the submission and the completion ring are one part.
class RingFile::Memory final : public FileBacking {
public:
    Memory(std::shared_ptr<SharedMemory> ring, std::shared_ptr<SharedMemory> sqes)
        : ring_(std::move(ring)), sqes_(std::move(sqes)) {}
    FileKey key() const override { return ring_->key(); }
    std::uint64_t size() const override { return abi::kUringSqesOffset + sqes_->size(); }
    SysResult<PAddr> page(std::uint64_t index) override {
        constexpr std::uint64_t kCq = abi::kUringCqOffset / kPageSize,
                                kSqes = abi::kUringSqesOffset / kPageSize;
        if (index >= kSqes) return sqes_->page(index - kSqes);
        return ring_->page(index >= kCq ? index - kCq : index);
    }
    bool resident(std::uint64_t) const override { return false; }
    void mark_dirty(std::uint64_t) override {}
    SysResult<void> write_back(std::uint64_t, std::uint64_t) override { return {}; }
    std::string path() const override { return "anon_inode:[io_uring]"; }

private:
    std::shared_ptr<SharedMemory> ring_, sqes_;
};

RingFile::RingFile(PhysicalMemory& memory, std::uint64_t inode, std::uint32_t sq_entries,
                   std::uint32_t cq_entries)
    : AnonFile("io_uring", abi::kORdwr),
      sq_entries_(sq_entries),
      cq_entries_(cq_entries),
      ring_(std::make_shared<SharedMemory>(
          memory, inode, page_ceil(kCqes + cq_entries * sizeof(abi::UringCqe) + sq_entries * 4ul))),
      sqes_(std::make_shared<SharedMemory>(memory, inode,
                                           page_ceil(sq_entries * sizeof(abi::UringSqe)))),
      registered_(&memory) {
    store(kSqMask, sq_entries - 1);
    store(kCqMask, cq_entries - 1);
    store(kSqEntries, sq_entries);
    store(kCqEntries, cq_entries);
}

std::shared_ptr<FileBacking> RingFile::backing() {
    return std::make_shared<Memory>(ring_, sqes_);
}

void RingFile::account(RingRequest& request) const {
    constexpr std::uint64_t kNode = 2 * sizeof(void*);  // of the list
    request.charge = MemoryCharge(registered_.memory(),
                                  sizeof(RingRequest) + kNode +
                                      request.linked.size() * (sizeof(abi::UringSqe) + kNode) +
                                      request.listens.size() * kListenBytes);
}

template <class Table>
bool RingFile::put(Table& place, Table some) {
    if (!registered_.has_room(some.size() * sizeof(typename Table::value_type))) return false;
    place = std::move(some);
    registered_.resize(files.size() * sizeof(Files::value_type) +
                       buffers.size() * sizeof(Buffers::value_type));
    return true;
}
template bool RingFile::put(Files&, Files);
template bool RingFile::put(Buffers&, Buffers);

std::uint64_t RingFile::array_at() const {
    return kCqes + cq_entries_ * sizeof(abi::UringCqe);
}

void RingFile::describe(abi::UringParams& params) const {
    params.sq_entries = sq_entries_;
    params.cq_entries = cq_entries_;
    params.features = abi::kUringFeatures;
    params.sq = {.head = kSqHead,
                 .tail = kSqTail,
                 .mask = kSqMask,
                 .entries = kSqEntries,
                 .flags = kSqFlags,
                 .dropped = kSqDropped,
                 .array = static_cast<std::uint32_t>(array_at()),
                 .reserved = 0,
                 .user_address = 0};
    params.cq = {.head = kCqHead,
                 .tail = kCqTail,
                 .mask = kCqMask,
                 .entries = kCqEntries,
                 .overflow = kCqOverflow,
                 .cqes = kCqes,
                 .flags = kCqFlags,
                 .reserved = 0,
                 .user_address = 0};
}

std::uint32_t RingFile::load(std::uint64_t at) const {
    std::uint32_t value = 0;
    ring_->read(at, std::as_writable_bytes(std::span(&value, 1)));
    return value;
}

void RingFile::store(std::uint64_t at, std::uint32_t value) {
    ring_->write(at, std::as_bytes(std::span(&value, 1)));
}

std::uint32_t RingFile::submitted() const {
    return std::min(load(kSqTail) - load(kSqHead), sq_entries_);
}

std::optional<abi::UringSqe> RingFile::next() {
    while (submitted() != 0) {
        const std::uint32_t head = load(kSqHead);
        const std::uint32_t index = load(array_at() + (head & (sq_entries_ - 1)) * 4ul);
        store(kSqHead, head + 1);
        if (index >= sq_entries_) {
            store(kSqDropped, load(kSqDropped) + 1);
            continue;
        }
        abi::UringSqe sqe{};
        sqes_->read(index * sizeof sqe, std::as_writable_bytes(std::span(&sqe, 1)));
        return sqe;
    }
    return std::nullopt;
}

std::uint32_t RingFile::completed() const {
    return load(kCqTail) - load(kCqHead) + static_cast<std::uint32_t>(overflow_.size());
}

// io_cqring_overflow_flush.
void RingFile::flush_overflow() {
    std::size_t done = 0;
    while (done < overflow_.size() && load(kCqTail) - load(kCqHead) < cq_entries_) {
        const std::uint32_t tail = load(kCqTail);
        ring_->write(kCqes + (tail & (cq_entries_ - 1)) * sizeof(abi::UringCqe),
                     std::as_bytes(std::span(&overflow_[done], 1)));
        store(kCqTail, tail + 1);
        ++done;
    }
    overflow_.erase(overflow_.begin(), overflow_.begin() + static_cast<std::ptrdiff_t>(done));
    store(kSqFlags, overflow_.empty() ? 0 : abi::kUringCqOverflow);
}

void RingFile::complete(std::uint64_t user_data, std::int64_t result, bool quiet) {
    ++completions_;
    if (!quiet) {
        if (overflow_.size() < kMostOverflow) {
            overflow_.push_back({user_data, static_cast<std::int32_t>(result), 0});
        } else {
            store(kCqOverflow, load(kCqOverflow) + 1);
        }
        flush_overflow();
        if (eventfd) eventfd->signal_event();
    }
    waiters_.wake();
}

void RingFile::request_runnable(RingRequest& request) {
    if (request.runnable) return;
    request.runnable = true;
    if (schedule_progress) schedule_progress();
}

std::uint32_t RingFile::poll() {
    flush_overflow();
    std::uint32_t bits = 0;
    if (submitted() < sq_entries_) bits |= abi::kPollOut | abi::kPollWrnorm;
    if (completed() != 0) bits |= abi::kPollIn | abi::kPollRdnorm;
    return bits;
}

}  // namespace uprobesim
