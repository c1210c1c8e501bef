// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/kernel/accounting.h"

#include <algorithm>
#include <span>

#include "kernel_model/abi/calls/acct.h"
#include "kernel_model/abi/calls/devices.h"
#include "kernel_model/abi/wait.h"
#include "kernel_model/files/tty/pty.h"
#include "kernel_model/kernel/kernel.h"

namespace uprobesim {

namespace {

// encode_comp_t: the nearest number that it can hold, and the largest for those above.
std::uint16_t compressed(std::uint64_t value) {
    constexpr unsigned kFractionBits = 13, kDigitBits = 3, kMostDigits = 7;
    unsigned digits = 0;
    bool round_up = false;
    const auto shorten = [&] {
        round_up = (value >> (kDigitBits - 1) & 1) != 0;
        value >>= kDigitBits;
        ++digits;
    };
    while (value >> kFractionBits != 0) shorten();
    if (round_up && ++value >> kFractionBits != 0) shorten();
    if (digits > kMostDigits) return 0xffff;
    return static_cast<std::uint16_t>(digits << kFractionBits | value);
}

std::uint8_t flags_of(const Process& process) {
    const std::int32_t word = process.events.ended;
    std::uint8_t flags = process.executed ? 0 : abi::kAcctForked;
    if ((word & abi::kWaitCoreFlag) != 0) flags |= abi::kAcctCore;
    if (abi::wait_term_signal(word) != 0) flags |= abi::kAcctSignal;
    return flags;
}

}  // namespace

void Accounting::write_to(const PidNamespace* space, std::shared_ptr<File> file) {
    std::erase_if(logs_, [&](const Log& log) { return log.space == space; });
    if (file) logs_.push_back({space, std::move(file)});
}

void Accounting::process_ended(const Process& process) {
    if (logs_.empty() || process.tasks.empty()) return;
    constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
    const Task& first = *process.tasks.begin()->second;
    const Clock& clock = kernel_.clock();
    const CpuTime used = clock.cpu_time(process);
    const std::uint64_t elapsed_ticks = (clock.monotonic_ns() - first.start_ns) / abi::kAcctTickNs;
    const Pty* const terminal = kernel_.terminals().of_session(process.session);
    abi::AcctRecord record{};
    record.flags = flags_of(process);
    record.version = abi::kAcctVersion;
    if (terminal != nullptr)
        record.tty = static_cast<std::uint16_t>(abi::kPtsMajor << 8 | (terminal->index & 0xff));
    record.exit_code = static_cast<std::uint32_t>(process.events.ended);
    record.begin_s = static_cast<std::uint32_t>(clock.realtime_ns() / kNsPerSecond -
                                                elapsed_ticks * abi::kAcctTickNs / kNsPerSecond);
    record.elapsed_ticks = static_cast<float>(elapsed_ticks);
    record.user_ticks = compressed(used.user_ns / abi::kAcctTickNs);
    record.system_ticks = compressed(used.system_ns / abi::kAcctTickNs);
    record.memory_kib = compressed(process.mm ? process.mm->mapped_bytes() / 1024 : 0);
    record.minor_faults = compressed(kernel_.faults(process));
    std::copy_n(first.comm.begin(), std::min(first.comm.size(), record.command.size() - 1),
                record.command.begin());
    for (const Log& log : logs_) {
        if (!is_within(process.pid_space(), log.space)) continue;
        const UserSpace owner = log.file->opened_with ? log.file->opened_with->space : nullptr;
        record.uid = shown_user(owner, first.cred->uid.real);
        record.gid = shown_group(owner, first.cred->gid.real);
        record.pid = static_cast<std::uint32_t>(process.id().in(log.space));
        const std::int32_t parent = kernel_.processes().ids().inside(log.space, process.parent_pid);
        record.parent = static_cast<std::uint32_t>(parent);
        const auto end = log.file->size();
        if (end) static_cast<void>(log.file->write(*end, std::as_bytes(std::span(&record, 1))));
    }
}

}  // namespace uprobesim
