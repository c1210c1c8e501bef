// SPDX-License-Identifier: GPL-2.0-or-later
// Names of constants as arm64 Linux programs see them; the values are those of kernel_model/abi.
// Values of several bits come before those they contain.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "kernel_model/abi/clock.h"
#include "kernel_model/abi/clone.h"
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/futex.h"
#include "kernel_model/abi/ioctl.h"
#include "kernel_model/abi/mman.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/abi/prctl.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/abi/sched.h"
#include "kernel_model/abi/signal.h"
#include "kernel_model/abi/socket.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/abi/wait.h"

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

inline constexpr NamedValue kOpenBits[] = {{abi::kOCreat, "O_CREAT"},
                                           {abi::kOExcl, "O_EXCL"},
                                           {abi::kONoctty, "O_NOCTTY"},
                                           {abi::kOTrunc, "O_TRUNC"},
                                           {abi::kOAppend, "O_APPEND"},
                                           {abi::kONonblock, "O_NONBLOCK"},
                                           {abi::kOSync, "O_SYNC"},
                                           {abi::kODsync, "O_DSYNC"},
                                           {abi::kOAsync, "O_ASYNC"},
                                           {abi::kOTmpfile, "O_TMPFILE"},
                                           {abi::kODirectory, "O_DIRECTORY"},
                                           {abi::kONofollow, "O_NOFOLLOW"},
                                           {abi::kODirect, "O_DIRECT"},
                                           {abi::kOLargefile, "O_LARGEFILE"},
                                           {abi::kONoatime, "O_NOATIME"},
                                           {abi::kOCloexec, "O_CLOEXEC"},
                                           {abi::kOPath, "O_PATH"}};
inline constexpr NamedValue kAccessModes[] = {{abi::kORdonly, "O_RDONLY"},
                                              {abi::kOWronly, "O_WRONLY"},
                                              {abi::kORdwr, "O_RDWR"},
                                              {abi::kOAccmode, "O_ACCMODE"}};
inline constexpr NamedValue kAtFlags[] = {{abi::kAtSymlinkNofollow, "AT_SYMLINK_NOFOLLOW"},
                                          {abi::kAtSymlinkFollow, "AT_SYMLINK_FOLLOW"},
                                          {abi::kAtNoAutomount, "AT_NO_AUTOMOUNT"},
                                          {abi::kAtEmptyPath, "AT_EMPTY_PATH"},
                                          {abi::kAtStatxForceSync, "AT_STATX_FORCE_SYNC"},
                                          {abi::kAtStatxDontSync, "AT_STATX_DONT_SYNC"}};
inline constexpr NamedValue kUnlinkFlags[] = {{abi::kAtRemovedir, "AT_REMOVEDIR"}};
inline constexpr NamedValue kAccessFlags[] = {{abi::kAtEaccess, "AT_EACCESS"},
                                              {abi::kAtSymlinkNofollow, "AT_SYMLINK_NOFOLLOW"},
                                              {abi::kAtEmptyPath, "AT_EMPTY_PATH"}};
inline constexpr NamedValue kAccessBits[] = {
    {abi::kROk, "R_OK"}, {abi::kWOk, "W_OK"}, {abi::kXOk, "X_OK"}};
inline constexpr NamedValue kProtection[] = {
    {abi::kProtRead, "PROT_READ"},      {abi::kProtWrite, "PROT_WRITE"},
    {abi::kProtExec, "PROT_EXEC"},      {abi::kProtBti, "PROT_BTI"},
    {abi::kProtMte, "PROT_MTE"},        {abi::kProtGrowsdown, "PROT_GROWSDOWN"},
    {abi::kProtGrowsup, "PROT_GROWSUP"}};
inline constexpr NamedValue kMapFlags[] = {{abi::kMapFixed, "MAP_FIXED"},
                                           {abi::kMapAnonymous, "MAP_ANONYMOUS"},
                                           {abi::kMapGrowsdown, "MAP_GROWSDOWN"},
                                           {abi::kMapDenywrite, "MAP_DENYWRITE"},
                                           {abi::kMapExecutable, "MAP_EXECUTABLE"},
                                           {abi::kMapLocked, "MAP_LOCKED"},
                                           {abi::kMapNoreserve, "MAP_NORESERVE"},
                                           {abi::kMapPopulate, "MAP_POPULATE"},
                                           {abi::kMapNonblock, "MAP_NONBLOCK"},
                                           {abi::kMapStack, "MAP_STACK"},
                                           {abi::kMapHugetlb, "MAP_HUGETLB"},
                                           {abi::kMapSync, "MAP_SYNC"},
                                           {abi::kMapFixedNoreplace, "MAP_FIXED_NOREPLACE"}};
