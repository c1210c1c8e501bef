// SPDX-License-Identifier: GPL-2.0-or-later
// What System V semaphore sets and message queues have in common (struct kern_ipc_perm), and their
// lookup by id or key.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "kernel_model/abi/errno.h"
#include "kernel_model/memory/ipc_ids.h"

namespace uprobesim {

struct IpcObject {
    std::int32_t id = 0, key = 0;  // key 0: IPC_PRIVATE, no lookup by key
    std::uint32_t uid = 0, gid = 0, creator_uid = 0, creator_gid = 0;
    std::uint32_t mode = 0;
    std::int64_t change_time = 0;  // seconds
};

// In order of the index, which /proc/sysvipc and the *_STAT commands follow.
template <class Object>
class IpcTable {
public:
    using Objects = std::map<std::int32_t, std::unique_ptr<Object>>;

    const Objects& all() const { return by_index_; }
    Object* at_index(std::int32_t index) const {
        const auto it = by_index_.find(index);
        return it == by_index_.end() ? nullptr : it->second.get();
    }
    Object* find(std::int32_t id) const {
        Object* const object = id < 0 ? nullptr : at_index(IpcIds::index_of(id));
        return object != nullptr && object->id == id ? object : nullptr;
    }
    Object* find_key(std::int32_t key) const {
        const auto it = by_key_.find(key);
        return it == by_key_.end() ? nullptr : at_index(it->second);
    }
    Object& add(std::unique_ptr<Object> object, std::size_t most, std::int32_t wished_id) {
        object->id = ids_.next(by_index_, most, wished_id);
        const std::int32_t index = IpcIds::index_of(object->id);
        if (object->key != 0) by_key_[object->key] = index;
        return *(by_index_[index] = std::move(object));
    }
    void remove(const Object& object) {
        if (object.key != 0) by_key_.erase(object.key);
        by_index_.erase(IpcIds::index_of(object.id));
    }
    std::int32_t highest_index() const { return by_index_.empty() ? 0 : by_index_.rbegin()->first; }

private:
    Objects by_index_;
    std::map<std::int32_t, std::int32_t> by_key_;
    IpcIds ids_;
};

}  // namespace uprobesim
