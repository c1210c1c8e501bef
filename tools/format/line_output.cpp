// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/line_output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "sim/base/try.h"

namespace uprobesim {

Result<std::unique_ptr<LineOutput>> LineOutput::open(const std::string& path, std::uint64_t limit,
                                                     std::string what,
                                                     std::function<void()> before_line) {
    std::unique_ptr<LineOutput> output(new LineOutput);
    output->what_ = std::move(what);
    output->limit_ = limit;
    if (path.empty()) {
        output->before_line_ = std::move(before_line);
        return output;
    }
    output->file_ = TRY(OutputFile::open(path, output->what_));
    return output;
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

// Lines that cannot be written are no reason to end the run: finish() tells.
void LineOutput::put(const std::string& line) {
    if (file_) {
        file_->write(line + '\n');
        file_->flush();
    } else if (std::fputs((line + '\n').c_str(), stderr) < 0 && stderr_error_ == 0) {
        stderr_error_ = errno;
    }
}

void LineOutput::finish() {
    if (left_out_ != 0) put(fmt::format("uprobesim: {} more {} are not shown", left_out_, what_));
    if (file_) file_->commit();
    if (stderr_error_ != 0)
        throw HostError(fmt::format("write of the {} to stderr", what_),
                        std::strerror(stderr_error_));
}

}  // namespace uprobesim
