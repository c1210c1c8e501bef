// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/target/gdb_thread.h"

#include <fmt/format.h>

#include "tools/gdb/wire/packet.h"

namespace uprobesim {
namespace {

std::optional<std::int32_t> id_of(std::string_view text) {
    constexpr std::uint64_t kMost = 0x7fffffff;
    if (text == "-1") return GdbThread::kAll;
    const auto number = hex_number(text);
    if (!number || *number > kMost) return std::nullopt;
    return static_cast<std::int32_t>(*number);
}

}  // namespace

std::optional<GdbThread> parse_gdb_thread(std::string_view text) {
    GdbThread thread;
    if (text.starts_with('p')) {
        text.remove_prefix(1);
        const auto pid = id_of(take_until(text, '.'));
        if (!pid) return std::nullopt;
        thread.pid = *pid;
        thread.tid = GdbThread::kAll;
        if (text.empty()) return thread;
    }
    const auto tid = id_of(text);
    if (!tid) return std::nullopt;
    thread.tid = *tid;
    return thread;
}

std::string gdb_thread_text(const GdbThread& thread) {
    return fmt::format("p{:x}.{:x}", thread.pid, thread.tid);
}

}  // namespace uprobesim
