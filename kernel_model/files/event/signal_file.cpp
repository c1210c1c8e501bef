// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/event/signal_file.h"

#include <array>
#include <cstring>

namespace uprobesim {
namespace {

struct SignalfdSiginfo {
    std::uint32_t signo = 0;
    std::int32_t error = 0, code = 0;
    std::uint32_t pid = 0, uid = 0;
    std::int32_t fd = 0;
    std::uint32_t tid = 0, band = 0, overrun = 0, trapno = 0;
    std::int32_t status = 0, integer = 0;
    std::uint64_t pointer = 0, utime = 0, stime = 0, address = 0;
    std::array<std::uint64_t, 6> rest{};
};
static_assert(sizeof(SignalfdSiginfo) == 128);

// signalfd_copyinfo: the kind of signal decides which fields are set.
SignalfdSiginfo bytes_of(const SignalInfo& info) {
    SignalfdSiginfo out;
    out.signo = static_cast<std::uint32_t>(info.signal);
    out.code = info.code;
    if (info.code == abi::kSiTimer) {
        out.tid = static_cast<std::uint32_t>(info.pid);
        out.overrun = info.uid;
    } else {
        out.pid = static_cast<std::uint32_t>(info.pid);
        out.uid = info.uid;
    }
    if (info.code < 0) {
        out.integer = static_cast<std::int32_t>(info.value);
        out.pointer = info.value;
    } else if (info.signal == Signal::Chld) {
        out.status = info.status;
    } else {
        out.address = info.address;
    }
    return out;
}

}  // namespace

void SignalFile::set_mask(std::uint64_t mask) {
    mask_ = mask;
    if (WaitQueue* queue = waiters()) queue->wake();
}

SysResult<std::uint64_t> SignalFile::read(std::uint64_t, std::span<std::byte> to) {
    if (to.size() < kRecord) return tl::make_unexpected(Errno::Inval);
    std::size_t done = 0;
    while (done + kRecord <= to.size()) {
        const auto info = signals_->take(mask_);
        if (!info) break;
        const SignalfdSiginfo bytes = bytes_of(*info);
        std::memcpy(to.data() + done, &bytes, kRecord);
        done += kRecord;
    }
    if (done == 0) return tl::make_unexpected(Errno::Again);
    return std::uint64_t{done};
}

}  // namespace uprobesim
