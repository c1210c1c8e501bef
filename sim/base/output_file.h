// SPDX-License-Identifier: GPL-2.0-or-later
// A file that the tool writes. A regular file is written beside its name and takes it over in one
// step when it is whole: a run that fails, is killed or fills the disk leaves what was there. A
// device, a FIFO and a descriptor of the caller's (/dev/stdout, /dev/fd/3) are written as it comes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/error.h"

namespace uprobesim {

class OutputFile {
public:
    // Whether it can be written is known at once: as with open(2), and links are followed. `what`
    // is for the hint: "report".
    static Result<OutputFile> open(const std::string& path, std::string_view what);
    ~OutputFile();
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&& other) noexcept;
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    // An error is kept for commit(): a log that cannot be written does not end its run.
    void write(std::string_view text);
    // Hands over what a reader of a FIFO or device may wait for.
    void flush();
    // The file is whole. Throws HostError where something could not be written.
    void commit();

private:
    enum class Kind : std::uint8_t {
        Direct,   // nothing that could be replaced
        Unnamed,  // has no name until it is whole
        Named,    // a file system without unnamed files: a temporary name
        InPlace,  // a file in a folder that may not be written: emptied at the first write
    };
    OutputFile() = default;
    void open_regular(const std::string& folder, bool exists);
    void put(std::string_view text);
    void take_name();
    void copy_into_place();
    [[noreturn]] void fail(int error) const;
    void close_all();

    Kind kind_ = Kind::Direct;
    std::string path_;  // as it was given
    std::string name_;  // in folder_
    std::string temporary_;
    std::string buffer_;
    int fd_ = -1;
    int folder_ = -1;
    int error_ = 0;
    bool emptied_ = false;
};

}  // namespace uprobesim
