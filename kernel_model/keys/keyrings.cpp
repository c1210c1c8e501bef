// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/keys/keyrings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kKeyBytes = 512;
constexpr std::uint64_t kLinkBytes = 4;  // KEYQUOTA_LINK_BYTES
constexpr std::uint32_t kPossessorAll = abi::kKeyAll << abi::kKeyPossessorShift;
constexpr std::uint32_t kUserView = abi::kKeyView << abi::kKeyUserShift;

void collect(const Key& keyring, std::set<const Key*>& seen) {
    for (const auto& key : keyring.links) {
        if (!seen.insert(key.get()).second) continue;
        if (key->is_keyring()) collect(*key, seen);
    }
}

}  // namespace

SysResult<void> Key::state(std::uint64_t now_ns) const {
    if (revoked) return tl::make_unexpected(Errno::KeyRevoked);
    if (now_ns >= expires_ns) return tl::make_unexpected(Errno::KeyExpired);
    if (negative) return tl::make_unexpected(*negative);
    return {};
}

SysResult<std::shared_ptr<Key>> Keyrings::make(const std::string& type,
                                               const std::string& description,
                                               const Credentials& owner, std::uint32_t permissions,
                                               std::uint64_t bytes) {
    const std::uint64_t size = description.size() + 1 + bytes;
    const KeyUse use = used(owner.uid.fs), limit = most(owner.uid.fs);
    if (use.keys + 1 > limit.keys || use.bytes + size > limit.bytes)
        return tl::make_unexpected(Errno::Dquot);
    if (memory_ != nullptr && !memory_->has_room(kKeyBytes + size))
        return tl::make_unexpected(Errno::NoMem);
    auto key = std::make_shared<Key>();
    key->serial = ++last_serial_;
    key->type = type;
    key->description = description;
    key->uid = owner.uid.fs;
    key->gid = owner.gid.fs;
    key->permissions = permissions;
    key->charge = MemoryCharge(memory_, kKeyBytes + size);
    key->quota = std::make_shared<KeyQuota>(use_, key->uid, size);
    forget_gone();
    keys_[key->serial] = key;
    return key;
}

// Seldom enough for all keys to be looked at.
void Keyrings::forget_gone() {
    if (keys_.size() < look_at_) return;
    std::erase_if(keys_, [](const auto& entry) { return entry.second.expired(); });
    look_at_ = std::max(kLookAt, 2 * keys_.size());
}

std::shared_ptr<Key> Keyrings::find(std::int32_t serial) const {
    const auto it = keys_.find(serial);
    return it == keys_.end() ? nullptr : it->second.lock();
}

SysResult<Keyrings::OfUser*> Keyrings::of_user(const Credentials& owner) {
    const std::uint32_t uid = owner.uid.real;
    OfUser& user = users_[uid];
    constexpr std::uint32_t kPermissions = kPossessorAll | (abi::kKeyAll & ~abi::kKeySetattr)
                                                               << abi::kKeyUserShift;
    if (!user.keyring) {
        user.keyring = TRY(make("keyring", fmt::format("_uid.{}", uid), owner, kPermissions, 0));
        user.session =
            TRY(make("keyring", fmt::format("_uid_ses.{}", uid), owner, kPermissions, 0));
        TRY(link(*user.session, user.keyring));
    }
    return &user;
}

