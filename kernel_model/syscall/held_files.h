// SPDX-License-Identifier: GPL-2.0-or-later
// A system call has its files until its end (fdget): one that waits goes on with them, whatever
// becomes of its descriptors meanwhile.
#pragma once

#include <cstdint>

#include "kernel_model/files/fd_table.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// To call when a call waits, with what it holds already. poll and select look descriptors up anew,
// and fcntl's locks are given back when the descriptor is gone: they hold nothing.
void hold_files(const SysCall& call, std::uint32_t number, HeldFiles& held);

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
