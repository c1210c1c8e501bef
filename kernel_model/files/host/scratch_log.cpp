// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/host/scratch_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace uprobesim {

namespace {

std::uint32_t checksum(std::string_view text) {
    std::uint32_t h = 0x811c9dc5u;  // FNV-1a
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x01000193u;
    return h;
}

}  // namespace

std::string line_of(std::string_view text) {
    return fmt::format("{} #{:08x}\n", text, checksum(text));
}

// As in /proc/mounts: what could be taken for the end of a word is \ooo.
std::string escaped(std::string_view name) {
    std::string text;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= ' ' || c == '\\' || byte == 0x7f) {
            text += fmt::format("\\{:03o}", byte);
        } else {
            text += c;
        }
    }
    return text;
}

std::string unescaped(std::string_view text) {
    std::string name;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size()) {
            unsigned value = 0;
            for (int digit = 1; digit <= 3; ++digit)
                value = value * 8 +
                        static_cast<unsigned>(text[i + static_cast<std::size_t>(digit)] - '0');
            name += static_cast<char>(value);
            i += 3;
        } else {
            name += text[i];
        }
    }
    return name;
}

std::string file_text(const FileStatus& s) {
    return fmt::format("file {} {:o} {} {} {} {}.{:09} {}.{:09} {}.{:09}{}", s.inode, s.mode, s.uid,
                       s.gid, s.rdevice, s.atime_s, s.atime_ns, s.mtime_s, s.mtime_ns, s.ctime_s,
                       s.ctime_ns, s.inode_flags != 0 ? fmt::format(" {:x}", s.inode_flags) : "");
}

bool read_file_text(const std::string& text, FileStatus& s) {
    std::string_view rest(text);
    const auto read = [&rest](char before, auto& value, int base = 10) {
        if (rest.empty() || rest.front() != before) return false;
        const auto [end, error] =
            std::from_chars(rest.data() + 1, rest.data() + rest.size(), value, base);
        if (error != std::errc()) return false;
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        return true;
    };
    constexpr std::string_view kKind = "file";
    if (!rest.starts_with(kKind)) return false;
    rest.remove_prefix(kKind.size());
    return read(' ', s.inode) && read(' ', s.mode, 8) && read(' ', s.uid) && read(' ', s.gid) &&
           read(' ', s.rdevice) && read(' ', s.atime_s) && read('.', s.atime_ns) &&
           read(' ', s.mtime_s) && read('.', s.mtime_ns) && read(' ', s.ctime_s) &&
           read('.', s.ctime_ns) && (rest.empty() || read(' ', s.inode_flags, 16));
}

std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at <= line.size();) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

std::vector<std::string> whole_lines(const std::string& log) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < log.size();) {
        const std::size_t end = log.find('\n', at);
        if (end == std::string::npos) break;
        const std::string line = log.substr(at, end - at);
        at = end + 1;
        const std::size_t mark = line.rfind(" #");
        if (mark == std::string::npos || line_of(line.substr(0, mark)) != line + "\n") break;
        lines.push_back(line.substr(0, mark));
    }
    return lines;
}

}  // namespace uprobesim
