// SPDX-License-Identifier: GPL-2.0-or-later
// A copy of a host folder that is told file by file, so that who remembers files by their numbers
// can go on with the copies.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

namespace uprobesim {

struct HostFileId {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the <=> for a null pointer.
    auto operator<=>(const HostFileId&) const = default;
};

struct CopiedFile {
    HostFileId id;
    std::string relative;  // one of its names, from the folder; "." is the folder itself
};

// Copies all that is in the open folder `from` to the empty one `to`: data with its holes, names of
// one file as names of one file, symbolic links, FIFOs and sockets, with the files' modes and
// without their times. By the numbers in `from`. Throws HostError, which says what the copy was of.
std::map<HostFileId, CopiedFile> copy_tree(int from, int to, const std::string& what);

// Copies the data of an open file to an empty one, which becomes as long. Throws HostError.
void copy_data(int from, int to, const std::string& what);

}  // namespace uprobesim
