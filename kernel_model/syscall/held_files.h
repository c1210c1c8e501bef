// SPDX-License-Identifier: GPL-2.0-or-later
// The files that a call goes on with after a wait.
#pragma once

#include "kernel_model/files/fd_table.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// To call when a call waits, with what it holds already.
void hold_files(const SysCall& call, const KeptFiles& kept, HeldFiles& held);

// As long as it lives, the table gives what the call holds.
class WithHeldFiles {
public:
    WithHeldFiles(FdTable& files, const HeldFiles& held)
        : files_(held[0].file != nullptr ? &files : nullptr) {
        if (files_ != nullptr) files_->go_on_with(&held);
    }
    ~WithHeldFiles() {
        if (files_ != nullptr) files_->go_on_with(nullptr);
    }
    WithHeldFiles(const WithHeldFiles&) = delete;
    WithHeldFiles& operator=(const WithHeldFiles&) = delete;

private:
    FdTable* files_;
};

}  // namespace uprobesim
