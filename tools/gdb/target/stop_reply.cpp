// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/target/stop_reply.h"

#include <fmt/format.h>

#include "tools/gdb/wire/packet.h"

namespace uprobesim {
namespace {

std::string detail_of(const StopReason& reason) {
    const auto watch = [&](const char* name) {
        return fmt::format("{}:{:x};", name, reason.address.value);
    };
    switch (reason.kind) {
        case StopKind::Signal: return {};
        case StopKind::SoftwareBreak: return "swbreak:;";
        case StopKind::HardwareBreak: return "hwbreak:;";
        case StopKind::WriteWatch: return watch("watch");
        case StopKind::ReadWatch: return watch("rwatch");
        case StopKind::AccessWatch: return watch("awatch");
        case StopKind::Forked: return fmt::format("fork:{};", gdb_thread_text(reason.child));
        case StopKind::Vforked: return fmt::format("vfork:{};", gdb_thread_text(reason.child));
        case StopKind::VforkDone: return "vforkdone:;";
        case StopKind::Executed: return fmt::format("exec:{};", hex_text(reason.path));
        case StopKind::HistoryBegin: return "replaylog:begin;";
    }
    return {};
}

}  // namespace

std::string stop_reply(const StopReason& reason, const GdbThread& thread) {
    return fmt::format("T{:02x}{}thread:{};", reason.signal, detail_of(reason),
                       gdb_thread_text(thread));
}

std::string exit_reply(ExitKind kind, int status, std::int32_t pid) {
    if (kind == ExitKind::Signalled)
        return fmt::format("X{:02x};process:{:x}", gdb_signal_of(static_cast<Signal>(status)), pid);
    return fmt::format("W{:02x};process:{:x}", status & 0xff, pid);
}

}  // namespace uprobesim
