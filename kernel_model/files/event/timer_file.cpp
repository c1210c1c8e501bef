// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/event/timer_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernel_model/abi/ioctl.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/memory/user_memory.h"

namespace uprobesim {

TimerFile::~TimerFile() {
    timers_.cancel(timer_);
}

void TimerFile::arm(std::uint64_t at_ns) {
    timers_.cancel(timer_);
    timer_ = 0;
    next_ns_ = at_ns;
    if (at_ns == 0) return;
    timer_ = timers_.arm_with_interrupt(at_ns, [this] {
        timer_ = 0;
        waiters_.wake();
    });
}

std::uint64_t TimerFile::monotonic(std::uint64_t absolute_ns) const {
    // A time in the past expires at once; 0 would disarm it.
    const std::uint64_t zero = base_ != nullptr ? base_->epoch_ns : 0;
    return std::max<std::uint64_t>(absolute_ns > zero ? absolute_ns - zero : 0, 1);
}

// timerfd_clock_was_set
void TimerFile::clock_was_set() {
    if (next_ns_ != 0 && absolute_ns_ != 0) arm(monotonic(absolute_ns_));
    if (!cancels_) return;
    cancelled_ = true;
    waiters_.wake();
}

void TimerFile::set(Setting wanted, bool absolute, bool cancels) {
    cancels_ = cancels && absolute && base_ != nullptr;
    cancelled_ = false;
    absolute_ns_ = absolute && base_ != nullptr ? wanted.value_ns : 0;
    const std::uint64_t now = clock_.now_ns();
    expirations_ = 0;
    interval_ns_ = wanted.interval_ns;
    if (wanted.value_ns == 0) return arm(0);
    if (!absolute) return arm(now + wanted.value_ns);
    arm(monotonic(wanted.value_ns));
}

void TimerFile::settle() {
    const std::uint64_t now = clock_.now_ns();
    if (next_ns_ == 0 || next_ns_ > now) return;
    const std::uint64_t periods = interval_ns_ == 0 ? 1 : (now - next_ns_) / interval_ns_ + 1;
    expirations_ += periods;
    absolute_ns_ = 0;
    arm(interval_ns_ == 0 ? 0 : next_ns_ + periods * interval_ns_);
}

TimerFile::Setting TimerFile::remaining() {
    settle();
    return {next_ns_ == 0 ? 0 : next_ns_ - clock_.now_ns(), interval_ns_};
}

SysResult<std::uint64_t> TimerFile::read(std::uint64_t, std::span<std::byte> to) {
    if (to.size() < sizeof expirations_) return tl::make_unexpected(Errno::Inval);
    settle();
    if (std::exchange(cancelled_, false)) {
        expirations_ = 0;
        return tl::make_unexpected(Errno::Canceled);
    }
    if (expirations_ == 0) return tl::make_unexpected(Errno::Again);
    std::memcpy(to.data(), &expirations_, sizeof expirations_);
    expirations_ = 0;
    return std::uint64_t{sizeof expirations_};
}

std::uint32_t TimerFile::poll() {
    const bool due = next_ns_ != 0 && next_ns_ <= clock_.now_ns();
    return due || cancelled_ || expirations_ > 0 ? abi::kPollIn : 0;
}

// TFD_IOC_SET_TICKS
SysResult<std::uint64_t> TimerFile::ioctl(std::uint64_t request, std::uint64_t arg,
                                          UserMemory& memory) {
    if (request != abi::kTfdIocSetTicks) return tl::make_unexpected(Errno::NotTty);
    const auto ticks = memory.get<std::uint64_t>(VAddr(arg));
    if (!ticks) return tl::make_unexpected(Errno::Fault);
    if (*ticks == 0) return tl::make_unexpected(Errno::Inval);
    if (std::exchange(cancelled_, false)) return tl::make_unexpected(Errno::Canceled);
    settle();
    expirations_ = *ticks;
    waiters_.wake();
    return std::uint64_t{0};
}

}  // namespace uprobesim
