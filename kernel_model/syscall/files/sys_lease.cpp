// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/files/sys_lease.h"

#include <algorithm>
#include <set>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/locks/locks.h"
#include "kernel_model/syscall/files/sys_owner.h"
#include "sim/base/try.h"

namespace uprobesim {

using namespace abi;

namespace {

// How long a holder may take; at once, where the parameter is 0 or less.
std::uint64_t break_ns(SysCall& call) {
    const std::int64_t s = call.kernel.sysctls().number("fs/lease-break-time");
    return s > 0 ? static_cast<std::uint64_t>(s) * 1'000'000'000 : 0;
}

struct Opens {
    std::uint64_t readers = 0, writers = 0;
};

// Descriptions of the file that some process has open.
Opens opens_of(SysCall& call, const FileKey& key) {
    std::set<const File*> seen;
    Opens opens;
    for (const auto& [pid, process] : call.kernel.processes().all()) {
        for (const auto& [fd, entry] : process->files.all()) {
            File& file = *entry.file;
            if ((file.flags & kOPath) != 0 || file.watched_key() != key ||
                !seen.insert(&file).second)
                continue;
            ++((file.flags & kOAccmode) == kORdonly ? opens.readers : opens.writers);
        }
    }
    return opens;
}

// Others' leases stay only beside a new one for reading; one of its own that is being broken may
// only become what it is broken to.
bool others_permit(LeaseTable& leases, const FileKey& key, const File& file, std::int32_t type) {
    const auto* others = leases.of(key);
    return others == nullptr || std::ranges::none_of(*others, [&](const Lease& other) {
               if (other.file != &file) return type == kFWrlck || other.type == kFWrlck;
               return other.until_ns != 0 && type != other.target;
           });
}

}  // namespace

SysOutcome set_lease(SysCall& call, const std::shared_ptr<File>& file, std::int32_t type) {
    if (type != kFRdlck && type != kFWrlck && type != kFUnlck) return Errno::Inval;
    const auto key = file->watched_key();
    const auto status = TRY(file->status());
    LeaseTable& leases = call.kernel.file_locks()->leases;
    if (type == kFUnlck) {
        const bool had = key && leases.remove(*key, *file);
        file->end_of_lease = nullptr;
        return had ? SysOutcome(0) : SysOutcome(Errno::Again);
    }
    if (call.cred().uid.fs != status.uid && !call.capable(Capability::Lease)) return Errno::Acces;
    if ((status.mode & kIfmt) != kIfReg || !key) return Errno::Inval;
    if (call.kernel.sysctls().number("fs/leases-enable") == 0) return Errno::Inval;
    const Opens opens = opens_of(call, *key);
    const bool own_write = (file->flags & kOAccmode) != kORdonly;
    if (type == kFRdlck && opens.writers != 0) return Errno::Again;
    if (type == kFWrlck &&
        (opens.writers != (own_write ? 1u : 0u) || opens.readers != (own_write ? 0u : 1u)))
        return Errno::Again;
    if (!others_permit(leases, *key, *file, type)) return Errno::Again;
    leases.set(*key, {.file = file.get(),
                      .descriptor = call.int32(0),
                      .type = type,
                      .taken_by = call.process.pid,
                      .number = ++call.kernel.file_locks()->last_number});
    if (!file->owner || file->owner->id == 0) own_by_process(call, *file);
    if (file->end_of_lease) return 0;
    file->end_of_lease = {file.get(), [weak = std::weak_ptr(call.kernel.file_locks()), key = *key,
                                       holder = file.get()](void*) {
                              if (const auto alive = weak.lock())
                                  alive->leases.remove(key, *holder);
                          }};
    return 0;
}

SysOutcome get_lease(SysCall& call, File& file) {
    const auto key = file.watched_key();
    const auto* leases = key ? call.kernel.file_locks()->leases.of(*key) : nullptr;
    if (leases == nullptr) return kFUnlck;
    const auto own = std::ranges::find(*leases, &file, &Lease::file);
    return own == leases->end() ? kFUnlck : own->shown();
}

std::optional<SysOutcome> break_leases(SysCall& call, const FileKey& file, bool writes,
                                       bool nonblocking) {
    LeaseTable& table = call.kernel.file_locks()->leases;
    auto* leases = table.of(file);
    if (leases == nullptr) return std::nullopt;
    const std::uint64_t now = call.kernel.clock().monotonic_ns();
    const std::int32_t target = writes ? kFUnlck : kFRdlck;
    std::uint64_t until = 0;
    std::vector<const File*> expired;
    for (Lease& lease : *leases) {
        if (!writes && lease.type == kFRdlck) continue;
        if (lease.until_ns == 0) {
            lease.until_ns = now + break_ns(call);
            lease.target = target;
            signal_owner(call.kernel, *lease.file, message_of(lease.descriptor));
        }
        if (writes) lease.target = kFUnlck;
        if (lease.until_ns <= now) {
            expired.push_back(lease.file);
        } else {
            until = std::max(until, lease.until_ns);
        }
    }
    for (const File* holder : expired) table.remove(file, *holder);
    if (until == 0) return std::nullopt;
    if (nonblocking) return Errno::Again;
    call.task.wait_deadline_ns = until;
    call.wait_on(&table.waiters(file));
    return Block{};
}

std::optional<SysOutcome> break_leases_at(SysCall& call, const PathArgument& path,
                                          std::uint32_t flags) {
    if (call.kernel.file_locks()->leases.empty() || (flags & kOPath) != 0) return std::nullopt;
    const auto status =
        call.kernel.files().status(path.caller, path.path, (flags & kONofollow) == 0);
    if (!status) return std::nullopt;
    return break_leases(call, status->key(),
                        (flags & kOAccmode) != kORdonly || (flags & kOTrunc) != 0,
                        (flags & kONonblock) != 0);
}

}  // namespace uprobesim
