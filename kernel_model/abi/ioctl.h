// SPDX-License-Identifier: GPL-2.0-or-later
// Requests of ioctl (asm-generic/ioctls.h, linux/sockios.h, linux/fs.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

// Any descriptor.
inline constexpr std::uint32_t kFionread = 0x541b, kFionbio = 0x5421, kFionclex = 0x5450,
                               kFioclex = 0x5451, kFioasync = 0x5452, kFigetbsz = 2,
                               kFioSetOwn = 0x8901, kFioGetOwn = 0x8903, kSiocspgrp = 0x8902,
                               kSiocgpgrp = 0x8904;

// Files.
inline constexpr std::uint32_t kFiclone = 0x40049409, kFiclonerange = 0x4020940d, kFibmap = 1,
                               kFioqsize = 0x5460, kFsIocGetflags = 0x80086601,
                               kFsIocSetflags = 0x40086602, kFsIocFsgetxattr = 0x801c581f,
                               kFsIocFssetxattr = 0x401c5820, kFsIocFiemap = 0xc020660b,
                               kProcmapQuery = 0xc0686611, kFideduperange = 0xc0189436,
                               kFifreeze = 0xc0045877, kFithaw = 0xc0045878,
                               kFsIocGetfsuuid = 0x80111500, kFsIocGetfssysfspath = 0x80811501;

// Flags of inodes that FS_IOC_SETFLAGS sets, and in the other form of FS_IOC_FSSETXATTR.
inline constexpr std::uint32_t kFsImmutable = 0x10, kFsAppend = 0x20, kFsNodump = 0x40,
                               kFsNoatime = 0x80;
inline constexpr std::uint32_t kFsXImmutable = 0x8, kFsXAppend = 0x10, kFsXSync = 0x20,
                               kFsXNoatime = 0x40, kFsXNodump = 0x80;
struct FsXAttr {
    std::uint32_t xflags, extsize, nextents, projid, cowextsize;
    std::uint8_t pad[8];
};
static_assert(sizeof(FsXAttr) == 28);

// /dev/random and /dev/urandom (linux/random.h).
inline constexpr std::uint32_t kRndgetentcnt = 0x80045200, kRndaddtoentcnt = 0x40045201,
                               kRndaddentropy = 0x40085203, kRndzapentcnt = 0x5204,
                               kRndclearpool = 0x5206, kRndreseedcrng = 0x5207;

// struct procmap_query
struct ProcmapQuery {
    std::uint64_t size, query_flags, query_address;
    std::uint64_t begin, end, flags, page_size, offset, inode;
    std::uint32_t major, minor, name_size, build_id_size;
    std::uint64_t name_address, build_id_address;
};
static_assert(sizeof(ProcmapQuery) == 104);
inline constexpr std::uint64_t kProcmapReadable = 1, kProcmapWritable = 2, kProcmapExecutable = 4,
                               kProcmapShared = 8, kProcmapRights = 15, kProcmapOrNext = 16,
                               kProcmapOfFile = 32, kProcmapKnown = 63;

// Terminals.
inline constexpr std::uint32_t kTcgets = 0x5401, kTcsets = 0x5402, kTcsetsw = 0x5403,
                               kTcsetsf = 0x5404, kTcsbrk = 0x5409, kTcxonc = 0x540a,
                               kTcflsh = 0x540b, kTiocsctty = 0x540e, kTiocgpgrp = 0x540f,
                               kTiocspgrp = 0x5410, kTiocoutq = 0x5411, kTiocgwinsz = 0x5413,
                               kTiocswinsz = 0x5414, kTiocnotty = 0x5422, kTiocgetd = 0x5424,
                               kTiocgsid = 0x5429, kTcgeta = 0x5405, kTcseta = 0x5406,
                               kTcsetaw = 0x5407, kTcsetaf = 0x5408, kTiocexcl = 0x540c,
                               kTiocnxcl = 0x540d, kTiocsti = 0x5412, kTiocsetd = 0x5423,
                               kTcsbrkp = 0x5425, kTiocsbrk = 0x5427, kTioccbrk = 0x5428,
                               kTiocglcktrmios = 0x5456, kTiocslcktrmios = 0x5457,
                               kTcgets2 = 0x802c542a, kTcsets2 = 0x402c542b, kTcsetsw2 = 0x402c542c,
                               kTcsetsf2 = 0x402c542d, kTiocgexcl = 0x80045440,
                               kTiocvhangup = 0x5437;

// Pseudo-terminals: the master.
inline constexpr std::uint32_t kTiocgptn = 0x80045430, kTiocsptlck = 0x40045431,
                               kTiocgptlck = 0x80045439, kTiocgptpeer = 0x5441,
                               kTiocsig = 0x40045436, kTiocpkt = 0x5420, kTiocgpkt = 0x80045438;

// Interfaces of the network.
inline constexpr std::uint32_t kSiocatmark = 0x8905, kSiocgifname = 0x8910, kSiocgifconf = 0x8912,
                               kSiocgifflags = 0x8913, kSiocsifflags = 0x8914,
                               kSiocgifdstaddr = 0x8917, kSiocgifbrdaddr = 0x8919,
                               kSiocgifmetric = 0x891d, kSiocgiftxqlen = 0x8942,
                               kSiocgifaddr = 0x8915, kSiocgifnetmask = 0x891b,
                               kSiocgifmtu = 0x8921, kSiocsifmtu = 0x8922, kSiocaddrt = 0x890b,
                               kSiocdelrt = 0x890c, kSiocgifhwaddr = 0x8927, kSiocgifindex = 0x8933;

// timerfd.
inline constexpr std::uint32_t kTfdIocSetTicks = 0x40085400;

// Namespaces (linux/nsfs.h).
inline constexpr std::uint32_t kNsGetUserns = 0xb701, kNsGetParent = 0xb702, kNsGetNstype = 0xb703,
                               kNsGetOwnerUid = 0xb704;
// Numbers of tasks between the caller's namespace of process ids and that of the file.
inline constexpr std::uint32_t kNsGetPidFromPidns = 0x8004b706, kNsGetTgidFromPidns = 0x8004b707,
                               kNsGetPidInPidns = 0x8004b708, kNsGetTgidInPidns = 0x8004b709;

}  // namespace uprobesim::abi
