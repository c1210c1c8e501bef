// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/keys/keyrings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kKeyBytes = 512;
constexpr std::uint64_t kLinkBytes = 4;    // KEYQUOTA_LINK_BYTES
constexpr std::uint64_t kLinkTakes = 256;  // of the host's memory
constexpr unsigned kMostNested = 6;        // KEYRING_SEARCH_MAX_DEPTH
constexpr std::uint32_t kPossessorAll = abi::kKeyAll << abi::kKeyPossessorShift;
constexpr std::uint32_t kUserView = abi::kKeyView << abi::kKeyUserShift;

}  // namespace

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
    if (key->is_keyring()) named_[description].insert(key->serial);
    return key;
}

// Seldom enough for all keys to be looked at.
void Keyrings::forget_gone() {
    if (keys_.size() < look_at_) return;
    std::erase_if(keys_, [](const auto& entry) { return entry.second.expired(); });
    for (auto& [name, serials] : named_)
        std::erase_if(serials, [this](std::int32_t serial) { return !keys_.contains(serial); });
    std::erase_if(named_, [](const auto& entry) { return entry.second.empty(); });
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

std::shared_ptr<Key> Keyrings::named_session(const std::string& name) {
    const auto named = named_.find(name);
    if (named == named_.end()) return nullptr;
    std::erase_if(named->second, [this](std::int32_t serial) { return !find(serial); });
    for (const std::int32_t serial : named->second)
        if (auto key = find(serial); !key->revoked) return key;
    return nullptr;
}

void Keyrings::process_ended(const Process& process) {
    processes_.erase(process.pid);
}

void Keyrings::task_ended(const Task& task) {
    const auto own = processes_.find(task.process->pid);
    if (own != processes_.end()) own->second.threads.erase(task.id.value);
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
    key.charge.resize(kKeyBytes + bytes + kLinkTakes * key.links().size());
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
    if (!keyring.remove_link(*key)) return tl::make_unexpected(Errno::NoEnt);
    settle(keyring, keyring.quota->bytes() - kLinkBytes);
    return {};
}

void Keyrings::clear(Key& key) {
    const std::uint64_t taken = key.payload.size() + kLinkBytes * key.links().size();
    key.payload.clear();
    key.unlink_all();
    settle(key, key.quota->bytes() - taken);
}

void Keyrings::invalidate(const std::shared_ptr<Key>& key) {
    keys_.erase(key->serial);
    while (!key->holders().empty()) (void)unlink(*key->holders().begin()->second, key);
}

SysResult<void> Keyrings::link(Key& keyring, const std::shared_ptr<Key>& key) {
    if (keyring.restricted) return tl::make_unexpected(Errno::Perm);
    if (keyring.linked(key->type, key->description)) {
        keyring.add_link(key);
        return {};
    }
    if (memory_ != nullptr && !memory_->has_room(kLinkTakes))
        return tl::make_unexpected(Errno::NoMem);
    const std::uint64_t bytes = keyring.quota->bytes() + kLinkBytes;
    TRY(resize(keyring, bytes));
    keyring.add_link(key);
    settle(keyring, bytes);
    return {};
}

// Level by level: a keyring is looked at once at each, though many may have it.
SysResult<void> Keyrings::check_nesting(const Key& keyring, const Key& key) {
    std::map<std::int32_t, const Key*> level{{key.serial, &key}};
    for (unsigned depth = 0; !level.empty(); ++depth) {
        if (level.contains(keyring.serial)) return tl::make_unexpected(Errno::Deadlk);
        if (depth > kMostNested) return tl::make_unexpected(Errno::Loop);
        std::map<std::int32_t, const Key*> further;
        for (const auto& [serial, ring] : level)
            for (const auto& [number, nested] : ring->rings()) further[nested->serial] = nested;
        level = std::move(further);
    }
    return {};
}

// search_process_keyrings_rcu, the other way: up from the key to one of the process's keyrings, by
// keyrings that it may search. What may not be searched for is not found there.
bool Keyrings::possessed(const Process& process, const Task& task, const Key& key) const {
    if (!permits(task, key, abi::kKeySearch, true)) return false;
    const auto own = searched(process, task);
    const auto is_own = [&](const Key* one) {
        return std::ranges::any_of(own, [one](const auto& ring) { return ring.get() == one; });
    };
    if (is_own(&key)) return true;
    std::set<std::int32_t> seen;
    std::vector<const Key*> level{&key};
    for (unsigned depth = 0; depth <= kMostNested && !level.empty(); ++depth) {
        std::vector<const Key*> further;
        for (const Key* const below : level) {
            for (const auto& [serial, ring] : below->holders()) {
                if (ring->revoked || !permits(task, *ring, abi::kKeySearch, true)) continue;
                if (is_own(ring)) return true;
                if (seen.insert(serial).second) further.push_back(ring);
            }
        }
        level = std::move(further);
    }
    return false;
}

bool Keyrings::permits(const Process& process, const Task& task, const Key& key,
                       std::uint32_t rights) const {
    return permits(task, key, rights, false) ||
           permits(task, key, rights, possessed(process, task, key));
}

// key_task_permission.
bool Keyrings::permits(const Task& task, const Key& key, std::uint32_t rights, bool possessed) {
    std::uint32_t granted = key.permissions;
    if (key.uid == task.cred->uid.fs) {
        granted >>= abi::kKeyUserShift;
    } else if (task.cred->in_group(key.gid) &&
               (key.permissions >> abi::kKeyGroupShift & abi::kKeyAll)) {
        granted >>= abi::kKeyGroupShift;
    }
    if (possessed) granted |= key.permissions >> abi::kKeyPossessorShift;
    return (rights & ~granted & abi::kKeyAll) == 0;
}

// search_nested_keyrings. A keyring that many others have is searched once at each depth that is
// less than before: again, it would give the same.
struct Keyrings::Search {
    const Task& task;
    std::string_view type, description;
    std::uint64_t now_ns;
    bool possessed;
    std::map<std::int32_t, unsigned> depths{};

    SysResult<std::shared_ptr<Key>> in(const Key& ring, unsigned depth) {
        Errno error = Errno::Again;
        const auto [known, first] = depths.try_emplace(ring.serial, depth);
        if (!first && known->second <= depth) return tl::make_unexpected(error);
        known->second = depth;
        if (const auto key = ring.linked(type, description)) {
            const auto state = key->state(now_ns);
            if (state && permits(task, *key, abi::kKeySearch, possessed)) return key;
            error = state ? Errno::Acces : state.error();
        }
        if (depth == kMostNested) return tl::make_unexpected(error);
        for (const auto& [number, nested] : ring.rings()) {
            if (!permits(task, *nested, abi::kKeySearch, possessed)) continue;
            auto found = in(*nested, depth + 1);
            if (found) return found;
            if (error == Errno::Again) error = found.error();
        }
        return tl::make_unexpected(error);
    }
};

SysResult<std::shared_ptr<Key>> Keyrings::search(const Process& process, const Task& task,
                                                 const std::shared_ptr<Key>& keyring,
                                                 std::string_view type,
                                                 std::string_view description,
                                                 std::uint64_t now_ns) const {
    const bool owned = possessed(process, task, *keyring);
    if (!permits(task, *keyring, abi::kKeySearch, owned)) return tl::make_unexpected(Errno::Acces);
    return Search{task, type, description, now_ns, owned}.in(*keyring, 0);
}

}  // namespace uprobesim
