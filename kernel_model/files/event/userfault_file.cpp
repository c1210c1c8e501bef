// SPDX-License-Identifier: GPL-2.0-or-later
// fs/userfaultfd.c
#include "kernel_model/files/event/userfault_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/memory/user_memory.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

constexpr std::uint64_t kFeatures =
    kUffdFlagWp | kUffdSigbus | kUffdThreadId | kUffdExactAddress | kUffdPoison | kUffdMove;
constexpr std::uint64_t kCalls = 1 << 0 | 1 << 1 | std::uint64_t{1} << 0x3f;

// validate_range
SysResult<VRange> pages_of(const UffdRange& range) {
    if (range.start % kPageSize != 0 || range.length % kPageSize != 0 || range.length == 0 ||
        range.start >= Mm::kTaskSize.value || range.length > Mm::kTaskSize.value - range.start)
        return tl::make_unexpected(Errno::Inval);
    return VRange{VAddr(range.start), VAddr(range.start + range.length)};
}

}  // namespace

bool Userfault::signals() const {
    return (features & kUffdSigbus) != 0;
}

WaitQueue& Userfault::ask(const WatchedFault& fault) {
    // One that was interrupted in its wait asks again.
    std::erase_if(questions_, [&](const Question& question) {
        return question.fault.task == fault.task || question.waiters.empty();
    });
    Question& question = questions_.emplace_back();
    question.fault = fault;
    readers.wake(kPollIn);
    return question.waiters;
}

bool Userfault::pending() const {
    return unread() != 0;
}

std::size_t Userfault::unread() const {
    return static_cast<std::size_t>(std::ranges::count_if(questions_, [](const Question& question) {
        return !question.read && !question.waiters.empty();
    }));
}

std::optional<UffdMessage> Userfault::next_message() {
    const auto next = std::ranges::find_if(questions_, [](const Question& question) {
        return !question.read && !question.waiters.empty();
    });
    if (next == questions_.end()) return std::nullopt;
    next->read = true;
    const WatchedFault& fault = next->fault;
    const bool exact = (features & kUffdExactAddress) != 0;
    UffdMessage message{};
    message.event = kUffdEventPageFault;
    message.flags = (fault.write ? kUffdFaultWrite : 0) | (fault.protection ? kUffdFaultWp : 0);
    message.address = exact ? fault.address.value : fault.address.page().value;
    if ((features & kUffdThreadId) != 0)
        message.thread = static_cast<std::uint32_t>(number_of(fault.task));
    return message;
}

void Userfault::answer(VRange range) {
    std::erase_if(questions_,
                  [&](const Question& question) { return range.contains(question.fault.address); });
}

void Userfault::close() {
    closed_ = true;
    questions_.clear();
}

SysResult<std::uint64_t> UserfaultFile::read(std::uint64_t, std::span<std::byte> to) {
    if (!watch_->agreed || to.size() < sizeof(UffdMessage))
        return tl::make_unexpected(Errno::Inval);
    std::uint64_t done = 0;
    while (to.size() - done >= sizeof(UffdMessage)) {
        const auto message = watch_->next_message();
        if (!message) break;
        std::memcpy(to.data() + done, &*message, sizeof *message);
        done += sizeof *message;
    }
    if (done == 0) return tl::make_unexpected(Errno::Again);
    return done;
}

std::uint32_t UserfaultFile::poll() {
    if (!watch_->agreed || (flags & kONonblock) == 0) return kPollErr;
    return watch_->pending() ? kPollIn : 0;
}

std::string UserfaultFile::fdinfo() const {
    return fmt::format("pending:\t{}\ntotal:\t{}\nAPI:\t{:x}:{:x}:{:x}\n", watch_->unread(),
                       watch_->waiting(), kUffdApi, watch_->features, kFeatures);
}