inline constexpr NamedValue kMapTypes[] = {{abi::kMapShared, "MAP_SHARED"},
                                           {abi::kMapPrivate, "MAP_PRIVATE"},
                                           {abi::kMapSharedValidate, "MAP_SHARED_VALIDATE"}};
inline constexpr NamedValue kRemapFlags[] = {{abi::kMremapMaymove, "MREMAP_MAYMOVE"},
                                             {abi::kMremapFixed, "MREMAP_FIXED"},
                                             {abi::kMremapDontunmap, "MREMAP_DONTUNMAP"}};
inline constexpr NamedValue kSyncFlags[] = {
    {abi::kMsAsync, "MS_ASYNC"}, {abi::kMsInvalidate, "MS_INVALIDATE"}, {abi::kMsSync, "MS_SYNC"}};
inline constexpr NamedValue kMemoryAdvice[] = {{abi::kMadvNormal, "MADV_NORMAL"},
                                               {abi::kMadvRandom, "MADV_RANDOM"},
                                               {abi::kMadvSequential, "MADV_SEQUENTIAL"},
                                               {abi::kMadvWillneed, "MADV_WILLNEED"},
                                               {abi::kMadvDontneed, "MADV_DONTNEED"},
                                               {abi::kMadvFree, "MADV_FREE"},
                                               {abi::kMadvRemove, "MADV_REMOVE"},
                                               {abi::kMadvDontfork, "MADV_DONTFORK"},
                                               {abi::kMadvDofork, "MADV_DOFORK"},
                                               {abi::kMadvMergeable, "MADV_MERGEABLE"},
                                               {abi::kMadvUnmergeable, "MADV_UNMERGEABLE"},
                                               {abi::kMadvHugepage, "MADV_HUGEPAGE"},
                                               {abi::kMadvNohugepage, "MADV_NOHUGEPAGE"},
                                               {abi::kMadvDontdump, "MADV_DONTDUMP"},
                                               {abi::kMadvDodump, "MADV_DODUMP"},
                                               {abi::kMadvWipeonfork, "MADV_WIPEONFORK"},
                                               {abi::kMadvKeeponfork, "MADV_KEEPONFORK"},
                                               {abi::kMadvCold, "MADV_COLD"},
                                               {abi::kMadvPageout, "MADV_PAGEOUT"},
                                               {abi::kMadvPopulateRead, "MADV_POPULATE_READ"},
                                               {abi::kMadvPopulateWrite, "MADV_POPULATE_WRITE"}};
inline constexpr NamedValue kFileAdvice[] = {{abi::kPosixFadvNormal, "POSIX_FADV_NORMAL"},
                                             {abi::kPosixFadvRandom, "POSIX_FADV_RANDOM"},
                                             {abi::kPosixFadvSequential, "POSIX_FADV_SEQUENTIAL"},
                                             {abi::kPosixFadvWillneed, "POSIX_FADV_WILLNEED"},
                                             {abi::kPosixFadvDontneed, "POSIX_FADV_DONTNEED"},
                                             {abi::kPosixFadvNoreuse, "POSIX_FADV_NOREUSE"}};
inline constexpr NamedValue kWhence[] = {{abi::kSeekSet, "SEEK_SET"},
                                         {abi::kSeekCur, "SEEK_CUR"},
                                         {abi::kSeekEnd, "SEEK_END"},
                                         {abi::kSeekData, "SEEK_DATA"},
                                         {abi::kSeekHole, "SEEK_HOLE"}};
