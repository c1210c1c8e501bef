// SPDX-License-Identifier: GPL-2.0-or-later
// kernel/printk/printk.c, kernel/printk/printk_ringbuffer.c
#include "kernel_model/log/kernel_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/abi/poll.h"

namespace uprobesim {
namespace {

constexpr std::size_t kMostRecords = 4096;  // descriptors of the ring
constexpr std::uint64_t kRecordBytes = 160;
constexpr std::uint64_t kUsPerSecond = 1'000'000;

}  // namespace

std::string linux_banner(const std::string& release) {
    return fmt::format("Linux version {} (uprobesim) #1 SMP", release);
}

// Of the ring: a number, and the text in whole words.
std::uint64_t KernelLog::bytes_of(const Record& record) {
    constexpr std::uint64_t kWord = 8;
    return kWord + (record.text.size() + kWord) / kWord * kWord;
}

void KernelLog::add_at(std::uint64_t time_us, std::uint32_t priority, std::string_view text) {
    text = text.substr(0, kMostBytes);
    if (text.ends_with('\n')) text.remove_suffix(1);
    records_.push_back(
        {.sequence = next_++, .time_us = time_us, .priority = priority, .text = std::string(text)});
    bytes_ += bytes_of(records_.back());
    while (bytes_ > kBytes || records_.size() > kMostRecords) {
        bytes_ -= bytes_of(records_.front());
        records_.pop_front();
    }
    memory_.resize(bytes_ + records_.size() * kRecordBytes);
    waiters_.wake(abi::kPollReadable);
}

const KernelLog::Record* KernelLog::from(std::uint64_t sequence) const {
    const std::uint64_t at = std::max(sequence, first());
    return at < next_ ? &records_[at - first()] : nullptr;
}

std::string KernelLog::shown(const Record& record) {
    const std::string head =
        fmt::format("<{}>[{:5}.{:06}] ", record.priority, record.time_us / kUsPerSecond,
                    record.time_us % kUsPerSecond);
    std::string all;
    std::string_view rest = record.text;
    while (true) {
        const std::size_t end = rest.find('\n');
        all += head;
        all += rest.substr(0, end);
        all += '\n';
        if (end == std::string_view::npos) return all;
        rest.remove_prefix(end + 1);
    }
}

std::uint64_t KernelLog::unread_bytes() const {
    std::uint64_t sum = 0;
    for (std::uint64_t at = std::max(read_next_, first()); at < next_; ++at)
        sum += shown(*from(at)).size() - (at == read_next_ ? read_part_ : 0);
    return sum;
}

std::string KernelLog::read_some(std::uint64_t most) {
    std::string all;
    while (const Record* const record = from(read_next_)) {
        // The record of which a part was read is gone.
        if (record->sequence != read_next_) read_part_ = 0;
        read_next_ = record->sequence;
        const std::string text = shown(*record).substr(read_part_);
        const std::uint64_t left = most - all.size();
        // What does not fit stays for the next reader, unless nothing was read.
        if (text.size() > left && !all.empty()) break;
        all += text.substr(0, left);
        if (text.size() > left) {
            read_part_ += left;
            break;
        }
        ++read_next_;
        read_part_ = 0;
    }
    return all;
}

std::string KernelLog::last(std::uint64_t most) const {
    std::uint64_t begin = next_, size = 0;
    const std::uint64_t end = std::max(cleared_, first());
    while (begin > end) {
        const std::uint64_t bytes = shown(*from(begin - 1)).size();
        if (size + bytes > most) break;
        size += bytes;
        --begin;
    }
    std::string all;
    for (; begin < next_; ++begin) all += shown(*from(begin));
    return all;
}

}  // namespace uprobesim