SysResult<std::shared_ptr<Key>> Keyrings::special(std::int32_t id, Process& process,
                                                  const Task& task, bool makes) {
    OfProcess& own = processes_[process.pid];
    const auto get = [&](std::shared_ptr<Key>& slot, const char* name,
                         std::uint32_t permissions) -> SysResult<std::shared_ptr<Key>> {
        if (!slot && !makes) return tl::make_unexpected(Errno::NoKey);
        if (!slot) slot = TRY(make("keyring", name, *task.cred, permissions, 0));
        return slot;
    };
    switch (id) {
        case abi::kThreadKeyring:
            return get(own.threads[task.id.value], "_tid", kPossessorAll | kUserView);
        case abi::kProcessKeyring: return get(own.process, "_pid", kPossessorAll | kUserView);
        case abi::kSessionKeyring: {
            if (own.session) return own.session;
            OfUser* const user = TRY(of_user(*task.cred));
            if (!makes) return user->session;
            constexpr std::uint32_t kRead = (abi::kKeyView | abi::kKeyRead) << abi::kKeyUserShift;
            own.session = TRY(make("keyring", "_ses", *task.cred, kPossessorAll | kRead, 0));
            return own.session;
        }
        case abi::kUserKeyring: return TRY(of_user(*task.cred))->keyring;
        case abi::kUserSessionKeyring: return TRY(of_user(*task.cred))->session;
        case abi::kReqkeyAuthKey:
        case abi::kRequestorKeyring: return tl::make_unexpected(Errno::NoKey);
        default: return tl::make_unexpected(Errno::Inval);
    }
}

std::vector<std::shared_ptr<Key>> Keyrings::searched(const Process& process,
                                                     const Task& task) const {
    std::vector<std::shared_ptr<Key>> all;
    const auto own = processes_.find(process.pid);
    if (own != processes_.end()) {
        const auto thread = own->second.threads.find(task.id.value);
        if (thread != own->second.threads.end() && thread->second) all.push_back(thread->second);
        if (own->second.process) all.push_back(own->second.process);
        if (own->second.session) all.push_back(own->second.session);
    }
    if (own == processes_.end() || !own->second.session) {
        const auto user = users_.find(task.cred->uid.real);
        if (user != users_.end() && user->second.session) all.push_back(user->second.session);
    }
    return all;
}

SysResult<std::shared_ptr<Key>> Keyrings::default_destination(Process& process, const Task& task) {
    using namespace abi;
    const OfProcess& own = processes_[process.pid];
    const auto thread = own.threads.find(task.id.value);
    const auto of_thread = thread != own.threads.end() ? thread->second : nullptr;
    switch (task.cred->request_keyring) {
        case 1: return special(kThreadKeyring, process, task, true);
        case 2: return special(kProcessKeyring, process, task, true);
        case 3:
            if (own.session) return own.session;
            break;
        case 4: return special(kUserKeyring, process, task, true);
        case 5: break;
        default:
            for (const auto& ring : {of_thread, own.process, own.session}) {
                if (ring) return ring;
            }
    }
    return special(kUserSessionKeyring, process, task, true);
}

void Keyrings::join_session(Process& process, std::shared_ptr<Key> keyring) {
    processes_[process.pid].session = std::move(keyring);
}

std::shared_ptr<Key> Keyrings::named_session(const std::string& name) const {
    for (const auto& [serial, weak] : keys_) {
        auto key = weak.lock();
        if (key && key->is_keyring() && key->description == name && !key->revoked) return key;
    }
    return nullptr;
}

void Keyrings::process_ended(const Process& process) {
    processes_.erase(process.pid);
}

void Keyrings::forked(const Process& parent, const Process& child) {
    const auto own = processes_.find(parent.pid);
    if (own != processes_.end() && own->second.session)
        processes_[child.pid].session = own->second.session;
}

KeyUse Keyrings::used(std::uint32_t uid) const {
    const auto use = use_->find(uid);
    return use != use_->end() ? use->second : KeyUse{};
}

void Keyrings::settle(Key& key, std::uint64_t bytes) {
    key.quota->resize(bytes);
    key.charge.resize(kKeyBytes + bytes);
}

KeyUse Keyrings::most(std::uint32_t uid) const {
    const auto limit = [&](std::string_view name) {
        return static_cast<std::uint64_t>(limits_.number(name));
    };
    if (uid == 0) return {limit("kernel/keys/root_maxkeys"), limit("kernel/keys/root_maxbytes")};
    return {limit("kernel/keys/maxkeys"), limit("kernel/keys/maxbytes")};
}

