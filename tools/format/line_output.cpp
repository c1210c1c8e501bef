// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/line_output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace uprobesim {

Result<std::unique_ptr<LineOutput>> LineOutput::open(const std::string& path, std::uint64_t limit,
                                                     std::string what,
                                                     std::function<void()> before_line) {
    std::unique_ptr<LineOutput> output(new LineOutput);
    output->path_ = path;
    output->what_ = std::move(what);
    output->limit_ = limit;
    if (path.empty()) {
        output->before_line_ = std::move(before_line);
        return output;
    }
    output->file_ = std::fopen(path.c_str(), "w");
    if (output->file_ == nullptr)
        return user_error(std::strerror(errno), path,
                          fmt::format("the {} cannot be written there", output->what_));
    return output;
}

LineOutput::~LineOutput() {
    if (file_ != stderr && file_ != nullptr) std::fclose(file_);
}

bool LineOutput::wants() {
    if (written_ < limit_) return true;
    ++left_out_;
    return false;
}

void LineOutput::write(const std::string& line) {
    if (before_line_) before_line_();
    put(line);
    ++written_;
}

// A reader of stderr that has left is no reason to end; of a file, finish() tells.
void LineOutput::put(const std::string& line) {
    std::fputs((line + '\n').c_str(), file_);
}

void LineOutput::finish() {
    if (left_out_ != 0) put(fmt::format("uprobesim: {} more {} are not shown", left_out_, what_));
    if ((std::fflush(file_) != 0 || std::ferror(file_) != 0) && file_ != stderr)
        throw HostError("write of " + path_, std::strerror(errno));
}

}  // namespace uprobesim
