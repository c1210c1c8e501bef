// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's log (printk): records with a number, a time, a level and a facility. When there are
// too many, the oldest are overwritten.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "kernel_model/wait/wait_queue.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

// What the kernel says of itself first (linux_banner), without a newline.
std::string linux_banner(const std::string& release);

class KernelLog {
public:
    static constexpr std::uint64_t kBytes = 1 << 17;   // log_buf_len
    static constexpr std::size_t kMostBytes = 1024;    // PRINTKRB_RECORD_MAX, of one text
    static constexpr std::uint32_t kUserFacility = 1;  // LOG_USER

    struct Record {
        std::uint64_t sequence = 0, time_us = 0;
        std::uint32_t priority = 0;  // the facility above three bits of level
        std::string text;
    };

    // `now_ns`: CLOCK_MONOTONIC.
    KernelLog(std::function<std::uint64_t()> now_ns, PhysicalMemory* memory)
        : now_ns_(std::move(now_ns)), memory_(memory) {}

    // A newline at the end is not kept.
    void add(std::uint32_t priority, std::string_view text) {
        add_at(now_ns_() / 1000, priority, text);
    }
    void add_at(std::uint64_t time_us, std::uint32_t priority, std::string_view text);
    std::uint64_t first() const { return next_ - records_.size(); }
    std::uint64_t next() const { return next_; }
    // The record of this number, or the first that is left; null: there is none yet.
    const Record* from(std::uint64_t sequence) const;

    // From which record on syslog and SEEK_DATA read all (SYSLOG_ACTION_CLEAR).
    std::uint64_t cleared() const { return cleared_; }
    void clear() { cleared_ = next_; }

    // As syslog and /proc/kmsg show it: each line with its priority and time.
    static std::string shown(const Record& record);
    // How much of that readers of the one stream have left (SYSLOG_ACTION_SIZE_UNREAD), and the
    // next of it, at most `most` bytes (syslog_print).
    std::uint64_t unread_bytes() const;
    bool has_unread() const { return read_next_ < next_; }
    std::string read_some(std::uint64_t most);
    // The newest records whose lines fit (syslog_print_all).
    std::string last(std::uint64_t most) const;

    WaitQueue& waiters() { return waiters_; }

    // The console's level before SYSLOG_ACTION_CONSOLE_OFF; negative: it is not off.
    std::int64_t saved_level = -1;

private:
    static std::uint64_t bytes_of(const Record& record);

    std::function<std::uint64_t()> now_ns_;
    MemoryCharge memory_;
    std::deque<Record> records_;
    std::uint64_t next_ = 0, cleared_ = 0, bytes_ = 0;
    std::uint64_t read_next_ = 0, read_part_ = 0;  // of the one stream: the record, bytes of it
    WaitQueue waiters_;
};

}  // namespace uprobesim
