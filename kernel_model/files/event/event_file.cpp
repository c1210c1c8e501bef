// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/event/event_file.h"

#include <fmt/format.h>

#include <cstring>

#include "kernel_model/abi/poll.h"

namespace uprobesim {

SysResult<std::uint64_t> EventFile::read(std::uint64_t, std::span<std::byte> to) {
    if (to.size() < sizeof count_) return tl::make_unexpected(Errno::Inval);
    if (count_ == 0) return tl::make_unexpected(Errno::Again);
    const std::uint64_t taken = semaphore_ ? 1 : count_;
    std::memcpy(to.data(), &taken, sizeof taken);
    count_ -= taken;
    waiters_.wake();
    return std::uint64_t{sizeof taken};
}

SysResult<std::uint64_t> EventFile::write(std::uint64_t, std::span<const std::byte> from) {
    std::uint64_t more = 0;
    if (from.size() != sizeof more) return tl::make_unexpected(Errno::Inval);
    std::memcpy(&more, from.data(), sizeof more);
    if (more > kMaxCount) return tl::make_unexpected(Errno::Inval);
    if (count_ == kOverflown || more > kMaxCount - count_) return tl::make_unexpected(Errno::Again);
    count_ += more;
    waiters_.wake();
    return std::uint64_t{sizeof more};
}

void EventFile::signal_event() {
    if (count_ < kOverflown) ++count_;
    waiters_.wake();
}

std::uint32_t EventFile::poll() {
    return (count_ > 0 ? abi::kPollIn : 0) | (count_ < kMaxCount ? abi::kPollOut : 0) |
           (count_ == kOverflown ? abi::kPollErr : 0);
}

std::string EventFile::fdinfo() const {
    return fmt::format("eventfd-count: {:16x}\neventfd-semaphore: {}\n", count_,
                       semaphore_ ? 1 : 0);
}

}  // namespace uprobesim
