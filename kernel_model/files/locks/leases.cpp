// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/locks/leases.h"

#include <algorithm>

namespace uprobesim {

void LeaseTable::set(const FileKey& file, const Lease& lease) {
    Leased& leased = files_[file];
    const auto own = std::ranges::find(leased.leases, lease.file, &Lease::file);
    if (own != leased.leases.end()) {
        const std::uint64_t number = own->number;
        *own = lease;
        own->number = number;
        leased.waiters.wake();
    } else {
        leased.leases.push_back(lease);
    }
}

bool LeaseTable::remove(const FileKey& file, const File& holder) {
    const auto at = files_.find(file);
    if (at == files_.end()) return false;
    if (std::erase_if(at->second.leases, [&](const Lease& l) { return l.file == &holder; }) == 0)
        return false;
    at->second.waiters.wake();
    if (at->second.leases.empty()) files_.erase(at);
    return true;
}

}  // namespace uprobesim