inline constexpr NamedValue kFcntlCommands[] = {
    {abi::kFDupfd, "F_DUPFD"},          {abi::kFGetfd, "F_GETFD"},
    {abi::kFSetfd, "F_SETFD"},          {abi::kFGetfl, "F_GETFL"},
    {abi::kFSetfl, "F_SETFL"},          {abi::kFGetlk, "F_GETLK"},
    {abi::kFSetlk, "F_SETLK"},          {abi::kFSetlkw, "F_SETLKW"},
    {abi::kFSetown, "F_SETOWN"},        {abi::kFGetown, "F_GETOWN"},
    {abi::kFSetsig, "F_SETSIG"},        {abi::kFGetsig, "F_GETSIG"},
    {abi::kFSetlease, "F_SETLEASE"},    {abi::kFGetlease, "F_GETLEASE"},
    {abi::kFNotify, "F_NOTIFY"},        {abi::kFDupfdCloexec, "F_DUPFD_CLOEXEC"},
    {abi::kFSetpipeSz, "F_SETPIPE_SZ"}, {abi::kFGetpipeSz, "F_GETPIPE_SZ"},
    {abi::kFAddSeals, "F_ADD_SEALS"},   {abi::kFGetSeals, "F_GET_SEALS"},
    {abi::kFOfdGetlk, "F_OFD_GETLK"},   {abi::kFOfdSetlk, "F_OFD_SETLK"},
    {abi::kFOfdSetlkw, "F_OFD_SETLKW"}};
inline constexpr NamedValue kLockTypes[] = {
    {abi::kFRdlck, "F_RDLCK"}, {abi::kFWrlck, "F_WRLCK"}, {abi::kFUnlck, "F_UNLCK"}};
inline constexpr NamedValue kLockOperations[] = {{abi::kLockSh, "LOCK_SH"},
                                                 {abi::kLockEx, "LOCK_EX"},
                                                 {abi::kLockUn, "LOCK_UN"},
                                                 {abi::kLockNb, "LOCK_NB"}};
inline constexpr NamedValue kDescriptorFlags[] = {{abi::kFdCloexec, "FD_CLOEXEC"}};
inline constexpr NamedValue kIoctlRequests[] = {
    {abi::kTcgets, "TCGETS"},         {abi::kTcsets, "TCSETS"},
    {abi::kTcsetsw, "TCSETSW"},       {abi::kTcsetsf, "TCSETSF"},
    {abi::kTiocgpgrp, "TIOCGPGRP"},   {abi::kTiocspgrp, "TIOCSPGRP"},
    {abi::kTiocgwinsz, "TIOCGWINSZ"}, {abi::kTiocswinsz, "TIOCSWINSZ"},
    {abi::kTiocsctty, "TIOCSCTTY"},   {abi::kTiocnotty, "TIOCNOTTY"},
    {abi::kFionread, "FIONREAD"},     {abi::kFionbio, "FIONBIO"},
    {abi::kFioclex, "FIOCLEX"},       {abi::kFionclex, "FIONCLEX"},
    {abi::kFioasync, "FIOASYNC"},     {abi::kTiocgsid, "TIOCGSID"},
    {abi::kTcflsh, "TCFLSH"},         {abi::kTcsbrk, "TCSBRK"},
    {abi::kFiclone, "FICLONE"},       {abi::kFsIocGetflags, "FS_IOC_GETFLAGS"}};
inline constexpr NamedValue kCloneBits[] = {{abi::kCloneVm, "CLONE_VM"},
                                            {abi::kCloneFs, "CLONE_FS"},
                                            {abi::kCloneFiles, "CLONE_FILES"},
                                            {abi::kCloneSighand, "CLONE_SIGHAND"},
                                            {abi::kClonePidfd, "CLONE_PIDFD"},
                                            {abi::kClonePtrace, "CLONE_PTRACE"},
                                            {abi::kCloneVfork, "CLONE_VFORK"},
                                            {abi::kCloneParent, "CLONE_PARENT"},
                                            {abi::kCloneThread, "CLONE_THREAD"},
                                            {abi::kCloneNewns, "CLONE_NEWNS"},
                                            {abi::kCloneSysvsem, "CLONE_SYSVSEM"},
                                            {abi::kCloneSettls, "CLONE_SETTLS"},
                                            {abi::kCloneParentSettid, "CLONE_PARENT_SETTID"},
                                            {abi::kCloneChildCleartid, "CLONE_CHILD_CLEARTID"},
                                            {abi::kCloneDetached, "CLONE_DETACHED"},
                                            {abi::kCloneUntraced, "CLONE_UNTRACED"},
                                            {abi::kCloneChildSettid, "CLONE_CHILD_SETTID"},
                                            {abi::kCloneNewcgroup, "CLONE_NEWCGROUP"},
                                            {abi::kCloneNewuts, "CLONE_NEWUTS"},
                                            {abi::kCloneNewipc, "CLONE_NEWIPC"},
                                            {abi::kCloneNewuser, "CLONE_NEWUSER"},
                                            {abi::kCloneNewpid, "CLONE_NEWPID"},
                                            {abi::kCloneNewnet, "CLONE_NEWNET"},
                                            {abi::kCloneIo, "CLONE_IO"},
                                            {abi::kCloneClearSighand, "CLONE_CLEAR_SIGHAND"},
                                            {abi::kCloneIntoCgroup, "CLONE_INTO_CGROUP"}};
