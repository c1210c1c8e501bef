// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/files/device_ioctl.h"

#include <algorithm>

#include "kernel_model/abi/calls/devices.h"
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/ioctl.h"
#include "kernel_model/abi/stat.h"

namespace uprobesim {

namespace {

using namespace abi;

constexpr std::int32_t kPoolBits = 256;

SysOutcome count_entropy(SysCall& call) {
    return call.memory().put(call.address(2), kPoolBits) ? SysOutcome(0) : SysOutcome(Errno::Fault);
}

// RNDADDTOENTCNT, and the first word of RNDADDENTROPY.
SysOutcome add_to_count(SysCall& call) {
    const auto bits = call.memory().get<std::int32_t>(call.address(2));
    if (!bits) return Errno::Fault;
    return *bits < 0 ? SysOutcome(Errno::Inval) : SysOutcome(0);
}

// What is given is read, and has no part in what the deterministic source answers.
SysOutcome add_entropy(SysCall& call) {
    struct Head {
        std::int32_t bits, bytes;
    };
    const SysOutcome counted = add_to_count(call);
    if (std::holds_alternative<Errno>(counted)) return counted;
    UserMemory memory = call.memory();
    const auto head = memory.get<Head>(call.address(2));
    if (!head) return Errno::Fault;
    const auto bytes = static_cast<std::uint64_t>(std::max(head->bytes, 0));
    const bool whole =
        memory.reachable(call.address(2) + sizeof *head, bytes, Access::Read) == bytes;
    return head->bytes >= 0 && whole ? SysOutcome(0) : SysOutcome(Errno::Fault);
}

SysOutcome nothing(SysCall&) {
    return 0;
}

struct RandomRequest {
    std::uint32_t request;
    bool privileged;  // CAP_SYS_ADMIN
    SysOutcome (*answer)(SysCall&);
};
constexpr RandomRequest kRandomRequests[] = {
    {kRndgetentcnt, false, count_entropy}, {kRndaddtoentcnt, true, add_to_count},
    {kRndaddentropy, true, add_entropy},   {kRndzapentcnt, true, nothing},
    {kRndclearpool, true, nothing},        {kRndreseedcrng, true, nothing},
};

}  // namespace

bool is_random(File& file) {
    const auto status = file.status();
    if (!status || (status->mode & kIfmt) != kIfChr ||
        abi::device_major(status->rdevice) != kMemMajor)
        return false;
    const std::uint32_t minor = abi::device_minor(status->rdevice);
    return minor == kRandomMinor || minor == kUrandomMinor;
}

SysOutcome random_ioctl(SysCall& call) {
    const auto* const row =
        std::ranges::find(kRandomRequests, call.uint32(1), &RandomRequest::request);
    if (row == std::end(kRandomRequests)) return Errno::Inval;
    if (row->privileged && !call.capable(Capability::SysAdmin)) return Errno::Perm;
    return row->answer(call);
}

}  // namespace uprobesim
