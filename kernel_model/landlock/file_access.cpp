// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/landlock/file_access.h"

#include <array>
#include <utility>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/landlock.h"
#include "kernel_model/landlock/layer_masks.h"

namespace uprobesim {

using namespace abi;

namespace {

struct KindRight {
    std::uint32_t kind, right;
};
constexpr KindRight kMaking[] = {{kIfLnk, kLandlockFsMakeSym},   {kIfReg, kLandlockFsMakeReg},
                                 {kIfDir, kLandlockFsMakeDir},   {kIfChr, kLandlockFsMakeChar},
                                 {kIfBlk, kLandlockFsMakeBlock}, {kIfIfo, kLandlockFsMakeFifo},
                                 {kIfSock, kLandlockFsMakeSock}};

bool is_directory(std::uint32_t mode) {
    return (mode & kIfmt) == kIfDir;
}

// One of the two sides of a move: what is missing in its directory, and what of its file's rights.
struct Side {
    std::uint32_t request = 0;
    LayerMasks directory, file;
    bool has_file = false, file_is_directory = true;
};

// The file of `from` has at `to` no right that it has not at `from`.
bool gains_nothing(const Side& from, const Side& to, std::size_t right) {
    if (!from.has_file) return true;
    if (!from.file_is_directory && (kLandlockFsOfFile >> right & 1u) == 0) return true;
    const unsigned missing_here = from.directory.of(right) & from.file.of(right);
    return (missing_here & ~unsigned{to.directory.of(right)}) == 0;
}

// no_more_access, in both directions.
bool gain_nothing(const Side& from, const Side& to) {
    for (std::size_t right = 0; right < kLandlockFsRights; ++right) {
        if (!gains_nothing(from, to, right) || !gains_nothing(to, from, right)) return false;
    }
    return true;
}

Side side_of(const LandlockDomain& domain, const LandlockPath& directory, std::uint32_t request,
             const LandlockEntry* file) {
    Side side;
    side.request = request;
    // collect_domain_accesses: up to the top of the mount.
    side.directory = LayerMasks(domain, ~0u);
    for (const FileKey& key : directory.inside) {
        if (side.directory.allow(domain, key, side.directory.handled())) break;
    }
    if (file == nullptr) return side;
    side.has_file = true;
    side.file_is_directory = is_directory(file->mode);
    side.file = LayerMasks(domain, ~0u);
    side.file.allow(domain, file->file, side.file.handled());
    return side;
}

// is_access_to_paths_allowed, for two: at first the rights of the domain are compared, and where
// nothing is gained only what the call itself needs counts.
bool both_allowed(const LandlockDomain& domain, const std::vector<FileKey>& up, Side& from,
                  Side& to) {
    const std::uint32_t all = from.directory.handled();
    std::array<std::pair<Side*, std::uint32_t>, 2> sides{{{&from, all}, {&to, all}}};
    bool compares = true;
    bool allowed = false;
    for (const FileKey& key : up) {
        if (compares && gain_nothing(from, to)) {
            allowed = true;
            for (auto& [side, rights] : sides) {
                rights = side->request;
                allowed = side->directory.keep_only(rights) && allowed;
            }
            if (allowed) return true;
            compares = false;
        }
        allowed = true;
        for (const auto& [side, rights] : sides)
            allowed = side->directory.allow(domain, key, rights) && allowed;
        if (allowed) return true;
    }
    return false;
}

}  // namespace

std::uint32_t rights_missing(const LandlockDomain& domain, const LandlockPath& path,
                             std::uint32_t rights) {
    LayerMasks masks(domain, rights);
    if (masks.handled() == 0) return 0;
    for (const auto* part : {&path.inside, &path.mount_top}) {
        for (const FileKey& key : *part) {
            if (masks.allow(domain, key, masks.handled())) return 0;
        }
    }
    return masks.missing();
}

SysResult<void> check_rights(const LandlockDomain& domain, const LandlockPath& path,
                             std::uint32_t rights) {
    if (rights_missing(domain, path, rights) != 0) return tl::make_unexpected(Errno::Acces);
    return {};
}

std::uint32_t rights_to_open(std::uint32_t mode, std::uint32_t flags) {
    // OPEN_FMODE: bit 0 is FMODE_READ, bit 1 is FMODE_WRITE; 3 is neither.
    const std::uint32_t access = (flags & kOAccmode) + 1;
    const bool reads = (access & 1u) != 0, writes = (access & 2u) != 0;
    if (reads && is_directory(mode)) return kLandlockFsReadDir;
    return (reads ? kLandlockFsReadFile : 0) | (writes ? kLandlockFsWriteFile : 0) |
           ((flags & kFmodeExec) != 0 ? kLandlockFsExecute : 0);
}

SysResult<std::uint32_t> check_open(const LandlockDomain& domain, const LandlockPath& path,
                                    std::uint32_t mode, std::uint32_t flags) {
    const std::uint32_t kind = mode & kIfmt;
    const bool device = kind == kIfChr || kind == kIfBlk;
    const std::uint32_t now = rights_to_open(mode, flags);
    const std::uint32_t later = kLandlockFsTruncate | (device ? kLandlockFsIoctlDev : 0);
    const std::uint32_t missing = rights_missing(domain, path, now | later);
    if ((missing & now) != 0) return tl::make_unexpected(Errno::Acces);
    // handle_truncate, of a file that was there.
    const bool cuts = kind == kIfReg && (flags & kOTrunc) != 0;
    if (cuts && (missing & kLandlockFsTruncate) != 0) return tl::make_unexpected(Errno::Acces);
    return missing & later;
}

std::uint32_t right_to_make(std::uint32_t mode) {
    for (const KindRight& row : kMaking) {
        if (row.kind == (mode & kIfmt)) return row.right;
    }
    return kLandlockFsMakeReg;
}

std::uint32_t right_to_remove(std::uint32_t mode) {
    return is_directory(mode) ? kLandlockFsRemoveDir : kLandlockFsRemoveFile;
}

SysResult<void> check_move(const LandlockDomain& domain, const LandlockMove& move) {
    const LandlockEntry* const back = move.exchanges && move.replaced ? &*move.replaced : nullptr;
    std::uint32_t at_from = back != nullptr ? right_to_make(back->mode) : 0;
    std::uint32_t at_to = right_to_make(move.moved.mode);
    if (move.removes) {
        at_from |= right_to_remove(move.moved.mode);
        if (move.replaced) at_to |= right_to_remove(move.replaced->mode);
    }
    if (move.same_directory) return check_rights(domain, move.to, at_from | at_to);

    at_from |= kLandlockFsRefer;
    at_to |= kLandlockFsRefer;
    Side from = side_of(domain, move.from, at_from, &move.moved);
    Side to = side_of(domain, move.to, at_to, back);
    if (from.directory.missing() == 0 && to.directory.missing() == 0) return {};
    if (both_allowed(domain, move.to.mount_top, from, to)) return {};
    // is_eacces: of a missing right to move alone programs are told EXDEV, to copy instead.
    const bool makes_or_removes =
        ((from.directory.missing() & at_from) | (to.directory.missing() & at_to)) &
        ~kLandlockFsRefer;
    return tl::make_unexpected(makes_or_removes ? Errno::Acces : Errno::Xdev);
}

}  // namespace uprobesim
