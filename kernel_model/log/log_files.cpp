// SPDX-License-Identifier: GPL-2.0-or-later
// kernel/printk/printk.c (devkmsg_*), fs/proc/kmsg.c
#include "kernel_model/log/log_files.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/poll.h"

namespace uprobesim {
namespace {

// What is no printable character of ASCII is written as its number.
void put_text(std::string& to, std::string_view text) {
    for (const char c : text) {
        const auto value = static_cast<unsigned char>(c);
        if (value < ' ' || value >= 0x7f || value == '\\') {
            to += fmt::format("\\x{:02x}", value);
        } else {
            to += c;
        }
    }
    to += '\n';
}

// "<30>text": a facility, which the kernel's own is not, and a level.
struct Priority {
    std::uint32_t value = 0;
    std::string_view text;
};
Priority parsed(std::string_view text, std::uint32_t level) {
    constexpr std::uint32_t kLevels = 7;
    std::uint32_t facility = KernelLog::kUserFacility;
    if (text.starts_with('<')) {
        std::uint32_t given = 0;
        const auto end = std::from_chars(text.data() + 1, text.data() + text.size(), given).ptr;
        const auto used = static_cast<std::size_t>(end - text.data());
        if (used < text.size() && text[used] == '>') {
            level = given & kLevels;
            if (given >> 3 != 0) facility = given >> 3;
            text.remove_prefix(used + 1);
        }
    }
    return {facility << 3 | (level & kLevels), text};
}

}  // namespace

SysResult<std::uint64_t> LogDevice::read(std::uint64_t, std::span<std::byte> to) {
    const KernelLog::Record* const record = log_.from(next_);
    if (record == nullptr) return tl::make_unexpected(Errno::Again);
    if (record->sequence != next_) {
        next_ = record->sequence;
        return tl::make_unexpected(Errno::Pipe);
    }
    std::string text =
        fmt::format("{},{},{},-;", record->priority, record->sequence, record->time_us);
    put_text(text, record->text);
    ++next_;
    if (text.size() > to.size()) return tl::make_unexpected(Errno::Inval);
    std::memcpy(to.data(), text.data(), text.size());
    return std::uint64_t{text.size()};
}

// ___ratelimit: ten records in five seconds, of each description.
bool LogDevice::is_limited() {
    constexpr std::uint64_t kInterval = 5'000'000'000;
    constexpr unsigned kBurst = 10;
    const std::uint64_t now = now_ns_();
    if (share_began_ns_ == 0 || now - share_began_ns_ > kInterval) {
        share_began_ns_ = now;
        written_ = 0;
    }
    return ++written_ > kBurst;
}

SysResult<std::uint64_t> LogDevice::write(std::uint64_t, std::span<const std::byte> from) {
    if (from.size() > KernelLog::kMostBytes) return tl::make_unexpected(Errno::Inval);
    const std::string mode = sysctls_.text(*Sysctls::find("kernel/printk_devkmsg"));
    if (mode == "off" || (mode != "on" && is_limited())) return std::uint64_t{from.size()};
    std::string_view text(reinterpret_cast<const char*>(from.data()), from.size());
    text = text.substr(0, text.find('\0'));
    const auto line = parsed(text, static_cast<std::uint32_t>(sysctls_.number("kernel/printk", 1)));
    log_.add(line.value, line.text);
    return std::uint64_t{from.size()};
}

SysResult<std::uint64_t> LogDevice::seek(std::int64_t offset, int whence) {
    if (offset != 0) return tl::make_unexpected(Errno::Spipe);
    switch (whence) {
        case abi::kSeekSet: next_ = log_.first(); return 0;
        // What came after the last SYSLOG_ACTION_CLEAR.
        case abi::kSeekData: next_ = log_.cleared(); return 0;
        case abi::kSeekEnd: next_ = log_.next(); return 0;
        default: return tl::make_unexpected(Errno::Inval);
    }
}

std::uint32_t LogDevice::poll() {
    const KernelLog::Record* const record = log_.from(next_);
    if (record == nullptr) return 0;
    const bool overwritten = record->sequence != next_;
    return abi::kPollReadable | (overwritten ? abi::kPollErr | abi::kPollPri : 0);
}

SysResult<std::uint64_t> LogStream::read(std::uint64_t, std::span<std::byte> to) {
    if (to.empty()) return std::uint64_t{0};
    const std::string text = log_.read_some(to.size());
    if (text.empty()) return tl::make_unexpected(Errno::Again);
    std::memcpy(to.data(), text.data(), text.size());
    return std::uint64_t{text.size()};
}

std::uint32_t LogStream::poll() {
    return log_.has_unread() ? abi::kPollReadable : 0;
}

}  // namespace uprobesim
