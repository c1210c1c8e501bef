// SPDX-License-Identifier: GPL-2.0-or-later
// What execve does to ids and capabilities (bprm_fill_uid, cap_bprm_creds_from_file). Files have no
// capabilities of their own.
#pragma once

#include "kernel_model/files/credentials.h"

namespace uprobesim {

struct ExecCredentials {
    Credentials credentials;
    bool secure = false;  // AT_SECURE: the program is trusted more than its caller
};

ExecCredentials credentials_after_exec(const Credentials& old, const FileStatus& program,
                                       bool no_new_privileges);

}  // namespace uprobesim