inline constexpr NamedValue kWaitOptions[] = {
    {abi::kWnohang, "WNOHANG"}, {abi::kWuntraced, "WUNTRACED"},
    {abi::kWexited, "WEXITED"}, {abi::kWcontinued, "WCONTINUED"},
    {abi::kWnowait, "WNOWAIT"}, {abi::kWnothread, "__WNOTHREAD"},
    {abi::kWall, "__WALL"},     {abi::kWclone, "__WCLONE"}};
inline constexpr NamedValue kIdTypes[] = {{abi::kPAll, "P_ALL"},
                                          {abi::kPPid, "P_PID"},
                                          {abi::kPPgid, "P_PGID"},
                                          {abi::kPPidfd, "P_PIDFD"}};
inline constexpr NamedValue kFutexOperations[] = {
    {abi::kFutexWait, "FUTEX_WAIT"},
    {abi::kFutexWake, "FUTEX_WAKE"},
    {abi::kFutexFd, "FUTEX_FD"},
    {abi::kFutexRequeue, "FUTEX_REQUEUE"},
    {abi::kFutexCmpRequeue, "FUTEX_CMP_REQUEUE"},
    {abi::kFutexWakeOp, "FUTEX_WAKE_OP"},
    {abi::kFutexLockPi, "FUTEX_LOCK_PI"},
    {abi::kFutexUnlockPi, "FUTEX_UNLOCK_PI"},
    {abi::kFutexTrylockPi, "FUTEX_TRYLOCK_PI"},
    {abi::kFutexWaitBitset, "FUTEX_WAIT_BITSET"},
    {abi::kFutexWakeBitset, "FUTEX_WAKE_BITSET"},
    {abi::kFutexWaitRequeuePi, "FUTEX_WAIT_REQUEUE_PI"},
    {abi::kFutexCmpRequeuePi, "FUTEX_CMP_REQUEUE_PI"},
    {abi::kFutexLockPi2, "FUTEX_LOCK_PI2"}};
inline constexpr NamedValue kClocks[] = {{abi::kClockRealtime, "CLOCK_REALTIME"},
                                         {abi::kClockMonotonic, "CLOCK_MONOTONIC"},
                                         {abi::kClockProcessCputimeId, "CLOCK_PROCESS_CPUTIME_ID"},
                                         {abi::kClockThreadCputimeId, "CLOCK_THREAD_CPUTIME_ID"},
                                         {abi::kClockMonotonicRaw, "CLOCK_MONOTONIC_RAW"},
                                         {abi::kClockRealtimeCoarse, "CLOCK_REALTIME_COARSE"},
                                         {abi::kClockMonotonicCoarse, "CLOCK_MONOTONIC_COARSE"},
                                         {abi::kClockBoottime, "CLOCK_BOOTTIME"},
                                         {abi::kClockRealtimeAlarm, "CLOCK_REALTIME_ALARM"},
                                         {abi::kClockBoottimeAlarm, "CLOCK_BOOTTIME_ALARM"},
                                         {abi::kClockTai, "CLOCK_TAI"}};
inline constexpr NamedValue kTimerFlags[] = {{abi::kTimerAbstime, "TIMER_ABSTIME"}};
inline constexpr NamedValue kIntervalTimers[] = {{abi::kItimerReal, "ITIMER_REAL"},
                                                 {abi::kItimerVirtual, "ITIMER_VIRTUAL"},
                                                 {abi::kItimerProf, "ITIMER_PROF"}};
