// SPDX-License-Identifier: GPL-2.0-or-later
// The one way in which a file that the user named is opened: a regular file of a bounded size, or
// one line that says what is wrong. Nothing else is opened for reading: a FIFO, a terminal or a
// device could block, or never end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

struct InputKind {
    std::string_view what;  // "machine", for messages: "no such machine file"
    std::uint64_t most_bytes;
    std::string_view remedy = {};  // the hint where there is no such file
};

// Files of text that a person writes, reports that the tool writes, programs with their symbols.
inline constexpr std::uint64_t kMaxTextBytes = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kMaxReportBytes = std::uint64_t{64} << 20;
inline constexpr std::uint64_t kMaxProgramBytes = std::uint64_t{1} << 30;

// "1 MiB", for messages.
std::string size_limit_text(std::uint64_t bytes);

class InputFile {
public:
    static Result<InputFile> open(const std::string& path, const InputKind& kind);
    ~InputFile();
    InputFile(InputFile&& other) noexcept;
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;
    InputFile& operator=(InputFile&&) = delete;

    // From its start: as much of `to` as there is.
    Result<std::size_t> read_head(std::span<std::byte> to) const;
    // All of it; refused where it has grown beyond the limit meanwhile.
    Result<std::vector<std::byte>> bytes() const;
    Result<std::string> text() const;

private:
    InputFile(int fd, std::string path, const InputKind& kind, std::uint64_t size)
        : fd_(fd), path_(std::move(path)), kind_(kind), size_(size) {}
    template <class Buffer>
    Result<Buffer> whole() const;

    int fd_;
    std::string path_;
    InputKind kind_;
    std::uint64_t size_;
};

Result<std::string> read_text_file(const std::string& path, const InputKind& kind);

}  // namespace uprobesim
