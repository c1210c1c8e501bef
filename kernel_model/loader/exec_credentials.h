// SPDX-License-Identifier: GPL-2.0-or-later
// What execve does to ids and capabilities (bprm_fill_uid, cap_bprm_creds_from_file).
#pragma once

#include "kernel_model/files/credentials.h"
#include "kernel_model/memory/backing.h"

namespace uprobesim {

struct ExecCredentials {
    Credentials credentials;
    bool secure = false;  // AT_SECURE: the program is trusted more than its caller
};

// `nosuid`: the program is on a mount that gives nobody more rights. Perm: the program's
// capabilities are to be effective and may not all be had.
SysResult<ExecCredentials> credentials_after_exec(const Credentials& old, const FileStatus& program,
                                                  bool nosuid, bool no_new_privileges);

}  // namespace uprobesim
