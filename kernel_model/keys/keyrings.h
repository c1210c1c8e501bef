// SPDX-License-Identifier: GPL-2.0-or-later
// Keys, and the keyrings of users, sessions and processes (security/keys). A key lives as long as a
// keyring has it or a process uses it as its keyring.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel_model/abi/keys.h"
#include "kernel_model/keys/key.h"
#include "kernel_model/memory/backing.h"
#include "kernel_model/sysctl/sysctls.h"
#include "kernel_model/task/process.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

class Keyrings {
public:
    // `limits`: those of kernel/keys.
    Keyrings(PhysicalMemory* memory, const Sysctls& limits) : memory_(memory), limits_(limits) {}

    // The quota of a user: kernel.keys.maxkeys and maxbytes, or root's.
    KeyUse most(std::uint32_t uid) const;
    const KeyUses& uses() const { return *use_; }
    const std::map<std::int32_t, std::weak_ptr<Key>>& all() const { return keys_; }

    // Dquot, NoMem.
    SysResult<std::shared_ptr<Key>> make(const std::string& type, const std::string& description,
                                         const Credentials& owner, std::uint32_t permissions,
                                         std::uint64_t bytes);
    // Null: no such key.
    std::shared_ptr<Key> find(std::int32_t serial) const;
    // One of the special keyrings of a process; `makes`: it is made where there is none. NoKey.
    SysResult<std::shared_ptr<Key>> special(std::int32_t id, Process& process, const Task& task,
                                            bool makes);
    // The keyrings that a process's own keys are searched in, in order.
    std::vector<std::shared_ptr<Key>> searched(const Process& process, const Task& task) const;
    void join_session(Process& process, std::shared_ptr<Key> keyring);
    // The keyring for keys that are asked for without one (construct_get_dest_keyring).
    SysResult<std::shared_ptr<Key>> default_destination(Process& process, const Task& task);
    std::shared_ptr<Key> named_session(const std::string& name);
    void process_ended(const Process& process);
    void task_ended(const Task& task);
    void forked(const Process& parent, const Process& child);

    // Links one, in place of one of the same type and description. Dquot; Perm: it is restricted.
    SysResult<void> link(Key& keyring, const std::shared_ptr<Key>& key);
    // NoEnt.
    static SysResult<void> unlink(Key& keyring, const std::shared_ptr<Key>& key);
    // key_payload_reserve. Dquot.
    SysResult<void> set_payload(Key& key, std::vector<std::byte> payload);
    // KEYCTL_CHOWN. Dquot.
    SysResult<void> give_to(Key& key, std::uint32_t uid);
    // keyring_clear, and what a revoked key is left with.
    static void clear(Key& key);
    // key_invalidate: nothing finds the key any more.
    void invalidate(const std::shared_ptr<Key>& key);
    // keyring_detect_cycle: Deadlk: `key` is or has the keyring; Loop: it has too many levels.
    static SysResult<void> check_nesting(const Key& keyring, const Key& key);
    // Whether the process possesses the key.
    bool possessed(const Process& process, const Task& task, const Key& key) const;
    // keyring_search: the first that is valid; else the error of the best of the others, Again
    // where there is none, Acces where the keyring may not be searched.
    SysResult<std::shared_ptr<Key>> search(const Process& process, const Task& task,
                                           const std::shared_ptr<Key>& keyring,
                                           std::string_view type, std::string_view description,
                                           std::uint64_t now_ns) const;
    // Whether it has these rights (abi::kKeyView...).
    bool permits(const Process& process, const Task& task, const Key& key,
                 std::uint32_t rights) const;
    static bool permits(const Task& task, const Key& key, std::uint32_t rights, bool possessed);

private:
    struct OfProcess {
        std::shared_ptr<Key> session, process;
        std::map<std::int32_t, std::shared_ptr<Key>> threads;
    };
    struct OfUser {
        std::shared_ptr<Key> keyring, session;
    };
    KeyUse used(std::uint32_t uid) const;
    void forget_gone();
    // Within the owner's quota and the guest's memory.
    SysResult<void> resize(Key& key, std::uint64_t bytes) const;
    static void settle(Key& key, std::uint64_t bytes);
    struct Search;
    SysResult<OfUser*> of_user(const Credentials& user);

    PhysicalMemory* memory_;
    const Sysctls& limits_;
    std::int32_t last_serial_ = 0x10000;
    std::map<std::int32_t, std::weak_ptr<Key>> keys_;  // some of them are gone
    static constexpr std::size_t kLookAt = 64;
    std::size_t look_at_ = kLookAt;  // at so many those that are gone are taken out
    std::map<std::string, std::set<std::int32_t>> named_;  // keyrings; some of them are gone
    std::map<std::int32_t, OfProcess> processes_;
    std::map<std::uint32_t, OfUser> users_;
    std::shared_ptr<KeyUses> use_ = std::make_shared<KeyUses>();
};

}  // namespace uprobesim
