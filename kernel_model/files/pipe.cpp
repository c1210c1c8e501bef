// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/pipe.h"

#include <algorithm>
#include <bit>
#include <string>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/abi/ioctl.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/files/file_events.h"
#include "kernel_model/memory/user_memory.h"

namespace uprobesim {

namespace {
// The device of pipes without a name: they have no mount of their own.
constexpr std::uint64_t kPipefs = 13;
}  // namespace

std::size_t Pipe::first_slots(const PipeOwner& owner) {
    const PipeRights& rights = owner.rights;
    std::uint64_t slots = kDefaultSize / kPageSize;
    if (!rights.any_size) slots = std::min(slots, rights.most_bytes / kPageSize);
    if (owner.pages == nullptr) return slots;
    const auto known = owner.pages->find(owner.uid);
    const std::uint64_t before = known != owner.pages->end() ? known->second : 0;
    // A user with many pipes gets small ones.
    if (rights.too_soft(before + slots)) slots = kFewestSlots;
    return rights.too_hard(before + slots) ? 0 : slots;
}

Pipe::Pipe(PipeOwner owner) : owner_(std::move(owner)), charge_(owner_.memory) {
    account_slots(std::max<std::size_t>(first_slots(owner_), 1));
}

Pipe::~Pipe() {
    account_slots(0);
}

void Pipe::account_slots(std::size_t slots) {
    if (owner_.pages != nullptr) {
        auto& of_user = (*owner_.pages)[owner_.uid];
        of_user += slots - most_slots_;
        if (of_user == 0) owner_.pages->erase(owner_.uid);
    }
    most_slots_ = slots;
}

SysResult<std::uint64_t> Pipe::read(std::span<std::byte> to) {
    if (slots_.empty()) return tl::make_unexpected(Errno::Again);
    const bool was_full = full();
    const std::uint64_t done = look(to);
    take(done);
    // The unread rest of a packet is dropped.
    if (!slots_.empty() && slots_.front().packet && slots_.front().taken > 0) slots_.pop_front();
    taken(was_full);
    return done;
}

std::uint64_t Pipe::look(std::span<std::byte> to) const {
    std::size_t done = 0;
    for (const Slot& slot : slots_) {
        const std::size_t n = std::min(to.size() - done, slot.bytes.size() - slot.taken);
        std::copy_n(slot.bytes.begin() + static_cast<std::ptrdiff_t>(slot.taken), n,
                    to.begin() + static_cast<std::ptrdiff_t>(done));
        done += n;
        if (slot.packet || done == to.size()) break;
    }
    return done;
}

void Pipe::drop(std::uint64_t bytes) {
    const bool was_full = full();
    take(bytes);
    taken(was_full);
}

void Pipe::take(std::uint64_t bytes) {
    while (bytes > 0) {
        Slot& slot = slots_.front();
        const std::size_t n = std::min<std::uint64_t>(bytes, slot.bytes.size() - slot.taken);
        slot.taken += n;
        bytes -= n;
        if (slot.taken == slot.bytes.size()) slots_.pop_front();
    }
}

void Pipe::taken(bool was_full) {
    charge_.resize(slots_.size() * kSlotBytes);
    // pipe_read: nothing that a reader waits for has happened, so there is no new edge for it.
    if (!was_full) return;
    writable.wake(abi::kPollOut | abi::kPollWrnorm);
    either.wake(abi::kPollOut | abi::kPollWrnorm);
}

SysResult<std::uint64_t> Pipe::write(std::span<const std::byte> from, bool packet) {
    std::size_t done = 0;
    const std::size_t odd = from.size() % kPageSize;
    if (odd != 0 && !packet && !slots_.empty()) {
        Slot& last = slots_.back();
        if (!last.packet && last.bytes.size() + odd <= kPageSize) {
            last.bytes.insert(last.bytes.end(), from.begin(),
                              from.begin() + static_cast<std::ptrdiff_t>(odd));
            done = odd;
        }
    }
    std::uint64_t added = 0;
    const auto has_room = [&] { return charge_.has_room(++added * kSlotBytes); };
    while (done < from.size() && !full() && has_room()) {
        const auto part = from.subspan(done, std::min(kPageSize, from.size() - done));
        slots_.push_back({.bytes = {part.begin(), part.end()}, .packet = packet});
        done += part.size();
    }
    if (done == 0 && !from.empty())
        return tl::make_unexpected(full() ? Errno::Again : Errno::NoMem);
    if (done > 0) {
        charge_.resize(slots_.size() * kSlotBytes);
        readable.wake(abi::kPollIn | abi::kPollRdnorm);
        either.wake(abi::kPollIn | abi::kPollRdnorm);
    }
    return std::uint64_t{done};
}

std::vector<std::byte> Pipe::peek(std::uint64_t most) const {
    std::vector<std::byte> seen;
    for (const Slot& slot : slots_) {
        const std::size_t n =
            std::min<std::uint64_t>(most - seen.size(), slot.bytes.size() - slot.taken);
        const auto begin = slot.bytes.begin() + static_cast<std::ptrdiff_t>(slot.taken);
        seen.insert(seen.end(), begin, begin + static_cast<std::ptrdiff_t>(n));
    }
    return seen;
}

std::uint64_t Pipe::bytes() const {
    std::uint64_t sum = 0;
    for (const Slot& slot : slots_) sum += slot.bytes.size() - slot.taken;
    return sum;
}

std::uint64_t Pipe::size() const {
    return most_slots_ * kPageSize;
}

// round_pipe_size, pipe_set_size.
SysResult<std::uint64_t> Pipe::resize(std::uint64_t bytes, const PipeRights& rights) {
    if (bytes > std::uint64_t{1} << 31) return tl::make_unexpected(Errno::Inval);
    const std::uint64_t size = std::bit_ceil(std::max<std::uint64_t>(bytes, kPageSize));
    const std::size_t slots = size / kPageSize;
    const bool grows = slots > most_slots_;
    if (grows && size > rights.most_bytes && !rights.any_size)
        return tl::make_unexpected(Errno::Perm);
    if (owner_.pages != nullptr && grows &&
        rights.too_many((*owner_.pages)[owner_.uid] + slots - most_slots_))
        return tl::make_unexpected(Errno::Perm);
    if (slots > kMostSlots) return tl::make_unexpected(Errno::NoMem);
    if (slots < slots_.size()) return tl::make_unexpected(Errno::Busy);
    account_slots(slots);
    changed();
    return this->size();
}

void Pipe::open(bool reads, bool writes) {
    readers_ += reads;
    writers_ += writes;
    reader_opens_ += reads;
    writer_opens_ += writes;
    changed();
}

void Pipe::close(bool reads, bool writes) {
    readers_ -= reads;
    writers_ -= writes;
    if (readers_ == 0 && writers_ == 0) slots_.clear();  // an unused FIFO keeps no data
    changed();
}

void Pipe::changed() {
    charge_.resize(slots_.size() * kSlotBytes);
    readable.wake();
    writable.wake();
    either.wake();
}

PipeEnd::PipeEnd(std::shared_ptr<Pipe> pipe, std::uint32_t open_flags,
                 std::shared_ptr<FileStatus> status)
    : pipe_(std::move(pipe)),
      reads_((open_flags & abi::kOAccmode) != abi::kOWronly),
      writes_((open_flags & abi::kOAccmode) != abi::kORdonly),
      status_(std::move(status)) {
    flags = open_flags;
    other_opens_ = reads_ ? pipe_->writer_opens() : pipe_->reader_opens();
    pipe_->open(reads_, writes_);
}

PipeEnd::~PipeEnd() {
    if (tells && events)
        events->of_file(*this, writes_ ? abi::kInCloseWrite : abi::kInCloseNowrite);
    pipe_->close(reads_, writes_);
}

bool PipeEnd::waits_for_partner() const {
    // A pipe without a name can be opened only through /proc/PID/fd, which never waits (fifo_open).
    if ((reads_ && writes_) || status_->device == kPipefs) return false;
    const bool there = reads_ ? pipe_->writers() > 0 : pipe_->readers() > 0;
    return !there && other_opens_ == (reads_ ? pipe_->writer_opens() : pipe_->reader_opens());
}

// With packets, one read returns one packet.
std::uint64_t PipeEnd::record_bytes() const {
    return reads_ && !writes_ && (flags & abi::kODirect) != 0 ? kPageSize : 0;
}

SysResult<std::uint64_t> PipeEnd::read(std::uint64_t, std::span<std::byte> to) {
    if (!reads_) return tl::make_unexpected(Errno::Badf);
    if (to.empty() || (pipe_->empty() && pipe_->writers() == 0)) return std::uint64_t{0};
    return pipe_->read(to);
}

SysResult<std::uint64_t> PipeEnd::write(std::uint64_t, std::span<const std::byte> from) {
    if (!writes_) return tl::make_unexpected(Errno::Badf);
    if (from.empty()) return std::uint64_t{0};
    if (pipe_->readers() == 0) return tl::make_unexpected(Errno::Pipe);
    return pipe_->write(from, (flags & abi::kODirect) != 0);
}

SysResult<std::uint64_t> PipeEnd::ioctl(std::uint64_t request, std::uint64_t arg,
                                        UserMemory& memory) {
    if (request != abi::kFionread) return tl::make_unexpected(Errno::NotTty);
    if (!memory.put(VAddr(arg), static_cast<std::int32_t>(pipe_->bytes())))
        return tl::make_unexpected(Errno::Fault);
    return std::uint64_t{0};
}

// pipe_poll.
std::uint32_t PipeEnd::poll() {
    std::uint32_t mask = 0;
    if (reads_) {
        if (!pipe_->empty()) mask |= abi::kPollIn | abi::kPollRdnorm;
        // Not before the first writer.
        if (pipe_->writers() == 0 && other_opens_ != pipe_->writer_opens()) mask |= abi::kPollHup;
    }
    if (writes_) {
        if (!pipe_->full()) mask |= abi::kPollOut | abi::kPollWrnorm;
        if (pipe_->readers() == 0) mask |= abi::kPollErr;
    }
    return mask;
}

WaitQueue* PipeEnd::waiters() {
    return reads_ && writes_ ? &pipe_->either : reads_ ? &pipe_->readable : &pipe_->writable;
}

std::pair<std::shared_ptr<File>, std::shared_ptr<File>> make_pipe(std::uint64_t inode,
                                                                  std::uint32_t flags,
                                                                  PipeOwner owner) {
    const auto status = std::make_shared<FileStatus>();
    status->device = kPipefs;
    status->inode = inode;
    status->mode = abi::kIfIfo | 0600;
    auto pipe = std::make_shared<Pipe>(std::move(owner));
    auto reader = std::make_shared<PipeEnd>(pipe, abi::kORdonly | flags, status);
    auto writer = std::make_shared<PipeEnd>(pipe, abi::kOWronly | flags, status);
    reader->name = writer->name = "pipe:[" + std::to_string(inode) + "]";
    return {reader, writer};
}

}  // namespace uprobesim