inline constexpr NamedValue kMaskHow[] = {{abi::kSigBlock, "SIG_BLOCK"},
                                          {abi::kSigUnblock, "SIG_UNBLOCK"},
                                          {abi::kSigSetmask, "SIG_SETMASK"}};
inline constexpr NamedValue kActionFlags[] = {
    {abi::kSaRestorer, "SA_RESTORER"},   {abi::kSaNoCldStop, "SA_NOCLDSTOP"},
    {abi::kSaNoCldWait, "SA_NOCLDWAIT"}, {abi::kSaSigInfo, "SA_SIGINFO"},
    {abi::kSaOnStack, "SA_ONSTACK"},     {abi::kSaRestart, "SA_RESTART"},
    {abi::kSaNoDefer, "SA_NODEFER"},     {abi::kSaResetHand, "SA_RESETHAND"}};
inline constexpr NamedValue kAltStackFlags[] = {{abi::kSsOnstack, "SS_ONSTACK"},
                                                {abi::kSsDisable, "SS_DISABLE"},
                                                {abi::kSsAutodisarm, "SS_AUTODISARM"}};
inline constexpr NamedValue kResources[] = {
    {abi::kRlimitCpu, "RLIMIT_CPU"},           {abi::kRlimitFsize, "RLIMIT_FSIZE"},
    {abi::kRlimitData, "RLIMIT_DATA"},         {abi::kRlimitStack, "RLIMIT_STACK"},
    {abi::kRlimitCore, "RLIMIT_CORE"},         {abi::kRlimitRss, "RLIMIT_RSS"},
    {abi::kRlimitNproc, "RLIMIT_NPROC"},       {abi::kRlimitNofile, "RLIMIT_NOFILE"},
    {abi::kRlimitMemlock, "RLIMIT_MEMLOCK"},   {abi::kRlimitAs, "RLIMIT_AS"},
    {abi::kRlimitLocks, "RLIMIT_LOCKS"},       {abi::kRlimitSigpending, "RLIMIT_SIGPENDING"},
    {abi::kRlimitMsgqueue, "RLIMIT_MSGQUEUE"}, {abi::kRlimitNice, "RLIMIT_NICE"},
    {abi::kRlimitRtprio, "RLIMIT_RTPRIO"},     {abi::kRlimitRttime, "RLIMIT_RTTIME"}};
inline constexpr NamedValue kUsageWho[] = {
    {abi::kRusageSelf, "RUSAGE_SELF"},
    {static_cast<std::uint32_t>(abi::kRusageChildren), "RUSAGE_CHILDREN"},
    {abi::kRusageThread, "RUSAGE_THREAD"}};
inline constexpr NamedValue kPriorityWhich[] = {{abi::kPrioProcess, "PRIO_PROCESS"},
                                                {abi::kPrioPgrp, "PRIO_PGRP"},
                                                {abi::kPrioUser, "PRIO_USER"}};
inline constexpr NamedValue kSchedPolicies[] = {
    {abi::kSchedOther, "SCHED_OTHER"}, {abi::kSchedFifo, "SCHED_FIFO"},
    {abi::kSchedRr, "SCHED_RR"},       {abi::kSchedBatch, "SCHED_BATCH"},
    {abi::kSchedIdle, "SCHED_IDLE"},   {abi::kSchedDeadline, "SCHED_DEADLINE"}};
