// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/loader/exec_credentials.h"

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/file.h"

namespace uprobesim {

ExecCredentials credentials_after_exec(const Credentials& old, const FileStatus& program,
                                       bool no_new_privileges) {
    Credentials next = old;
    if (!no_new_privileges) {
        if ((program.mode & abi::kIsuid) != 0) next.uid.effective = program.uid;
        constexpr std::uint32_t kGroupBits = abi::kIsgid | abi::kIxgrp;
        if ((program.mode & kGroupBits) == kGroupBits) next.gid.effective = program.gid;
    }
    next.permitted = 0;
    bool all_effective = false;
    if (!next.secure(abi::kSecbitNoroot)) {
        const bool root = next.uid.effective == 0;
        if (root || next.uid.real == 0) next.permitted = old.bounding | old.inheritable;
        all_effective = root;
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
    if (set_id) next.ambient = 0;
    next.permitted |= next.ambient;
    next.effective = all_effective ? next.permitted : next.ambient;
    next.securebits &= ~abi::kSecbitKeepCaps;
    const bool grew = (next.permitted & ~next.ambient) != 0;
    return {.credentials = std::move(next),
            .secure = set_id || (old.uid.real != 0 && (all_effective || grew))};
}

}  // namespace uprobesim
