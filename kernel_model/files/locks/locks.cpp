// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/locks/locks.h"

#include <algorithm>

namespace uprobesim {

std::optional<FileLock> LockTable::first(const FileKey& file,
                                         const std::function<bool(const FileLock&)>& is) const {
    const auto it = files_.find(file);
    if (it == files_.end()) return std::nullopt;
    const auto& locks = it->second.locks;
    const auto found = std::ranges::find_if(locks, is);
    return found == locks.end() ? std::nullopt : std::optional(*found);
}

std::optional<FileLock> LockTable::conflict(const FileKey& file, const FileLock& wanted) const {
    return first(file, [&](const FileLock& lock) { return lock.conflicts(wanted); });
}

std::optional<FileLock> LockTable::held(const FileKey& file, const FileLock& range) const {
    return first(file, [&](const FileLock& lock) {
        return lock.owner == range.owner && lock.overlaps(range);
    });
}

// posix_lock_inode: cuts overlapping locks of the owner, and merges adjacent ones of the same type.
SysResult<void> LockTable::set(const FileKey& file, const FileLock& lock) {
    if (lock.type != LockType::None && !charge_.has_room(kLockBytes + kFileBytes))
        return tl::make_unexpected(Errno::NoLck);
    const auto it = files_.try_emplace(file).first;
    std::vector<FileLock> kept;
    FileLock added = lock;
    for (const FileLock& old : it->second.locks) {
        const bool own = old.owner == lock.owner;
        const bool merges =
            own && old.type == lock.type && old.begin <= added.end && added.begin <= old.end;
        if (merges) {
            added.begin = std::min(added.begin, old.begin);
            added.end = std::max(added.end, old.end);
            added.number = std::min(added.number, old.number);
        } else if (!own || !old.overlaps(lock)) {
            kept.push_back(old);
        } else {
            if (old.begin < lock.begin) {
                kept.push_back(old);
                kept.back().end = lock.begin;
            }
            if (lock.end < old.end) {
                kept.push_back(old);
                kept.back().begin = lock.end;
            }
        }
    }
    if (added.type != LockType::None)
        kept.insert(std::ranges::upper_bound(kept, added.begin, {}, &FileLock::begin), added);
    if (kept.size() > kMaxPerFile) return tl::make_unexpected(Errno::NoLck);
    const std::size_t before = it->second.locks.size();
    it->second.locks = std::move(kept);
    changed(it, lock.owner, before);
    return {};
}

// To be called after the owner's locks in the file have changed. `before`: how many locks the file
// had, of all owners.
void LockTable::changed(std::map<FileKey, Locked>::iterator at, const void* owner,
                        std::size_t before) {
    const auto& locks = at->second.locks;
    count_ = count_ - before + locks.size();
    if (std::ranges::any_of(locks, [&](const FileLock& lock) { return lock.owner == owner; })) {
        by_owner_[owner].insert(at->first);
    } else if (const auto of = by_owner_.find(owner); of != by_owner_.end()) {
        of->second.erase(at->first);
        if (of->second.empty()) by_owner_.erase(of);
    }
    at->second.waiters.wake();
    if (locks.empty()) files_.erase(at);
    charge_.resize(count_ * kLockBytes + files_.size() * kFileBytes);
}

void LockTable::release(const FileKey& file, const void* owner) {
    const auto it = files_.find(file);
    if (it == files_.end()) return;
    const std::size_t before = it->second.locks.size();
    if (std::erase_if(it->second.locks, [&](const FileLock& lock) { return lock.owner == owner; }) >
        0)
        changed(it, owner, before);
}

void LockTable::release(const void* owner) {
    const auto of = by_owner_.find(owner);
    if (of == by_owner_.end()) return;
    const std::set<FileKey> keys = of->second;
    for (const FileKey& key : keys) release(key, owner);
}

std::shared_ptr<void> LockTable::request(const FileKey& file, const FileLock& wanted) {
    const auto place = requests_->insert(requests_->end(), {file, wanted});
    return {&*place, [requests = requests_, place](void*) { requests->erase(place); }};
}

void LockTable::each(const Shown& show) const {
    for (const auto& [file, locked] : files_) {
        for (const FileLock& lock : locked.locks) show(file, lock);
    }
}

// A request waits for the first lock that conflicts with it.
void LockTable::each_waiting(const FileKey& file, const FileLock& lock, const Shown& show) const {
    for (const Request& request : *requests_) {
        if (request.file != file) continue;
        const auto other = conflict(file, request.wanted);
        if (other && other->number == lock.number) show(file, request.wanted);
    }
}

std::shared_ptr<void> LockTable::wait_for(const void* waiter, const void* holder) {
    const void* at = holder;
    // Each owner waits for at most one other, so the chain ends.
    for (std::size_t n = 0; n <= waits_->size(); ++n) {
        if (at == waiter) return nullptr;
        const auto next = waits_->find(at);
        if (next == waits_->end()) break;
        at = next->second;
    }
    (*waits_)[waiter] = holder;
    return {waits_.get(), [waits = waits_, waiter](void*) { waits->erase(waiter); }};
}

void release_with(File& file, const std::shared_ptr<FileLocks>& locks) {
    if (file.end_of_locks) return;
    file.end_of_locks = {&file, [weak = std::weak_ptr(locks), owner = &file](void*) {
                             const auto alive = weak.lock();
                             if (!alive) return;
                             alive->ranges.release(owner);
                             alive->whole_files.release(owner);
                         }};
}

}  // namespace uprobesim
