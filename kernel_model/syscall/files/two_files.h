// SPDX-License-Identifier: GPL-2.0-or-later
// What the calls ask that take bytes of one open file to another without the caller's memory.
#pragma once

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/file.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "sim/base/try.h"

namespace uprobesim {

// generic_file_rw_checks: the kinds of both come before the rights of either.
inline SysResult<void> two_regular_files(File& from, File& to) {
    const std::uint32_t a = TRY(from.status()).mode & abi::kIfmt,
                        b = TRY(to.status()).mode & abi::kIfmt;
    if (a == abi::kIfDir || b == abi::kIfDir) return tl::make_unexpected(Errno::IsDir);
    if (a != abi::kIfReg || b != abi::kIfReg) return tl::make_unexpected(Errno::Inval);
    if (!may(from, Direction::Read) || !may(to, Direction::Write) ||
        (to.flags & abi::kOAppend) != 0)
        return tl::make_unexpected(Errno::Badf);
    return {};
}

}  // namespace uprobesim