inline constexpr NamedValue kPrctlOptions[] = {
    {abi::kPrSetPdeathsig, "PR_SET_PDEATHSIG"},
    {abi::kPrGetPdeathsig, "PR_GET_PDEATHSIG"},
    {abi::kPrGetDumpable, "PR_GET_DUMPABLE"},
    {abi::kPrSetDumpable, "PR_SET_DUMPABLE"},
    {abi::kPrGetKeepcaps, "PR_GET_KEEPCAPS"},
    {abi::kPrSetKeepcaps, "PR_SET_KEEPCAPS"},
    {abi::kPrSetName, "PR_SET_NAME"},
    {abi::kPrGetName, "PR_GET_NAME"},
    {abi::kPrGetSeccomp, "PR_GET_SECCOMP"},
    {abi::kPrSetSeccomp, "PR_SET_SECCOMP"},
    {abi::kPrCapbsetRead, "PR_CAPBSET_READ"},
    {abi::kPrCapbsetDrop, "PR_CAPBSET_DROP"},
    {abi::kPrSetTimerslack, "PR_SET_TIMERSLACK"},
    {abi::kPrGetTimerslack, "PR_GET_TIMERSLACK"},
    {abi::kPrSetMm, "PR_SET_MM"},
    {abi::kPrSetChildSubreaper, "PR_SET_CHILD_SUBREAPER"},
    {abi::kPrGetChildSubreaper, "PR_GET_CHILD_SUBREAPER"},
    {abi::kPrSetNoNewPrivs, "PR_SET_NO_NEW_PRIVS"},
    {abi::kPrGetNoNewPrivs, "PR_GET_NO_NEW_PRIVS"},
    {abi::kPrSetThpDisable, "PR_SET_THP_DISABLE"},
    {abi::kPrGetThpDisable, "PR_GET_THP_DISABLE"},
    {abi::kPrSetVma, "PR_SET_VMA"},
    {abi::kPrSetTaggedAddrCtrl, "PR_SET_TAGGED_ADDR_CTRL"},
    {abi::kPrGetTaggedAddrCtrl, "PR_GET_TAGGED_ADDR_CTRL"},
    {abi::kPrSetPtracer, "PR_SET_PTRACER"}};
inline constexpr NamedValue kSocketDomains[] = {
    {abi::kAfUnspec, "AF_UNSPEC"}, {abi::kAfUnix, "AF_UNIX"},       {abi::kAfInet, "AF_INET"},
    {abi::kAfInet6, "AF_INET6"},   {abi::kAfNetlink, "AF_NETLINK"}, {abi::kAfPacket, "AF_PACKET"},
    {abi::kAfVsock, "AF_VSOCK"}};
inline constexpr NamedValue kSocketTypes[] = {{abi::kSockStream, "SOCK_STREAM"},
                                              {abi::kSockDgram, "SOCK_DGRAM"},
                                              {abi::kSockRaw, "SOCK_RAW"},
                                              {abi::kSockRdm, "SOCK_RDM"},
                                              {abi::kSockSeqpacket, "SOCK_SEQPACKET"}};
inline constexpr NamedValue kSocketBits[] = {{abi::kSockNonblock, "SOCK_NONBLOCK"},
                                             {abi::kSockCloexec, "SOCK_CLOEXEC"}};
inline constexpr NamedValue kSocketLevels[] = {{abi::kSolIp, "SOL_IP"},
                                               {abi::kSolSocket, "SOL_SOCKET"},
                                               {abi::kSolTcp, "SOL_TCP"},
                                               {abi::kSolUdp, "SOL_UDP"},
                                               {abi::kSolIpv6, "SOL_IPV6"}};
inline constexpr NamedValue kSocketOptions[] = {{abi::kSoDebug, "SO_DEBUG"},
                                                {abi::kSoReuseaddr, "SO_REUSEADDR"},
                                                {abi::kSoType, "SO_TYPE"},
                                                {abi::kSoError, "SO_ERROR"},
                                                {abi::kSoDontroute, "SO_DONTROUTE"},
                                                {abi::kSoBroadcast, "SO_BROADCAST"},
                                                {abi::kSoSndbuf, "SO_SNDBUF"},
                                                {abi::kSoRcvbuf, "SO_RCVBUF"},
                                                {abi::kSoKeepalive, "SO_KEEPALIVE"},
                                                {abi::kSoOobinline, "SO_OOBINLINE"},
                                                {abi::kSoPriority, "SO_PRIORITY"},
                                                {abi::kSoLinger, "SO_LINGER"},
                                                {abi::kSoReuseport, "SO_REUSEPORT"},
                                                {abi::kSoPasscred, "SO_PASSCRED"},
                                                {abi::kSoPeercred, "SO_PEERCRED"},
                                                {abi::kSoRcvlowat, "SO_RCVLOWAT"},
                                                {abi::kSoSndlowat, "SO_SNDLOWAT"},
                                                {abi::kSoRcvtimeoOld, "SO_RCVTIMEO"},
                                                {abi::kSoSndtimeoOld, "SO_SNDTIMEO"},
                                                {abi::kSoAcceptconn, "SO_ACCEPTCONN"},
                                                {abi::kSoProtocol, "SO_PROTOCOL"},
                                                {abi::kSoDomain, "SO_DOMAIN"}};
