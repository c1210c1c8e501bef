// SPDX-License-Identifier: GPL-2.0-or-later
// A key, the quota that it takes, and the links of a keyring (linux/key.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel_model/abi/keys.h"
#include "kernel_model/memory/backing.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

// What the keys of each user take (struct key_user).
struct KeyUse {
    std::uint64_t keys = 0, bytes = 0;
};
using KeyUses = std::map<std::uint32_t, KeyUse>;

// What one key takes of its owner's quota, for as long as it lives.
class KeyQuota {
public:
    KeyQuota(std::shared_ptr<KeyUses> all, std::uint32_t uid, std::uint64_t bytes)
        : all_(std::move(all)), uid_(uid), bytes_(bytes) {
        take();
    }
    KeyQuota(const KeyQuota&) = delete;
    KeyQuota& operator=(const KeyQuota&) = delete;
    ~KeyQuota() { give_back(); }
    std::uint64_t bytes() const { return bytes_; }
    void resize(std::uint64_t bytes) {
        give_back();
        bytes_ = bytes;
        take();
    }
    void move_to(std::uint32_t uid) {
        give_back();
        uid_ = uid;
        take();
    }

private:
    void take() {
        ++(*all_)[uid_].keys;
        (*all_)[uid_].bytes += bytes_;
    }
    void give_back() {
        const auto own = all_->find(uid_);
        own->second.bytes -= bytes_;
        if (--own->second.keys == 0) all_->erase(own);
    }
    std::shared_ptr<KeyUses> all_;
    std::uint32_t uid_;
    std::uint64_t bytes_;
};

struct Key {
    // The links of a keyring, by a number that grows: in the order in which they were made.
    using Links = std::map<std::uint64_t, std::shared_ptr<Key>>;

    Key() = default;
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;
    ~Key() { unlink_all(); }

    std::int32_t serial = 0;
    std::string type, description;  // they never change
    std::uint32_t uid = 0, gid = 0, permissions = 0;
    std::vector<std::byte> payload;
    bool revoked = false;
    bool restricted = false;        // a keyring that takes no more links
    std::optional<Errno> negative;  // the error that a search gives
    std::uint64_t expires_ns = ~std::uint64_t{0};
    std::shared_ptr<KeyQuota> quota;
    MemoryCharge charge;

    bool is_keyring() const { return type == "keyring"; }
    // Revoked, Expired, or its negative answer.
    SysResult<void> state(std::uint64_t now_ns) const;

    const Links& links() const { return links_; }
    // The keyrings among them, and the keyrings that have this key, by serial number.
    const std::map<std::uint64_t, Key*>& rings() const { return rings_; }
    const std::map<std::int32_t, Key*>& holders() const { return holders_; }
    // The link of this type and description; null: there is none.
    std::shared_ptr<Key> linked(std::string_view of_type, std::string_view of_description) const;
    // In place of one of the same type and description.
    void add_link(const std::shared_ptr<Key>& key);
    // The link of the key's type and description, though it be another's. False: there is none.
    bool remove_link(const Key& key);
    void unlink_all();

private:
    using Name = std::pair<std::string_view, std::string_view>;  // in the key itself
    void part(Key& key, std::uint64_t number);

    Links links_;
    std::map<Name, std::uint64_t> numbers_;
    std::map<std::uint64_t, Key*> rings_;
    std::map<std::int32_t, Key*> holders_;
    std::uint64_t last_number_ = 0;
};

}  // namespace uprobesim
