// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/without_memory.h"

namespace uprobesim {

namespace {

// Not here: calls that know themselves what they need, such as mmap, and writes to pipes and
// sockets.
constexpr MemoryNeed kNeeds[] = {
    {19, Errno::NoMem},    // eventfd2
    {20, Errno::NoMem},    // epoll_create1
    {21, Errno::NoMem},    // epoll_ctl
    {23, Errno::NoMem},    // dup: the table cannot grow
    {24, Errno::NoMem},    // dup3
    {33, Errno::NoMem},    // mknodat
    {34, Errno::NoMem},    // mkdirat
    {36, Errno::NoMem},    // symlinkat
    {37, Errno::NoMem},    // linkat
    {56, Errno::NoMem},    // openat
    {59, Errno::Nfile},    // pipe2: no inode
    {61, Errno::NoMem},    // getdents64: the listing
    {74, Errno::NoMem},    // signalfd4
    {85, Errno::NoMem},    // timerfd_create
    {107, Errno::Again},   // timer_create
    {138, Errno::Again},   // rt_sigqueueinfo
    {194, Errno::NoMem},   // shmget
    {196, Errno::NoMem},   // shmat
    {198, Errno::Nfile},   // socket: no inode
    {199, Errno::Nfile},   // socketpair
    {200, Errno::NoMem},   // bind
    {202, Errno::NoMem},   // accept
    {203, Errno::NoBufs},  // connect
    {220, Errno::NoMem},   // clone
    {221, Errno::NoMem},   // execve
    {240, Errno::Again},   // rt_tgsigqueueinfo
    {242, Errno::NoMem},   // accept4
    {279, Errno::NoMem},   // memfd_create
    {281, Errno::NoMem},   // execveat
    {434, Errno::NoMem},   // pidfd_open
    {435, Errno::NoMem},   // clone3
    {437, Errno::NoMem},   // openat2
};

}  // namespace

std::span<const MemoryNeed> calls_that_need_memory() {
    return kNeeds;
}

}  // namespace uprobesim