SysResult<void> Keyrings::resize(Key& key, std::uint64_t bytes) const {
    const std::uint64_t before = key.quota->bytes();
    if (bytes > before && used(key.uid).bytes + (bytes - before) > most(key.uid).bytes)
        return tl::make_unexpected(Errno::Dquot);
    if (bytes > before && memory_ != nullptr && !memory_->has_room(bytes - before))
        return tl::make_unexpected(Errno::NoMem);
    settle(key, bytes);
    return {};
}

SysResult<void> Keyrings::set_payload(Key& key, std::vector<std::byte> payload) {
    TRY(resize(key, key.quota->bytes() - key.payload.size() + payload.size()));
    key.payload = std::move(payload);
    return {};
}

SysResult<void> Keyrings::give_to(Key& key, std::uint32_t uid) {
    const KeyUse use = used(uid), limit = most(uid);
    if (use.keys + 1 > limit.keys || use.bytes + key.quota->bytes() > limit.bytes)
        return tl::make_unexpected(Errno::Dquot);
    key.quota->move_to(uid);
    key.uid = uid;
    return {};
}

SysResult<void> Keyrings::unlink(Key& keyring, const std::shared_ptr<Key>& key) {
    if (std::erase(keyring.links, key) == 0) return tl::make_unexpected(Errno::NoEnt);
    settle(keyring, keyring.quota->bytes() - kLinkBytes);
    return {};
}

void Keyrings::clear(Key& key) {
    settle(key, key.quota->bytes() - key.payload.size() - kLinkBytes * key.links.size());
    key.payload.clear();
    key.links.clear();
}

void Keyrings::invalidate(const std::shared_ptr<Key>& key) {
    keys_.erase(key->serial);
    for (const auto& [serial, weak] : keys_) {
        if (const auto ring = weak.lock()) (void)unlink(*ring, key);
    }
}

std::vector<std::shared_ptr<Key>>::iterator Keyrings::linked(Key& keyring, std::string_view type,
                                                             std::string_view description) {
    return std::ranges::find_if(keyring.links, [&](const auto& key) {
        return key->type == type && key->description == description;
    });
}

SysResult<void> Keyrings::link(Key& keyring, const std::shared_ptr<Key>& key) {
    if (keyring.restricted) return tl::make_unexpected(Errno::Perm);
    const auto same = linked(keyring, key->type, key->description);
    if (same != keyring.links.end()) {
        *same = key;
    } else {
        TRY(resize(keyring, keyring.quota->bytes() + kLinkBytes));
        keyring.links.push_back(key);
    }
    return {};
}

bool Keyrings::contains(const Key& keyring, const Key& key) {
    std::set<const Key*> seen;
    collect(keyring, seen);
    return seen.contains(&key);
}

// What may not be searched for is not found there.
bool Keyrings::possessed(const Process& process, const Task& task, const Key& key) const {
    if ((key.permissions >> abi::kKeyPossessorShift & abi::kKeySearch) == 0) return false;
    const auto all = searched(process, task);
    return std::ranges::any_of(
        all, [&](const auto& keyring) { return keyring.get() == &key || contains(*keyring, key); });
}

// key_task_permission.
bool Keyrings::permits(const Process& process, const Task& task, const Key& key,
                       std::uint32_t rights) const {
    std::uint32_t granted = key.permissions;
    if (key.uid == task.cred->uid.fs) {
        granted >>= abi::kKeyUserShift;
    } else if (task.cred->in_group(key.gid) &&
               (key.permissions >> abi::kKeyGroupShift & abi::kKeyAll)) {
        granted >>= abi::kKeyGroupShift;
    }
    if (possessed(process, task, key)) granted |= key.permissions >> abi::kKeyPossessorShift;
    return (rights & ~granted & abi::kKeyAll) == 0;
}

}  // namespace uprobesim
