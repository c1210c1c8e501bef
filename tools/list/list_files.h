// SPDX-License-Identifier: GPL-2.0-or-later
// Where the files of specs are on the host.
#pragma once

#include <string>
#include <utility>

#include "probes/elf/debug_files.h"
#include "probes/target/path_glob.h"
#include "sim/base/error.h"

namespace uprobesim {

class ListFiles {
public:
    // `root`: absolute paths are those of a guest that sees it as /; empty: of the host. `only`:
    // whether what is not there may be the host's after all.
    ListFiles(std::string root, bool only) : root_(std::move(root)), only_(only) {}

    // The host's name of a file or folder. Relative paths are the host's.
    Result<std::string> host_path(const std::string& path) const;
    Result<std::vector<std::byte>> read(const std::string& path) const;
    FileReader reader() const;
    FolderReader folders() const;
    // Absolute, if it is relative.
    static std::string absolute(const std::string& path);

private:
    std::string root_;
    bool only_;
};

}  // namespace uprobesim
