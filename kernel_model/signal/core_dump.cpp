// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/signal/core_dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/signal/core_image.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kDumping = signal_bit(Signal::Quit) | signal_bit(Signal::Ill) |
                                   signal_bit(Signal::Trap) | signal_bit(Signal::Abrt) |
                                   signal_bit(Signal::Bus) | signal_bit(Signal::Fpe) |
                                   signal_bit(Signal::Segv) | signal_bit(Signal::Xcpu) |
                                   signal_bit(Signal::Xfsz) | signal_bit(Signal::Sys);

// format_corename.
std::string core_name(Kernel& kernel, const Task& task, const SignalInfo& info) {
    const Process& process = *task.process;
    const std::string pattern = kernel.sysctls().text(*Sysctls::find("kernel/core_pattern"));
    std::string name;
    bool has_pid = false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            name += pattern[i];
            continue;
        }
        if (++i == pattern.size()) break;
        switch (pattern[i]) {
            case '%': name += '%'; break;
            case 'p':
                name += std::to_string(process.id().own());
                has_pid = true;
                break;
            case 'P': name += std::to_string(process.pid); break;
            case 'i': name += std::to_string(task.pid().own()); break;
            case 'I': name += std::to_string(task.id.value); break;
            case 'u': name += std::to_string(task.cred->uid.real); break;
            case 'g': name += std::to_string(task.cred->gid.real); break;
            case 'd': name += std::to_string(process.options.dumpable); break;
            case 's': name += std::to_string(static_cast<int>(info.signal)); break;
            case 't': name += std::to_string(kernel.clock().realtime_ns() / 1'000'000'000); break;
            case 'h': name += process.uts->node; break;
            case 'e': {
                std::string shown = task.comm;
                std::ranges::replace(shown, '/', '!');
                name += shown;
                break;
            }
            case 'E': {
                std::string shown = process.exe;
                std::ranges::replace(shown, '/', '!');
                name += shown;
                break;
            }
            case 'c': name += std::to_string(process.limits[abi::kRlimitCore].soft); break;
            default: break;
        }
    }
    if (!has_pid && kernel.sysctls().number("kernel/core_uses_pid") != 0)
        name += fmt::format(".{}", process.id().own());
    return name;
}

// A file of one name that is the process's own.
std::shared_ptr<File> open_core(Kernel& kernel, const Task& task, const std::string& name) {
    Caller caller = caller_of(task);
    caller.umask = 0;
    auto opened = kernel.files().open(
        caller, name, abi::kOCreat | abi::kORdwr | abi::kONofollow | abi::kOLargefile, 0600);
    if (!opened) return nullptr;
    const auto status = opened->file->status();
    if (!status || (status->mode & abi::kIfmt) != abi::kIfReg || status->links != 1 ||
        status->uid != task.cred->uid.fs || !opened->file->truncate(0))
        return nullptr;
    return std::move(opened->file);
}

}  // namespace

bool dump_core(Kernel& kernel, Task& task, const SignalInfo& info) {
    const Process& process = *task.process;
    const std::uint64_t limit = process.limits[abi::kRlimitCore].soft;
    // One that is smaller than a page is none (min_coredump).
    if ((signal_bit(info.signal) & kDumping) == 0 || process.options.dumpable != 1 ||
        process.mm == nullptr || limit < kPageSize)
        return false;
    const std::string name = core_name(kernel, task, info);
    if (name.empty()) return false;
    if (name.front() == '|') {
        kernel.counters().note_unmodelled("core files by a program",
                                          "core_pattern begins with |: no core file");
        return false;
    }
    const auto file = open_core(kernel, task, name);
    if (file == nullptr) return false;
    std::uint64_t at = 0;
    write_core_image(kernel, task, info, [&](std::span<const std::byte> bytes) {
        if (bytes.size() > limit - at) return false;
        while (!bytes.empty()) {
            const auto written = file->write(at, bytes);
            if (!written || *written == 0) return false;
            at += *written;
            bytes = bytes.subspan(static_cast<std::size_t>(*written));
        }
        return true;
    });
    return true;
}

}  // namespace uprobesim
