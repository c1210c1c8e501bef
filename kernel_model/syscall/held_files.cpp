// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/held_files.h"

#include <algorithm>

namespace uprobesim {
namespace {

// The arguments that are descriptors. The same twice: there is one.
struct Row {
    std::uint32_t number;
    std::size_t first, second;
};
constexpr Row kRows[] = {
    {22, 0, 0},   // epoll_pwait
    {29, 0, 0},   // ioctl
    {32, 0, 0},   // flock
    {61, 0, 0},   // getdents64
    {63, 0, 0},   // read
    {64, 0, 0},   // write
    {65, 0, 0},   // readv
    {66, 0, 0},   // writev
    {67, 0, 0},   // pread64
    {68, 0, 0},   // pwrite64
    {69, 0, 0},   // preadv
    {70, 0, 0},   // pwritev
    {71, 0, 1},   // sendfile
    {75, 0, 0},   // vmsplice
    {76, 0, 2},   // splice
    {77, 0, 1},   // tee
    {182, 0, 0},  // mq_timedsend
    {183, 0, 0},  // mq_timedreceive
    {202, 0, 0},  // accept
    {203, 0, 0},  // connect
    {206, 0, 0},  // sendto
    {207, 0, 0},  // recvfrom
    {211, 0, 0},  // sendmsg
    {212, 0, 0},  // recvmsg
    {242, 0, 0},  // accept4
    {243, 0, 0},  // recvmmsg
    {269, 0, 0},  // sendmmsg
    {285, 0, 2},  // copy_file_range
    {286, 0, 0},  // preadv2
    {287, 0, 0},  // pwritev2
    {426, 0, 0},  // io_uring_enter
    {441, 0, 0},  // epoll_pwait2
};

}  // namespace

void hold_files(const SysCall& call, std::uint32_t number, HeldFiles& held) {
    if (held[0].file != nullptr) return;
    const auto* const row = std::ranges::lower_bound(kRows, number, {}, &Row::number);
    if (row == std::end(kRows) || row->number != number) return;
    const auto hold = [&](std::size_t argument) {
        const std::int32_t fd = call.int32(argument);
        return HeldFile{fd, call.process.files.share(fd)};
    };
    held[0] = hold(row->first);
    if (row->second != row->first) held[1] = hold(row->second);
}

}  // namespace uprobesim