SysResult<std::uint64_t> UserfaultFile::ioctl(std::uint64_t request, std::uint64_t arg,
                                              UserMemory& memory) {
    struct Row {
        std::uint64_t request;
        Result (UserfaultFile::*carry_out)(VAddr, UserMemory&);
    };
    static constexpr Row kRows[] = {{kUffdioApi, &UserfaultFile::agree},
                                    {kUffdioRegister, &UserfaultFile::enlist},
                                    {kUffdioUnregister, &UserfaultFile::release},
                                    {kUffdioWake, &UserfaultFile::wake},
                                    {kUffdioCopy, &UserfaultFile::copy},
                                    {kUffdioMove, &UserfaultFile::move},
                                    {kUffdioZeropage, &UserfaultFile::zero},
                                    {kUffdioWriteProtect, &UserfaultFile::protect},
                                    {kUffdioPoison, &UserfaultFile::poison}};
    if (request != kUffdioApi && !watch_->agreed) return tl::make_unexpected(Errno::Inval);
    const auto* const row = std::ranges::find(kRows, request, &Row::request);
    if (row == std::end(kRows)) return tl::make_unexpected(Errno::Inval);
    return (this->*row->carry_out)(VAddr(arg), memory);
}

UserfaultFile::Result UserfaultFile::agree(VAddr at, UserMemory& memory) {
    const auto wanted = memory.get<UffdApi>(at);
    if (!wanted) return tl::make_unexpected(Errno::Fault);
    UffdApi told{};
    if (wanted->api != kUffdApi || (wanted->features & ~kFeatures) != 0) {
        if (!memory.put(at, told)) return tl::make_unexpected(Errno::Fault);
        return tl::make_unexpected(Errno::Inval);
    }
    told = {kUffdApi, kFeatures, kCalls};
    if (!memory.put(at, told)) return tl::make_unexpected(Errno::Fault);
    if (watch_->agreed) {
        if (!memory.put(at, UffdApi{})) return tl::make_unexpected(Errno::Fault);
        return tl::make_unexpected(Errno::Inval);
    }
    watch_->agreed = true;
    watch_->features = wanted->features;
    return 0;
}

UserfaultFile::Result UserfaultFile::enlist(VAddr at, UserMemory& memory) {
    auto wanted = memory.get<UffdRegister>(at);
    if (!wanted) return tl::make_unexpected(Errno::Fault);
    constexpr std::uint64_t kModes = kUffdModeMissing | kUffdModeWp;
    if (wanted->mode == 0 || (wanted->mode & ~kModes) != 0)
        return tl::make_unexpected(Errno::Inval);
    const VRange range = TRY(pages_of(wanted->range));
    const auto mm = mm_.lock();
    if (!mm) return tl::make_unexpected(Errno::NoMem);
    const bool protects = (wanted->mode & kUffdModeWp) != 0;
    TRY(mm->watch(range, watch_,
                  static_cast<std::uint8_t>(
                      ((wanted->mode & kUffdModeMissing) != 0 ? FaultWatch::kMissing : 0) |
                      (protects ? FaultWatch::kProtected : 0))));
    wanted->calls = kUffdRangeCalls | (protects ? kUffdProtectCall : 0);
    if (!memory.put(at, *wanted)) return tl::make_unexpected(Errno::Fault);
    return 0;
}

UserfaultFile::Result UserfaultFile::release(VAddr at, UserMemory& memory) {
    const auto wanted = memory.get<UffdRange>(at);
    if (!wanted) return tl::make_unexpected(Errno::Fault);
    const VRange range = TRY(pages_of(*wanted));
    const auto mm = mm_.lock();
    if (!mm) return tl::make_unexpected(Errno::NoMem);
    TRY(mm->unwatch(range));
    watch_->answer(range);
    return 0;
}

UserfaultFile::Result UserfaultFile::wake(VAddr at, UserMemory& memory) {
    const auto wanted = memory.get<UffdRange>(at);
    if (!wanted) return tl::make_unexpected(Errno::Fault);
    watch_->answer(TRY(pages_of(*wanted)));
    return 0;
}

template <class Fill>
UserfaultFile::Result UserfaultFile::fill_pages(Mm& mm, VRange range, bool wakes, VAddr told,
                                                UserMemory& memory, Fill fill) {
    std::uint64_t done = 0;
    SysResult<void> filled = mm.check_watched(range);
    while (filled && done < range.size()) {
        filled = fill(range.begin + done);
        if (filled) done += kPageSize;
    }
    const std::int64_t result =
        done != 0 ? static_cast<std::int64_t>(done) : -static_cast<std::int64_t>(filled.error());
    if (!memory.put(told, result)) return tl::make_unexpected(Errno::Fault);
    if (wakes && done != 0) watch_->answer({range.begin, range.begin + done});
    if (done == 0) return tl::make_unexpected(filled.error());
    return done == range.size() ? Result(0) : tl::make_unexpected(Errno::Again);
}

