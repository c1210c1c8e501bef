// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/locks: locks of files and leases, and below each what waits for it (lock_get_status).
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "kernel_model/files/locks/locks.h"
#include "kernel_model/proc/proc_text.h"
#include "kernel_model/spaces/pid_table.h"

namespace uprobesim {

namespace {

struct Line {
    std::string_view kind;  // with what stands before the type
    std::int32_t type = 0;
    std::int32_t pid = 0;  // in the first namespace; -1: of an open description
    FileKey file;
    std::string range = "0 EOF";
    std::uint64_t number = 0;
    std::vector<Line> waiting{};
};

std::string_view word_of(std::int32_t type) {
    return type == abi::kFWrlck ? "WRITE" : type == abi::kFRdlck ? "READ" : "UNLCK";
}

Line line_of(const FileKey& file, const FileLock& lock, bool whole_file) {
    Line line{.kind = whole_file       ? "FLOCK  ADVISORY "
                      : lock.pid == -1 ? "OFDLCK ADVISORY "
                                       : "POSIX  ADVISORY ",
              .type = static_cast<std::int32_t>(lock.type),
              .pid = lock.taken_by,
              .file = file,
              .number = lock.number};
    if (whole_file) return line;
    const bool to_the_end = lock.end == FileLock::kToTheEnd;
    line.range = to_the_end ? fmt::format("{} EOF", lock.begin)
                            : fmt::format("{} {}", lock.begin, lock.end - 1);
    return line;
}

void add_all(std::vector<Line>& lines, const LockTable& table, bool whole_files) {
    table.each([&](const FileKey& file, const FileLock& lock) {
        Line& line = lines.emplace_back(line_of(file, lock, whole_files));
        table.each_waiting(file, lock, [&](const FileKey& of, const FileLock& wanted) {
            line.waiting.push_back(line_of(of, wanted, whole_files));
        });
    });
}

Line line_of(const FileKey& file, const Lease& lease) {
    return {.kind = lease.until_ns != 0 ? "LEASE  BREAKING " : "LEASE  ACTIVE   ",
            .type = lease.shown(),
            .pid = lease.taken_by,
            .file = file,
            .number = lease.number};
}

// locks_translate_pid; nothing: there is no such process in the namespace that is shown.
std::optional<std::int32_t> shown_pid(const ProcContext& context, std::int32_t pid) {
    if (pid == -1 || context.space == nullptr) return pid;
    const std::int32_t inside = context.system->ids().inside(context.space, pid);
    return inside != 0 ? std::optional(inside) : std::nullopt;
}

std::string text_of(const Line& line, std::size_t position, std::int32_t pid, bool waits) {
    constexpr unsigned kMinorBits = 8;
    return fmt::format("{}: {}{} {} {} {:02x}:{:02x}:{} {}\n", position, waits ? "-> " : "",
                       line.kind, word_of(line.type), pid, line.file.device >> kMinorBits,
                       line.file.device & ((1u << kMinorBits) - 1), line.file.inode, line.range);
}

}  // namespace

std::string proc_locks(const ProcContext& context) {
    if (context.system == nullptr) return {};
    const FileLocks& locks = context.system->locks();
    std::vector<Line> lines;
    add_all(lines, locks.ranges, false);
    add_all(lines, locks.whole_files, true);
    locks.leases.each(
        [&](const FileKey& file, const Lease& lease) { lines.push_back(line_of(file, lease)); });
    // The last one that was made comes first (locks_insert_global_locks).
    std::ranges::sort(lines, std::ranges::greater{}, &Line::number);
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto pid = shown_pid(context, lines[i].pid);
        if (!pid) continue;
        text += text_of(lines[i], i + 1, *pid, false);
        for (const Line& waiting : lines[i].waiting)
            text += text_of(waiting, i + 1, shown_pid(context, waiting.pid).value_or(0), true);
    }
    return text;
}

}  // namespace uprobesim
