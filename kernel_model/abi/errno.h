// SPDX-License-Identifier: GPL-2.0-or-later
// Linux error numbers as AArch64 user space sees them (asm-generic). Written
// here, never taken from host headers: the host may be any machine.
#pragma once

#include <cstdint>

namespace uprobesim {

enum class Errno : std::int32_t {
    Perm = 1, NoEnt = 2, Srch = 3, Intr = 4, Io = 5, Nxio = 6, TooBig = 7, NoExec = 8, Badf = 9, Child = 10,
    Again = 11, NoMem = 12, Acces = 13, Fault = 14, NotBlk = 15, Busy = 16, Exist = 17, Xdev = 18, NoDev = 19,
    NotDir = 20, IsDir = 21, Inval = 22, Nfile = 23, Mfile = 24, NotTty = 25, TxtBsy = 26, Fbig = 27, NoSpc = 28,
    Spipe = 29, Rofs = 30, Mlink = 31, Pipe = 32, Dom = 33, Range = 34, Deadlk = 35, NameTooLong = 36, NoLck = 37,
    NoSys = 38, NotEmpty = 39, Loop = 40, Overflow = 75, NotSup = 95, TimedOut = 110,
};

}  // namespace uprobesim
