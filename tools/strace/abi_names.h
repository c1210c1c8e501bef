// SPDX-License-Identifier: GPL-2.0-or-later
// Names of constants as arm64 Linux programs see them. The values are those the AArch64 C library's
// headers give (Debian 12, glibc 2.36), or the kernel's uapi headers where it has none. Values of
// several bits stand before those they contain.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace uprobesim {

struct NamedValue {
    std::uint64_t value;
    std::string_view name;
};

// "O_CREAT|O_TRUNC", with "|0x..." for bits without a name; `none` where no bit is set.
std::string flags_text(std::span<const NamedValue> names, std::uint64_t value,
                       std::string_view none = "0");
// The name, or the number.
std::string value_text(std::span<const NamedValue> names, std::uint64_t value);
// Empty: it has none.
std::string_view value_name(std::span<const NamedValue> names, std::uint64_t value);

namespace names {

inline constexpr NamedValue kOpenBits[] = {
    {0x40, "O_CREAT"},       {0x80, "O_EXCL"},         {0x100, "O_NOCTTY"},
    {0x200, "O_TRUNC"},      {0x400, "O_APPEND"},      {0x800, "O_NONBLOCK"},
    {0x101000, "O_SYNC"},    {0x1000, "O_DSYNC"},      {0x2000, "O_ASYNC"},
    {0x404000, "O_TMPFILE"}, {0x4000, "O_DIRECTORY"},  {0x8000, "O_NOFOLLOW"},
    {0x10000, "O_DIRECT"},   {0x20000, "O_LARGEFILE"}, {0x40000, "O_NOATIME"},
    {0x80000, "O_CLOEXEC"},  {0x200000, "O_PATH"}};
inline constexpr NamedValue kAccessModes[] = {
    {0, "O_RDONLY"}, {1, "O_WRONLY"}, {2, "O_RDWR"}, {3, "O_ACCMODE"}};
inline constexpr NamedValue kAtFlags[] = {
    {0x100, "AT_SYMLINK_NOFOLLOW"},  {0x400, "AT_SYMLINK_FOLLOW"},
    {0x800, "AT_NO_AUTOMOUNT"},      {0x1000, "AT_EMPTY_PATH"},
    {0x2000, "AT_STATX_FORCE_SYNC"}, {0x4000, "AT_STATX_DONT_SYNC"}};
inline constexpr NamedValue kUnlinkFlags[] = {{0x200, "AT_REMOVEDIR"}};
inline constexpr NamedValue kAccessFlags[] = {
    {0x200, "AT_EACCESS"}, {0x100, "AT_SYMLINK_NOFOLLOW"}, {0x1000, "AT_EMPTY_PATH"}};
inline constexpr NamedValue kAccessBits[] = {{4, "R_OK"}, {2, "W_OK"}, {1, "X_OK"}};
inline constexpr NamedValue kProtection[] = {
    {1, "PROT_READ"},           {2, "PROT_WRITE"},  {4, "PROT_EXEC"},
    {0x10, "PROT_BTI"},         {0x20, "PROT_MTE"}, {0x1000000, "PROT_GROWSDOWN"},
    {0x2000000, "PROT_GROWSUP"}};
inline constexpr NamedValue kMapFlags[] = {{0x10, "MAP_FIXED"},
                                           {0x20, "MAP_ANONYMOUS"},
                                           {0x100, "MAP_GROWSDOWN"},
                                           {0x800, "MAP_DENYWRITE"},
                                           {0x1000, "MAP_EXECUTABLE"},
                                           {0x2000, "MAP_LOCKED"},
                                           {0x4000, "MAP_NORESERVE"},
                                           {0x8000, "MAP_POPULATE"},
                                           {0x10000, "MAP_NONBLOCK"},
                                           {0x20000, "MAP_STACK"},
                                           {0x40000, "MAP_HUGETLB"},
                                           {0x80000, "MAP_SYNC"},
                                           {0x100000, "MAP_FIXED_NOREPLACE"}};
inline constexpr NamedValue kMapTypes[] = {
    {1, "MAP_SHARED"}, {2, "MAP_PRIVATE"}, {3, "MAP_SHARED_VALIDATE"}};
inline constexpr NamedValue kRemapFlags[] = {
    {1, "MREMAP_MAYMOVE"}, {2, "MREMAP_FIXED"}, {4, "MREMAP_DONTUNMAP"}};
inline constexpr NamedValue kSyncFlags[] = {{1, "MS_ASYNC"}, {2, "MS_INVALIDATE"}, {4, "MS_SYNC"}};
inline constexpr NamedValue kMemoryAdvice[] = {
    {0, "MADV_NORMAL"},        {1, "MADV_RANDOM"},           {2, "MADV_SEQUENTIAL"},
    {3, "MADV_WILLNEED"},      {4, "MADV_DONTNEED"},         {8, "MADV_FREE"},
    {9, "MADV_REMOVE"},        {0xa, "MADV_DONTFORK"},       {0xb, "MADV_DOFORK"},
    {0xc, "MADV_MERGEABLE"},   {0xd, "MADV_UNMERGEABLE"},    {0xe, "MADV_HUGEPAGE"},
    {0xf, "MADV_NOHUGEPAGE"},  {0x10, "MADV_DONTDUMP"},      {0x11, "MADV_DODUMP"},
    {0x12, "MADV_WIPEONFORK"}, {0x13, "MADV_KEEPONFORK"},    {0x14, "MADV_COLD"},
    {0x15, "MADV_PAGEOUT"},    {0x16, "MADV_POPULATE_READ"}, {0x17, "MADV_POPULATE_WRITE"}};
inline constexpr NamedValue kFileAdvice[] = {
    {0, "POSIX_FADV_NORMAL"},   {1, "POSIX_FADV_RANDOM"},   {2, "POSIX_FADV_SEQUENTIAL"},
    {3, "POSIX_FADV_WILLNEED"}, {4, "POSIX_FADV_DONTNEED"}, {5, "POSIX_FADV_NOREUSE"}};
inline constexpr NamedValue kWhence[] = {
    {0, "SEEK_SET"}, {1, "SEEK_CUR"}, {2, "SEEK_END"}, {3, "SEEK_DATA"}, {4, "SEEK_HOLE"}};
inline constexpr NamedValue kFcntlCommands[] = {{0, "F_DUPFD"},          {1, "F_GETFD"},
                                                {2, "F_SETFD"},          {3, "F_GETFL"},
                                                {4, "F_SETFL"},          {5, "F_GETLK"},
                                                {6, "F_SETLK"},          {7, "F_SETLKW"},
                                                {8, "F_SETOWN"},         {9, "F_GETOWN"},
                                                {0xa, "F_SETSIG"},       {0xb, "F_GETSIG"},
                                                {0x400, "F_SETLEASE"},   {0x401, "F_GETLEASE"},
                                                {0x402, "F_NOTIFY"},     {0x406, "F_DUPFD_CLOEXEC"},
                                                {0x407, "F_SETPIPE_SZ"}, {0x408, "F_GETPIPE_SZ"},
                                                {0x409, "F_ADD_SEALS"},  {0x40a, "F_GET_SEALS"},
                                                {0x24, "F_OFD_GETLK"},   {0x25, "F_OFD_SETLK"},
                                                {0x26, "F_OFD_SETLKW"}};
inline constexpr NamedValue kLockTypes[] = {{0, "F_RDLCK"}, {1, "F_WRLCK"}, {2, "F_UNLCK"}};
inline constexpr NamedValue kLockOperations[] = {
    {1, "LOCK_SH"}, {2, "LOCK_EX"}, {8, "LOCK_UN"}, {4, "LOCK_NB"}};
inline constexpr NamedValue kDescriptorFlags[] = {{1, "FD_CLOEXEC"}};
inline constexpr NamedValue kIoctlRequests[] = {
    {0x5401, "TCGETS"},      {0x5402, "TCSETS"},
    {0x5403, "TCSETSW"},     {0x5404, "TCSETSF"},
    {0x540f, "TIOCGPGRP"},   {0x5410, "TIOCSPGRP"},
    {0x5413, "TIOCGWINSZ"},  {0x5414, "TIOCSWINSZ"},
    {0x540e, "TIOCSCTTY"},   {0x5422, "TIOCNOTTY"},
    {0x541b, "FIONREAD"},    {0x5421, "FIONBIO"},
    {0x5451, "FIOCLEX"},     {0x5450, "FIONCLEX"},
    {0x5452, "FIOASYNC"},    {0x5429, "TIOCGSID"},
    {0x540b, "TCFLSH"},      {0x5409, "TCSBRK"},
    {0x40049409, "FICLONE"}, {0x80086601, "FS_IOC_GETFLAGS"}};
inline constexpr NamedValue kCloneBits[] = {{0x100, "CLONE_VM"},
                                            {0x200, "CLONE_FS"},
                                            {0x400, "CLONE_FILES"},
                                            {0x800, "CLONE_SIGHAND"},
                                            {0x1000, "CLONE_PIDFD"},
                                            {0x2000, "CLONE_PTRACE"},
                                            {0x4000, "CLONE_VFORK"},
                                            {0x8000, "CLONE_PARENT"},
                                            {0x10000, "CLONE_THREAD"},
                                            {0x20000, "CLONE_NEWNS"},
                                            {0x40000, "CLONE_SYSVSEM"},
                                            {0x80000, "CLONE_SETTLS"},
                                            {0x100000, "CLONE_PARENT_SETTID"},
                                            {0x200000, "CLONE_CHILD_CLEARTID"},
                                            {0x400000, "CLONE_DETACHED"},
                                            {0x800000, "CLONE_UNTRACED"},
                                            {0x1000000, "CLONE_CHILD_SETTID"},
                                            {0x2000000, "CLONE_NEWCGROUP"},
                                            {0x4000000, "CLONE_NEWUTS"},
                                            {0x8000000, "CLONE_NEWIPC"},
                                            {0x10000000, "CLONE_NEWUSER"},
                                            {0x20000000, "CLONE_NEWPID"},
                                            {0x40000000, "CLONE_NEWNET"},
                                            {0x80000000, "CLONE_IO"},
                                            {0x100000000, "CLONE_CLEAR_SIGHAND"},
                                            {0x200000000, "CLONE_INTO_CGROUP"}};
inline constexpr NamedValue kWaitOptions[] = {{1, "WNOHANG"},         {2, "WUNTRACED"},
                                              {4, "WEXITED"},         {8, "WCONTINUED"},
                                              {0x1000000, "WNOWAIT"}, {0x20000000, "__WNOTHREAD"},
                                              {0x40000000, "__WALL"}, {0x80000000, "__WCLONE"}};
inline constexpr NamedValue kIdTypes[] = {
    {0, "P_ALL"}, {1, "P_PID"}, {2, "P_PGID"}, {3, "P_PIDFD"}};
inline constexpr NamedValue kFutexOperations[] = {{0, "FUTEX_WAIT"},
                                                  {1, "FUTEX_WAKE"},
                                                  {2, "FUTEX_FD"},
                                                  {3, "FUTEX_REQUEUE"},
                                                  {4, "FUTEX_CMP_REQUEUE"},
                                                  {5, "FUTEX_WAKE_OP"},
                                                  {6, "FUTEX_LOCK_PI"},
                                                  {7, "FUTEX_UNLOCK_PI"},
                                                  {8, "FUTEX_TRYLOCK_PI"},
                                                  {9, "FUTEX_WAIT_BITSET"},
                                                  {0xa, "FUTEX_WAKE_BITSET"},
                                                  {0xb, "FUTEX_WAIT_REQUEUE_PI"},
                                                  {0xc, "FUTEX_CMP_REQUEUE_PI"},
                                                  {0xd, "FUTEX_LOCK_PI2"}};
inline constexpr NamedValue kClocks[] = {
    {0, "CLOCK_REALTIME"},          {1, "CLOCK_MONOTONIC"},     {2, "CLOCK_PROCESS_CPUTIME_ID"},
    {3, "CLOCK_THREAD_CPUTIME_ID"}, {4, "CLOCK_MONOTONIC_RAW"}, {5, "CLOCK_REALTIME_COARSE"},
    {6, "CLOCK_MONOTONIC_COARSE"},  {7, "CLOCK_BOOTTIME"},      {8, "CLOCK_REALTIME_ALARM"},
    {9, "CLOCK_BOOTTIME_ALARM"},    {0xb, "CLOCK_TAI"}};
inline constexpr NamedValue kTimerFlags[] = {{1, "TIMER_ABSTIME"}};
inline constexpr NamedValue kIntervalTimers[] = {
    {0, "ITIMER_REAL"}, {1, "ITIMER_VIRTUAL"}, {2, "ITIMER_PROF"}};
inline constexpr NamedValue kMaskHow[] = {{0, "SIG_BLOCK"}, {1, "SIG_UNBLOCK"}, {2, "SIG_SETMASK"}};
inline constexpr NamedValue kActionFlags[] = {
    {0x4000000, "SA_RESTORER"}, {1, "SA_NOCLDSTOP"},         {2, "SA_NOCLDWAIT"},
    {4, "SA_SIGINFO"},          {0x8000000, "SA_ONSTACK"},   {0x10000000, "SA_RESTART"},
    {0x40000000, "SA_NODEFER"}, {0x80000000, "SA_RESETHAND"}};
inline constexpr NamedValue kAltStackFlags[] = {
    {1, "SS_ONSTACK"}, {2, "SS_DISABLE"}, {0x80000000, "SS_AUTODISARM"}};
inline constexpr NamedValue kResources[] = {
    {0, "RLIMIT_CPU"},        {1, "RLIMIT_FSIZE"},   {2, "RLIMIT_DATA"},
    {3, "RLIMIT_STACK"},      {4, "RLIMIT_CORE"},    {5, "RLIMIT_RSS"},
    {6, "RLIMIT_NPROC"},      {7, "RLIMIT_NOFILE"},  {8, "RLIMIT_MEMLOCK"},
    {9, "RLIMIT_AS"},         {0xa, "RLIMIT_LOCKS"}, {0xb, "RLIMIT_SIGPENDING"},
    {0xc, "RLIMIT_MSGQUEUE"}, {0xd, "RLIMIT_NICE"},  {0xe, "RLIMIT_RTPRIO"},
    {0xf, "RLIMIT_RTTIME"}};
inline constexpr NamedValue kUsageWho[] = {
    {0, "RUSAGE_SELF"}, {0xffffffff, "RUSAGE_CHILDREN"}, {1, "RUSAGE_THREAD"}};
inline constexpr NamedValue kPriorityWhich[] = {
    {0, "PRIO_PROCESS"}, {1, "PRIO_PGRP"}, {2, "PRIO_USER"}};
inline constexpr NamedValue kSchedPolicies[] = {{0, "SCHED_OTHER"}, {1, "SCHED_FIFO"},
                                                {2, "SCHED_RR"},    {3, "SCHED_BATCH"},
                                                {5, "SCHED_IDLE"},  {6, "SCHED_DEADLINE"}};
inline constexpr NamedValue kPrctlOptions[] = {{1, "PR_SET_PDEATHSIG"},
                                               {2, "PR_GET_PDEATHSIG"},
                                               {3, "PR_GET_DUMPABLE"},
                                               {4, "PR_SET_DUMPABLE"},
                                               {7, "PR_GET_KEEPCAPS"},
                                               {8, "PR_SET_KEEPCAPS"},
                                               {0xf, "PR_SET_NAME"},
                                               {0x10, "PR_GET_NAME"},
                                               {0x15, "PR_GET_SECCOMP"},
                                               {0x16, "PR_SET_SECCOMP"},
                                               {0x17, "PR_CAPBSET_READ"},
                                               {0x18, "PR_CAPBSET_DROP"},
                                               {0x1d, "PR_SET_TIMERSLACK"},
                                               {0x1e, "PR_GET_TIMERSLACK"},
                                               {0x23, "PR_SET_MM"},
                                               {0x24, "PR_SET_CHILD_SUBREAPER"},
                                               {0x25, "PR_GET_CHILD_SUBREAPER"},
                                               {0x26, "PR_SET_NO_NEW_PRIVS"},
                                               {0x27, "PR_GET_NO_NEW_PRIVS"},
                                               {0x29, "PR_SET_THP_DISABLE"},
                                               {0x2a, "PR_GET_THP_DISABLE"},
                                               {0x53564d41, "PR_SET_VMA"},
                                               {0x37, "PR_SET_TAGGED_ADDR_CTRL"},
                                               {0x38, "PR_GET_TAGGED_ADDR_CTRL"},
                                               {0x59616d61, "PR_SET_PTRACER"}};
inline constexpr NamedValue kSocketDomains[] = {
    {0, "AF_UNSPEC"},     {1, "AF_UNIX"},      {2, "AF_INET"},    {0xa, "AF_INET6"},
    {0x10, "AF_NETLINK"}, {0x11, "AF_PACKET"}, {0x28, "AF_VSOCK"}};
inline constexpr NamedValue kSocketTypes[] = {
    {1, "SOCK_STREAM"}, {2, "SOCK_DGRAM"}, {3, "SOCK_RAW"}, {4, "SOCK_RDM"}, {5, "SOCK_SEQPACKET"}};
inline constexpr NamedValue kSocketBits[] = {{0x800, "SOCK_NONBLOCK"}, {0x80000, "SOCK_CLOEXEC"}};
inline constexpr NamedValue kSocketLevels[] = {
    {0, "SOL_IP"}, {1, "SOL_SOCKET"}, {6, "SOL_TCP"}, {0x11, "SOL_UDP"}, {0x29, "SOL_IPV6"}};
inline constexpr NamedValue kSocketOptions[] = {
    {1, "SO_DEBUG"},       {2, "SO_REUSEADDR"},   {3, "SO_TYPE"},        {4, "SO_ERROR"},
    {5, "SO_DONTROUTE"},   {6, "SO_BROADCAST"},   {7, "SO_SNDBUF"},      {8, "SO_RCVBUF"},
    {9, "SO_KEEPALIVE"},   {0xa, "SO_OOBINLINE"}, {0xc, "SO_PRIORITY"},  {0xd, "SO_LINGER"},
    {0xf, "SO_REUSEPORT"}, {0x10, "SO_PASSCRED"}, {0x11, "SO_PEERCRED"}, {0x12, "SO_RCVLOWAT"},
    {0x13, "SO_SNDLOWAT"}, {0x14, "SO_RCVTIMEO"}, {0x15, "SO_SNDTIMEO"}, {0x1e, "SO_ACCEPTCONN"},
    {0x26, "SO_PROTOCOL"}, {0x27, "SO_DOMAIN"}};
inline constexpr NamedValue kTcpOptions[] = {
    {1, "TCP_NODELAY"},        {2, "TCP_MAXSEG"},          {3, "TCP_CORK"},
    {4, "TCP_KEEPIDLE"},       {5, "TCP_KEEPINTVL"},       {6, "TCP_KEEPCNT"},
    {7, "TCP_SYNCNT"},         {8, "TCP_LINGER2"},         {9, "TCP_DEFER_ACCEPT"},
    {0xa, "TCP_WINDOW_CLAMP"}, {0xb, "TCP_INFO"},          {0xc, "TCP_QUICKACK"},
    {0xd, "TCP_CONGESTION"},   {0x12, "TCP_USER_TIMEOUT"}, {0x17, "TCP_FASTOPEN"}};
inline constexpr NamedValue kMessageFlags[] = {
    {1, "MSG_OOB"},           {2, "MSG_PEEK"},        {4, "MSG_DONTROUTE"},
    {8, "MSG_CTRUNC"},        {0x20, "MSG_TRUNC"},    {0x40, "MSG_DONTWAIT"},
    {0x80, "MSG_EOR"},        {0x100, "MSG_WAITALL"}, {0x800, "MSG_CONFIRM"},
    {0x4000, "MSG_NOSIGNAL"}, {0x8000, "MSG_MORE"},   {0x40000000, "MSG_CMSG_CLOEXEC"}};
inline constexpr NamedValue kShutdownHow[] = {{0, "SHUT_RD"}, {1, "SHUT_WR"}, {2, "SHUT_RDWR"}};
inline constexpr NamedValue kEpollOperations[] = {
    {1, "EPOLL_CTL_ADD"}, {2, "EPOLL_CTL_DEL"}, {3, "EPOLL_CTL_MOD"}};
inline constexpr NamedValue kEpollEvents[] = {{1, "EPOLLIN"},
                                              {2, "EPOLLPRI"},
                                              {4, "EPOLLOUT"},
                                              {8, "EPOLLERR"},
                                              {0x10, "EPOLLHUP"},
                                              {0x40, "EPOLLRDNORM"},
                                              {0x80, "EPOLLRDBAND"},
                                              {0x100, "EPOLLWRNORM"},
                                              {0x200, "EPOLLWRBAND"},
                                              {0x400, "EPOLLMSG"},
                                              {0x2000, "EPOLLRDHUP"},
                                              {0x10000000, "EPOLLEXCLUSIVE"},
                                              {0x20000000, "EPOLLWAKEUP"},
                                              {0x40000000, "EPOLLONESHOT"},
                                              {0x80000000, "EPOLLET"}};
inline constexpr NamedValue kEpollFlags[] = {{0x80000, "EPOLL_CLOEXEC"}};
inline constexpr NamedValue kEventfdFlags[] = {
    {1, "EFD_SEMAPHORE"}, {0x80000, "EFD_CLOEXEC"}, {0x800, "EFD_NONBLOCK"}};
inline constexpr NamedValue kPollEvents[] = {
    {1, "POLLIN"},         {2, "POLLPRI"},        {4, "POLLOUT"},       {8, "POLLERR"},
    {0x10, "POLLHUP"},     {0x20, "POLLNVAL"},    {0x40, "POLLRDNORM"}, {0x80, "POLLRDBAND"},
    {0x100, "POLLWRNORM"}, {0x200, "POLLWRBAND"}, {0x2000, "POLLRDHUP"}};
inline constexpr NamedValue kRandomFlags[] = {
    {1, "GRND_NONBLOCK"}, {2, "GRND_RANDOM"}, {4, "GRND_INSECURE"}};
inline constexpr NamedValue kRenameFlags[] = {
    {1, "RENAME_NOREPLACE"}, {2, "RENAME_EXCHANGE"}, {4, "RENAME_WHITEOUT"}};
inline constexpr NamedValue kMemfdFlags[] = {
    {1, "MFD_CLOEXEC"}, {2, "MFD_ALLOW_SEALING"}, {4, "MFD_HUGETLB"}};
inline constexpr NamedValue kMembarrierCommands[] = {
    {0, "MEMBARRIER_CMD_QUERY"},
    {1, "MEMBARRIER_CMD_GLOBAL"},
    {2, "MEMBARRIER_CMD_GLOBAL_EXPEDITED"},
    {4, "MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED"},
    {8, "MEMBARRIER_CMD_PRIVATE_EXPEDITED"},
    {0x10, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED"}};
inline constexpr NamedValue kStatxMasks[] = {{0x7ff, "STATX_BASIC_STATS"}, {0xfff, "STATX_ALL"}};
inline constexpr NamedValue kStatxBits[] = {
    {1, "STATX_TYPE"},       {2, "STATX_MODE"},     {4, "STATX_NLINK"},      {8, "STATX_UID"},
    {0x10, "STATX_GID"},     {0x20, "STATX_ATIME"}, {0x40, "STATX_MTIME"},   {0x80, "STATX_CTIME"},
    {0x100, "STATX_INO"},    {0x200, "STATX_SIZE"}, {0x400, "STATX_BLOCKS"}, {0x800, "STATX_BTIME"},
    {0x1000, "STATX_MNT_ID"}};
inline constexpr NamedValue kFileTypes[] = {
    {0xc000, "S_IFSOCK"}, {0xa000, "S_IFLNK"}, {0x8000, "S_IFREG"}, {0x6000, "S_IFBLK"},
    {0x4000, "S_IFDIR"},  {0x2000, "S_IFCHR"}, {0x1000, "S_IFIFO"}};
inline constexpr NamedValue kPersonalities[] = {{0, "PER_LINUX"}, {8, "PER_LINUX32"}};

}  // namespace names
}  // namespace uprobesim
