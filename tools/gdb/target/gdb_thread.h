// SPDX-License-Identifier: GPL-2.0-or-later
// Thread ids of gdb's protocol: pPROCESS.THREAD, with -1 for all and 0 for any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace uprobesim {

struct GdbThread {
    static constexpr std::int32_t kAll = -1, kAny = 0;
    std::int32_t pid = kAny;
    std::int32_t tid = kAny;

    bool covers(std::int32_t process, std::int32_t thread) const {
        return (pid <= kAny || pid == process) && (tid <= kAny || tid == thread);
    }
};

// Without a process, "TID", it is of any; "pPID" is all threads of that process.
std::optional<GdbThread> parse_gdb_thread(std::string_view text);
std::string gdb_thread_text(const GdbThread& thread);

}  // namespace uprobesim
