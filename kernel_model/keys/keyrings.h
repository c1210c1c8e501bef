// SPDX-License-Identifier: GPL-2.0-or-later
// Keys, and the keyrings of users, sessions and processes (security/keys). A key lives as long as a
// keyring has it or a process uses it as its keyring.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernel_model/abi/keys.h"
#include "kernel_model/memory/backing.h"
#include "kernel_model/task/process.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

struct Key {
    std::int32_t serial = 0;
    std::string type, description;
    std::uint32_t uid = 0, gid = 0, permissions = 0;
    std::vector<std::byte> payload;
    std::vector<std::shared_ptr<Key>> links;  // of a keyring
    bool revoked = false;
    std::optional<Errno> negative;  // the error that a search gives
    std::uint64_t expires_ns = ~std::uint64_t{0};
    std::shared_ptr<void> quota;
    MemoryCharge charge;

    bool is_keyring() const { return type == "keyring"; }
    // Revoked, Expired, or its negative answer.
    SysResult<void> state(std::uint64_t now_ns) const;
};

class Keyrings {
public:
    // Quotas: kernel.keys.maxkeys and maxbytes, and root's.
    static constexpr std::uint64_t kMostKeys = 200, kMostBytes = 20000, kMostRootKeys = 1000000,
                                   kMostRootBytes = 25000000;

    explicit Keyrings(PhysicalMemory* memory) : memory_(memory) {}

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
    std::shared_ptr<Key> named_session(const std::string& name) const;
    void process_ended(const Process& process);
    void forked(const Process& parent, const Process& child);

    // Links one, in place of one of the same type and description.
    static void link(Key& keyring, const std::shared_ptr<Key>& key);
    static bool contains(const Key& keyring, const Key& key);  // at any depth
    // Whether the process possesses the key.
    bool possessed(const Process& process, const Task& task, const Key& key) const;
    // Whether it has these rights (abi::kKeyView...).
    bool permits(const Process& process, const Task& task, const Key& key,
                 std::uint32_t rights) const;

private:
    struct OfProcess {
        std::shared_ptr<Key> session, process;
        std::map<std::int32_t, std::shared_ptr<Key>> threads;
    };
    struct OfUser {
        std::shared_ptr<Key> keyring, session;
    };
    struct Use {
        std::uint64_t keys = 0, bytes = 0;
    };
    SysResult<OfUser*> of_user(const Credentials& user);

    PhysicalMemory* memory_;
    std::int32_t last_serial_ = 0x10000;
    std::map<std::int32_t, std::weak_ptr<Key>> keys_;
    std::map<std::int32_t, OfProcess> processes_;
    std::map<std::uint32_t, OfUser> users_;
    std::shared_ptr<std::map<std::uint32_t, Use>> use_ =
        std::make_shared<std::map<std::uint32_t, Use>>();
};

}  // namespace uprobesim
