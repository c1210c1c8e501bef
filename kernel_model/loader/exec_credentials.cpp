// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/loader/exec_credentials.h"

#include <optional>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/file.h"
#include "kernel_model/loader/file_capabilities.h"

namespace uprobesim {
namespace {

// bprm_fill_uid: not for ids that the namespace has not.
void take_ids(Credentials& next, const FileStatus& program) {
    if (next.space != nullptr &&
        (!user_inside(next.space, program.uid) || !group_inside(next.space, program.gid)))
        return;
    if ((program.mode & abi::kIsuid) != 0) next.uid.effective = program.uid;
    constexpr std::uint32_t kGroupBits = abi::kIsgid | abi::kIxgrp;
    if ((program.mode & kGroupBits) == kGroupBits) next.gid.effective = program.gid;
}

}  // namespace

SysResult<ExecCredentials> credentials_after_exec(const Credentials& old, const FileStatus& program,
                                                  bool nosuid, bool no_new_privileges) {
    Credentials next = old;
    if (!no_new_privileges && !nosuid) take_ids(next, program);
    const auto given = nosuid ? std::nullopt : capabilities_of(program, old.space);
    next.permitted = 0;
    bool all_effective = given && given->effective;
    if (given) {
        next.permitted = (old.bounding & given->permitted) | (old.inheritable & given->inheritable);
        if (all_effective && (given->permitted & ~next.permitted) != 0)
            return tl::make_unexpected(Errno::Perm);
    }
    // handle_privileged_root. A set-user-ID program of the superuser's that has capabilities gives
    // others these alone.
    const bool root = next.is_root(next.uid.effective);
    const bool real_root = next.is_root(next.uid.real);
    const bool only_given = given && root && !real_root;
    if (!next.secure(abi::kSecbitNoroot) && !only_given) {
        if (root || real_root) next.permitted = old.bounding | old.inheritable;
        if (root) all_effective = true;
    }
    const bool set_id = next.uid.effective != old.uid.real || next.gid.effective != old.gid.real;
    const bool gained = (next.permitted & ~old.permitted) != 0;
    if ((set_id || gained) && no_new_privileges) {
        next.uid.effective = next.uid.real;
        next.gid.effective = next.gid.real;
        next.permitted &= old.permitted;
    }
    next.uid.saved = next.uid.fs = next.uid.effective;
    next.gid.saved = next.gid.fs = next.gid.effective;
    if (set_id || given) next.ambient = 0;
    next.permitted |= next.ambient;
    next.effective = all_effective ? next.permitted : next.ambient;
    next.securebits &= ~abi::kSecbitKeepCaps;
    const bool grew = (next.permitted & ~next.ambient) != 0;
    return ExecCredentials{
        .credentials = std::move(next),
        .secure = set_id || (!old.is_root(old.uid.real) && (all_effective || grew))};
}

}  // namespace uprobesim