inline constexpr NamedValue kTcpOptions[] = {{abi::kTcpNodelay, "TCP_NODELAY"},
                                             {abi::kTcpMaxseg, "TCP_MAXSEG"},
                                             {abi::kTcpCork, "TCP_CORK"},
                                             {abi::kTcpKeepidle, "TCP_KEEPIDLE"},
                                             {abi::kTcpKeepintvl, "TCP_KEEPINTVL"},
                                             {abi::kTcpKeepcnt, "TCP_KEEPCNT"},
                                             {abi::kTcpSyncnt, "TCP_SYNCNT"},
                                             {abi::kTcpLinger2, "TCP_LINGER2"},
                                             {abi::kTcpDeferAccept, "TCP_DEFER_ACCEPT"},
                                             {abi::kTcpWindowClamp, "TCP_WINDOW_CLAMP"},
                                             {abi::kTcpInfo, "TCP_INFO"},
                                             {abi::kTcpQuickack, "TCP_QUICKACK"},
                                             {abi::kTcpCongestion, "TCP_CONGESTION"},
                                             {abi::kTcpUserTimeout, "TCP_USER_TIMEOUT"},
                                             {abi::kTcpFastopen, "TCP_FASTOPEN"}};
inline constexpr NamedValue kMessageFlags[] = {{abi::kMsgOob, "MSG_OOB"},
                                               {abi::kMsgPeek, "MSG_PEEK"},
                                               {abi::kMsgDontroute, "MSG_DONTROUTE"},
                                               {abi::kMsgCtrunc, "MSG_CTRUNC"},
                                               {abi::kMsgTrunc, "MSG_TRUNC"},
                                               {abi::kMsgDontwait, "MSG_DONTWAIT"},
                                               {abi::kMsgEor, "MSG_EOR"},
                                               {abi::kMsgWaitall, "MSG_WAITALL"},
                                               {abi::kMsgConfirm, "MSG_CONFIRM"},
                                               {abi::kMsgNosignal, "MSG_NOSIGNAL"},
                                               {abi::kMsgMore, "MSG_MORE"},
                                               {abi::kMsgCmsgCloexec, "MSG_CMSG_CLOEXEC"}};
inline constexpr NamedValue kShutdownHow[] = {
    {abi::kShutRd, "SHUT_RD"}, {abi::kShutWr, "SHUT_WR"}, {abi::kShutRdwr, "SHUT_RDWR"}};
inline constexpr NamedValue kEpollOperations[] = {{abi::kEpollCtlAdd, "EPOLL_CTL_ADD"},
                                                  {abi::kEpollCtlDel, "EPOLL_CTL_DEL"},
                                                  {abi::kEpollCtlMod, "EPOLL_CTL_MOD"}};
inline constexpr NamedValue kEpollEvents[] = {
    {abi::kPollIn, "EPOLLIN"},          {abi::kPollPri, "EPOLLPRI"},
    {abi::kPollOut, "EPOLLOUT"},        {abi::kPollErr, "EPOLLERR"},
    {abi::kPollHup, "EPOLLHUP"},        {abi::kPollRdnorm, "EPOLLRDNORM"},
    {abi::kPollRdband, "EPOLLRDBAND"},  {abi::kPollWrnorm, "EPOLLWRNORM"},
    {abi::kPollWrband, "EPOLLWRBAND"},  {abi::kEpollmsg, "EPOLLMSG"},
    {abi::kPollRdhup, "EPOLLRDHUP"},    {abi::kEpollexclusive, "EPOLLEXCLUSIVE"},
    {abi::kEpollwakeup, "EPOLLWAKEUP"}, {abi::kEpolloneshot, "EPOLLONESHOT"},
    {abi::kEpollet, "EPOLLET"}};
