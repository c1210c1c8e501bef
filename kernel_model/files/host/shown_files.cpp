// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/host/shown_files.h"

#include <tuple>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/mount.h"
#include "kernel_model/files/mount.h"
#include "sim/base/fnv.h"

namespace uprobesim {

namespace {

constexpr std::int64_t kDay = 86400;  // seconds
constexpr std::uint64_t kNumbers = std::uint64_t{1} << 39;
// What an entry takes of the host: a number in both directions, a KeptFile.
constexpr std::uint64_t kNumberBytes = 128, kKeptBytes = 192;

FileTime mtime_of(const FileStatus& s) {
    return {s.mtime_s, s.mtime_ns};
}

// relatime_need_update
bool access_shows(FileTime atime, FileTime mtime, FileTime ctime, FileTime now, AccessTimes times) {
    if (times != AccessTimes::Relative) return times == AccessTimes::Always;
    return atime <= mtime || atime <= ctime || now.s - atime.s >= kDay;
}

}  // namespace

FileTime file_time(std::uint64_t ns) {
    return {static_cast<std::int64_t>(ns / 1000000000u),
            static_cast<std::int64_t>(ns % 1000000000u)};
}

void KeptFile::accessed(FileTime now, AccessTimes times) {
    if (access_shows(atime, mtime, ctime, now, times)) atime = now;
}

KeptFile::KeptFile(const FileStatus& host)
    : atime(mtime_of(host)), mtime(atime), ctime(atime), host_mtime_(atime) {}

void KeptFile::modified(FileTime now) {
    mtime = ctime = now;
    wrote_ = true;
}

void put_modelled_size(FileStatus& status) {
    status.block_size = 4096;
    const std::uint32_t type = status.mode & abi::kIfmt;
    if (type == abi::kIfDir) status.size = 4096;
    const bool has_blocks = type == abi::kIfDir || type == abi::kIfReg;
    status.blocks = has_blocks ? (status.size / 4096 + (status.size % 4096 != 0 ? 1 : 0)) * 8 : 0;
}

AccessTimes access_times(const Mount* mount, bool directory) {
    if (mount == nullptr) return AccessTimes::Relative;
    const std::uint64_t never = abi::kMsNoatime | (directory ? abi::kMsNodiratime : 0);
    if (mount->read_only() || (mount->flags & never) != 0) return AccessTimes::Never;
    return (mount->flags & abi::kMsRelatime) != 0 ? AccessTimes::Relative : AccessTimes::Always;
}

bool access_shows(const FileStatus& s, FileTime now, AccessTimes times) {
    return access_shows({s.atime_s, s.atime_ns}, mtime_of(s), {s.ctime_s, s.ctime_ns}, now, times);
}

std::uint64_t inode_number_of(const std::string& guest) {
    const std::uint64_t h = fnv1a64(guest);
    return (h ^ h >> 39) % kNumbers;
}

std::uint64_t ShownFiles::inode(const FileKey& host, const std::string& guest) {
    if (const auto known = numbers_.find(host); known != numbers_.end()) {
        if (unmet_.erase(host) != 0) settle_charge();
        return known->second;
    }
    std::uint64_t number = guest == "/" ? 2 : inode_number_of(guest);
    if (!has_room()) return number;
    while (number == 0 || !used_.insert(number).second) number = (number + 1) % kNumbers;
    numbers_.emplace(host, number);
    settle_charge();
    return number;
}

bool ShownFiles::has_room() const {
    return charge_.has_room(kNumberBytes + kKeptBytes);
}

void ShownFiles::settle_charge() {
    charge_.resize((numbers_.size() - unmet_.size()) * kNumberBytes + kept_.size() * kKeptBytes);
}

std::uint64_t ShownFiles::listed_inode(const FileKey& host, const std::string& guest) const {
    const auto at = numbers_.find(host);
    return at != numbers_.end() ? at->second : inode_number_of(guest);
}

FileStatus ShownFiles::shown(const FileStatus& host, const std::string& guest,
                             std::uint64_t device) {
    FileStatus s = host;
    s.device = device;
    s.inode = inode(host.key(), guest);
    put_modelled_size(s);
    s.atime_s = s.ctime_s = s.mtime_s;
    s.atime_ns = s.ctime_ns = s.mtime_ns;
    const auto found = kept_.find(host.key());
    if (found == kept_.end()) return s;
    KeptFile& kept = *found->second;
    if (mtime_of(host) != kept.host_mtime_) {
        // Another process of the host has changed the file.
        if (!kept.wrote_) kept.mtime = kept.ctime = mtime_of(host);
        kept.host_mtime_ = mtime_of(host);
    }
    kept.wrote_ = false;
    s.mode |= kept.set_ids;
    if (kept.owner) std::tie(s.uid, s.gid) = *kept.owner;
    s.atime_s = kept.atime.s;
    s.atime_ns = kept.atime.ns;
    s.mtime_s = kept.mtime.s;
    s.mtime_ns = kept.mtime.ns;
    s.ctime_s = kept.ctime.s;
    s.ctime_ns = kept.ctime.ns;
    return s;
}

std::shared_ptr<KeptFile> ShownFiles::kept(const FileStatus& host) {
    if (const auto known = kept_.find(host.key()); known != kept_.end()) return known->second;
    auto kept = std::make_shared<KeptFile>(host);
    if (!has_room()) return kept;
    kept_.emplace(host.key(), kept);
    settle_charge();
    return kept;
}

void ShownFiles::forget_reads() {
    kept_.clear();
    for (const auto& [host, number] : numbers_) unmet_.insert(host);
    settle_charge();
}

void ShownFiles::forget(const FileKey& host) {
    if (const auto at = numbers_.find(host); at != numbers_.end()) {
        used_.erase(at->second);
        unmet_.erase(host);
        numbers_.erase(at);
    }
    kept_.erase(host);
    settle_charge();
}

}  // namespace uprobesim
