// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's accesses to user memory: get_user, copy_to_user and so on. A page that is not
// present is faulted in as in a real kernel: by an abort from the same EL (EC 0x25), which is
// counted and charged. For a bad pointer the result is `false`, which handlers turn into EFAULT.
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "kernel_model/memory/mm.h"

namespace uprobesim {

class UserMemory {
public:
    // `tagged`: the task has the tagged address ABI. Without it, access_ok refuses a tag.
    UserMemory(Mm& mm, TaskId task, bool tagged = false) : mm_(mm), task_(task), tagged_(tagged) {}

    [[nodiscard]] bool read(VAddr from, std::span<std::byte> to);
    [[nodiscard]] bool write(VAddr to, std::span<const std::byte> from);
    [[nodiscard]] bool clear(VAddr to, std::uint64_t size);
    // The string without its NUL, cut off after `max` bytes. nullopt: bad pointer.
    std::optional<std::string> read_string(VAddr from, std::size_t max);

    template <class T>
    std::optional<T> get(VAddr from) {
        static_assert(std::is_trivially_copyable_v<T>);
        T value{};
        if (!read(from, std::as_writable_bytes(std::span<T, 1>(&value, 1)))) return std::nullopt;
        return value;
    }
    template <class T>
    [[nodiscard]] bool put(VAddr to, const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        return write(to, std::as_bytes(std::span<const T, 1>(&value, 1)));
    }

    // Calls `fn(span)` with the host memory of each page of the range, for file reads and writes
    // without a bounce buffer. `fn` returns the number of bytes it used; a short count ends the
    // walk. Returns the total, or nullopt if the first byte is not accessible. Access::Write: `fn`
    // stores into the span.
    template <class Fn>
    std::optional<std::uint64_t> for_each_span(VAddr at, std::uint64_t size, Access access, Fn fn) {
        std::uint64_t done = 0;
        while (done < size) {
            const VAddr here = at + done;
            const Part part = touch(here, size - done, access);
            if (part.bytes.empty()) return done == 0 ? std::nullopt : std::optional(done);
            const std::uint64_t used = fn(part.bytes);
            if (access == Access::Write) wrote(part);
            done += used;
            if (used < part.bytes.size()) break;
        }
        return done;
    }

    // How many bytes of the range can be accessed, from its begin; they are faulted in.
    std::uint64_t reachable(VAddr at, std::uint64_t size, Access access) {
        return for_each_span(at, size, access, [](auto span) { return std::uint64_t{span.size()}; })
            .value_or(0);
    }

private:
    // What of a range lies in one page, as the host sees it. Empty: access not permitted.
    struct Part {
        std::span<std::byte> bytes;
        PAddr frame;
    };
    // From `at` to the end of its page, at most `size` bytes, faulted in.
    Part touch(VAddr at, std::uint64_t size, Access access);
    void wrote(const Part& part) { mm_.machine().memory.note_write(part.frame); }

    Mm& mm_;
    TaskId task_;
    bool tagged_;
};

}  // namespace uprobesim