inline constexpr NamedValue kEpollFlags[] = {{abi::kEpollCloexec, "EPOLL_CLOEXEC"}};
inline constexpr NamedValue kEventfdFlags[] = {{abi::kEfdSemaphore, "EFD_SEMAPHORE"},
                                               {abi::kEfdCloexec, "EFD_CLOEXEC"},
                                               {abi::kEfdNonblock, "EFD_NONBLOCK"}};
inline constexpr NamedValue kPollEvents[] = {
    {abi::kPollIn, "POLLIN"},         {abi::kPollPri, "POLLPRI"},
    {abi::kPollOut, "POLLOUT"},       {abi::kPollErr, "POLLERR"},
    {abi::kPollHup, "POLLHUP"},       {abi::kPollNval, "POLLNVAL"},
    {abi::kPollRdnorm, "POLLRDNORM"}, {abi::kPollRdband, "POLLRDBAND"},
    {abi::kPollWrnorm, "POLLWRNORM"}, {abi::kPollWrband, "POLLWRBAND"},
    {abi::kPollRdhup, "POLLRDHUP"}};
inline constexpr NamedValue kRandomFlags[] = {{abi::kGrndNonblock, "GRND_NONBLOCK"},
                                              {abi::kGrndRandom, "GRND_RANDOM"},
                                              {abi::kGrndInsecure, "GRND_INSECURE"}};
inline constexpr NamedValue kRenameFlags[] = {{abi::kRenameNoreplace, "RENAME_NOREPLACE"},
                                              {abi::kRenameExchange, "RENAME_EXCHANGE"},
                                              {abi::kRenameWhiteout, "RENAME_WHITEOUT"}};
inline constexpr NamedValue kMemfdFlags[] = {{abi::kMfdCloexec, "MFD_CLOEXEC"},
                                             {abi::kMfdAllowSealing, "MFD_ALLOW_SEALING"},
                                             {abi::kMfdHugetlb, "MFD_HUGETLB"}};
inline constexpr NamedValue kMembarrierCommands[] = {
    {abi::kMembarrierCmdQuery, "MEMBARRIER_CMD_QUERY"},
    {abi::kMembarrierCmdGlobal, "MEMBARRIER_CMD_GLOBAL"},
    {abi::kMembarrierCmdGlobalExpedited, "MEMBARRIER_CMD_GLOBAL_EXPEDITED"},
    {abi::kMembarrierCmdRegisterGlobalExpedited, "MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED"},
    {abi::kMembarrierCmdPrivateExpedited, "MEMBARRIER_CMD_PRIVATE_EXPEDITED"},
    {abi::kMembarrierCmdRegisterPrivateExpedited, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED"}};
inline constexpr NamedValue kStatxMasks[] = {{abi::kStatxBasicStats, "STATX_BASIC_STATS"},
                                             {abi::kStatxAll, "STATX_ALL"}};
inline constexpr NamedValue kStatxBits[] = {
    {abi::kStatxType, "STATX_TYPE"},     {abi::kStatxMode, "STATX_MODE"},
    {abi::kStatxNlink, "STATX_NLINK"},   {abi::kStatxUid, "STATX_UID"},
    {abi::kStatxGid, "STATX_GID"},       {abi::kStatxAtime, "STATX_ATIME"},
    {abi::kStatxMtime, "STATX_MTIME"},   {abi::kStatxCtime, "STATX_CTIME"},
    {abi::kStatxIno, "STATX_INO"},       {abi::kStatxSize, "STATX_SIZE"},
    {abi::kStatxBlocks, "STATX_BLOCKS"}, {abi::kStatxBtime, "STATX_BTIME"},
    {abi::kStatxMntId, "STATX_MNT_ID"}};
inline constexpr NamedValue kFileTypes[] = {{abi::kIfSock, "S_IFSOCK"}, {abi::kIfLnk, "S_IFLNK"},
                                            {abi::kIfReg, "S_IFREG"},   {abi::kIfBlk, "S_IFBLK"},
                                            {abi::kIfDir, "S_IFDIR"},   {abi::kIfChr, "S_IFCHR"},
                                            {abi::kIfIfo, "S_IFIFO"}};
inline constexpr NamedValue kPersonalities[] = {{abi::kPerLinux, "PER_LINUX"},
                                                {abi::kPerLinux32, "PER_LINUX32"}};

}  // namespace names
}  // namespace uprobesim