UserfaultFile::Result UserfaultFile::copy(VAddr at, UserMemory& memory) {
    const auto wanted = memory.get<UffdCopy>(at);
    if (!wanted) return tl::make_unexpected(Errno::Fault);
    const VRange range = TRY(pages_of({wanted->to, wanted->length}));
    if (wanted->from + wanted->length <= wanted->from ||
        (wanted->mode & ~(kUffdDontWake | kUffdCopyWp)) != 0)
        return tl::make_unexpected(Errno::Inval);
    const auto mm = mm_.lock();
    if (!mm) return tl::make_unexpected(Errno::Srch);
    const bool protects = (wanted->mode & kUffdCopyWp) != 0;
    return fill_pages(*mm, range, (wanted->mode & kUffdDontWake) == 0,
                      at + offsetof(UffdCopy, done), memory, [&](VAddr to) -> SysResult<void> {
                          std::array<std::byte, kPageSize> page{};
                          if (!memory.read(VAddr(wanted->from + (to - range.begin)), page))
                              return tl::make_unexpected(Errno::Fault);
                          return mm->fill(to, page, protects);
                      });
}

// userfaultfd_move
UserfaultFile::Result UserfaultFile::move(VAddr at, UserMemory& memory) {
    const auto wanted = memory.get<UffdCopy>(at);
    if (!wanted) return tl::make_unexpected(Errno::Fault);
    const VRange to = TRY(pages_of({wanted->to, wanted->length}));
    const VRange from = TRY(pages_of({wanted->from, wanted->length}));
    if ((wanted->mode & ~(kUffdDontWake | kUffdMoveHoles)) != 0)
        return tl::make_unexpected(Errno::Inval);
    const auto mm = mm_.lock();
    if (!mm) return tl::make_unexpected(Errno::Srch);
    const VAddr told = at + offsetof(UffdCopy, done);
    if (const auto may = mm->check_move(to, from, *watch_); !may) {
        if (!memory.put(told, -static_cast<std::int64_t>(may.error())))
            return tl::make_unexpected(Errno::Fault);
        return tl::make_unexpected(may.error());
    }
    const bool holes = (wanted->mode & kUffdMoveHoles) != 0;
    return fill_pages(*mm, to, (wanted->mode & kUffdDontWake) == 0, told, memory, [&](VAddr page) {
        return mm->move_page(page, from.begin + (page - to.begin), holes);
    });
}

// mfill_zeropage and, where `poisons`, mfill_atomic_poison.
UserfaultFile::Result UserfaultFile::fill_range(VAddr at, UserMemory& memory, bool poisons) {
    const auto wanted = memory.get<UffdZero>(at);
    if (!wanted) return tl::make_unexpected(Errno::Fault);
    const VRange range = TRY(pages_of(wanted->range));
    if ((wanted->mode & ~kUffdDontWake) != 0) return tl::make_unexpected(Errno::Inval);
    const auto mm = mm_.lock();
    if (!mm) return tl::make_unexpected(Errno::Srch);
    return fill_pages(
        *mm, range, (wanted->mode & kUffdDontWake) == 0, at + offsetof(UffdZero, done), memory,
        [&](VAddr page) { return poisons ? mm->poison(page) : mm->fill(page, {}, false); });
}

UserfaultFile::Result UserfaultFile::zero(VAddr at, UserMemory& memory) {
    return fill_range(at, memory, false);
}

UserfaultFile::Result UserfaultFile::poison(VAddr at, UserMemory& memory) {
    return fill_range(at, memory, true);
}

UserfaultFile::Result UserfaultFile::protect(VAddr at, UserMemory& memory) {
    const auto wanted = memory.get<UffdProtect>(at);
    if (!wanted) return tl::make_unexpected(Errno::Fault);
    const VRange range = TRY(pages_of(wanted->range));
    const bool on = (wanted->mode & kUffdProtect) != 0,
               quiet = (wanted->mode & kUffdProtectDontWake) != 0;
    if ((wanted->mode & ~(kUffdProtect | kUffdProtectDontWake)) != 0 || (on && quiet))
        return tl::make_unexpected(Errno::Inval);
    const auto mm = mm_.lock();
    if (!mm) return tl::make_unexpected(Errno::Srch);
    TRY(mm->protect_watched(range, on));
    if (!on && !quiet) watch_->answer(range);
    return 0;
}

}  // namespace uprobesim
