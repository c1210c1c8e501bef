// SPDX-License-Identifier: GPL-2.0-or-later
// The guest's files for gdb, which reads programs and libraries and their symbols from there
// (vFile packets): read-only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "kernel_model/files/file_system.h"

namespace uprobesim {

class GuestFiles {
public:
    // After the run was begun anew its files are others; gdb's descriptors stay what they are.
    void use(FileSystem& files) { files_ = &files; }
    // The reply to a packet without its "vFile:"; empty: it is not known.
    std::string reply(std::string_view packet);

private:
    std::string open(std::string_view arguments);
    std::string read(std::string_view arguments);
    std::string status(std::string_view arguments);
    std::string close(std::string_view arguments);
    std::string link(std::string_view arguments);
    std::shared_ptr<File> file(std::string_view descriptor);

    FileSystem* files_ = nullptr;
    std::map<std::uint64_t, std::string> open_;  // paths: no file is held longer than a packet
    std::uint64_t next_ = 3;
};

}  // namespace uprobesim
