// SPDX-License-Identifier: GPL-2.0-or-later
// Attributes of host files of the root and the binds that are modelled, because the host's depend
// on its disk, on the day or on other processes: inode numbers, blocks, access and change times.
// Also the attributes that the guest set and the host does not get: set-ID bits, the owner of a new
// file.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "kernel_model/files/file.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

struct FileTime {
    std::int64_t s = 0, ns = 0;
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the <=> for a null pointer.
    constexpr auto operator<=>(const FileTime&) const = default;
};
FileTime file_time(std::uint64_t ns);

class Mount;

// Which reads of a file move its time of reading: none, each, or (relatime) one after a change or
// after a day.
enum class AccessTimes { Never, Always, Relative };
// What the mount by which a file was found says of that (atime_needs_update); null: of no mount.
AccessTimes access_times(const Mount* mount, bool directory);
bool access_shows(const FileStatus& status, FileTime now, AccessTimes times);

// The modelled attributes of one host file that the run has read or changed. The host's ctime is
// not used, because any process may move it; until the run changes the file, ctime is the mtime.
struct KeptFile {
    explicit KeptFile(const FileStatus& host);

    void modified(FileTime now);
    // The run moves the host's time of modification, and not the one shown.
    void written() { wrote_ = true; }
    void accessed(FileTime now, AccessTimes times);
    std::uint32_t set_ids = 0;
    std::optional<std::pair<std::uint32_t, std::uint32_t>> owner;
    FileTime atime, mtime, ctime;

private:
    friend class ShownFiles;
    FileTime host_mtime_;
    bool wrote_ = false;  // since the host's mtime was looked at
};

// Size of a directory and blocks as one kind of disk would have them.
void put_modelled_size(FileStatus& status);

class ShownFiles {
public:
    explicit ShownFiles(PhysicalMemory* memory) : charge_(memory) {}

    // `guest`: a name of the file, of which its number is made when it is met first. Without room
    // in the memory nothing new is remembered: the file's other names give other numbers then.
    FileStatus shown(const FileStatus& host, const std::string& guest, std::uint64_t device);
    std::uint64_t inode(const FileKey& host, const std::string& guest);
    // The same for a listing, which makes nothing.
    std::uint64_t listed_inode(const FileKey& host, const std::string& guest) const;
    // Made when it is asked for.
    std::shared_ptr<KeptFile> kept(const FileStatus& host);
    // What was met so far was not met by the guest: files keep their numbers, by which they are
    // known, but no times, and nothing is charged until it meets them.
    void forget_reads();
    // The host file is gone: another may get its number.
    void forget(const FileKey& host);

private:
    bool has_room() const;
    void settle_charge();

    std::map<FileKey, std::uint64_t> numbers_;
    std::set<FileKey> unmet_;  // those of them that are not charged
    std::set<std::uint64_t> used_;
    std::map<FileKey, std::shared_ptr<KeptFile>> kept_;
    MemoryCharge charge_;
};

// A number for a name, below those that are counted up.
std::uint64_t inode_number_of(const std::string& guest);

}  // namespace uprobesim
