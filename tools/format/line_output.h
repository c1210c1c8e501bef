// SPDX-License-Identifier: GPL-2.0-or-later
// Lines that are written while a run goes on: to a file or stderr, no more than a limit, and then
// how many were left out.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sim/base/error.h"
#include "sim/base/output_file.h"

namespace uprobesim {

class LineOutput {
public:
    // `path` empty: stderr, where `before_line` is called first. `what`: the lines, for the last
    // one: "system calls".
    static Result<std::unique_ptr<LineOutput>> open(const std::string& path, std::uint64_t limit,
                                                    std::string what,
                                                    std::function<void()> before_line = {});
    ~LineOutput() = default;
    LineOutput(const LineOutput&) = delete;
    LineOutput& operator=(const LineOutput&) = delete;

    // Whether more lines are wanted; each no counts as one that was left out.
    bool wants();
    void write(const std::string& line);  // without its newline
    bool wrote() const { return written_ != 0; }
    // Says what was left out. Throws HostError where a line could not be written.
    void finish();

private:
    LineOutput() = default;
    void put(const std::string& line);

    std::optional<OutputFile> file_;  // none: stderr
    int stderr_error_ = 0;
    std::string what_;
    std::uint64_t limit_ = 0;
    std::uint64_t written_ = 0;
    std::uint64_t left_out_ = 0;
    std::function<void()> before_line_;
};

}  // namespace uprobesim
