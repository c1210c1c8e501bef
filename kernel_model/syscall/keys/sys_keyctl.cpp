// SPDX-License-Identifier: GPL-2.0-or-later
// keyctl (security/keys/keyctl.c). Its arguments 1 to 4 are the operation's.
#include "kernel_model/syscall/keys/sys_keyctl.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kernel_model/syscall/keys/key_args.h"
#include "kernel_model/syscall/time_args.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

SysOutcome serial_of(const std::shared_ptr<Key>& key) {
    return static_cast<std::uint64_t>(key->serial);
}

SysOutcome get_keyring_id(SysCall& call) {
    return serial_of(TRY(key_argument(call, call.int32(1), kKeySearch, call.int32(2) != 0)));
}

SysOutcome join_session(SysCall& call) {
    std::shared_ptr<Key> keyring;
    constexpr std::uint32_t kPermissions =
        kKeyAll << kKeyPossessorShift | (kKeyView | kKeyRead | kKeyLink) << kKeyUserShift;
    if (call.args[1] == 0) {
        keyring = TRY(keyrings(call).make("keyring", "_ses", call.cred(), kPermissions, 0));
    } else {
        const std::string name = TRY(key_text_argument(call, call.address(1)));
        if (!name.empty() && name.front() == '.') return Errno::Perm;
        keyring = keyrings(call).named_session(name);
        if (keyring && !keyrings(call).permits(call.process, call.task, *keyring, kKeySearch))
            return Errno::Acces;
        if (!keyring)
            keyring = TRY(keyrings(call).make("keyring", name, call.cred(), kPermissions, 0));
    }
    keyrings(call).join_session(call.process, keyring);
    return serial_of(keyring);
}

SysOutcome update(SysCall& call) {
    if (call.args[3] > kPageSize) return Errno::Inval;
    auto payload = TRY(payload_argument(call, call.address(2), call.args[3]));
    const auto key = TRY(key_argument(call, call.int32(1), kKeyWrite, false));
    const KeyType* const type = find_key_type(key->type);
    if (type == nullptr || type->most == 0) return Errno::NotSup;
    if (!type->allows(call.args[3])) return Errno::Inval;
    TRY(keyrings(call).set_payload(*key, std::move(payload)));
    key->negative.reset();
    return 0;
}

SysOutcome revoke(SysCall& call) {
    auto key = key_argument(call, call.int32(1), kKeyWrite, false);
    if (!key && key.error() == Errno::Acces)
        key = key_argument(call, call.int32(1), kKeySetattr, false);
    if (!key) return key.error();
    (*key)->revoked = true;
    Keyrings::clear(**key);
    return 0;
}

SysOutcome invalidate(SysCall& call) {
    const auto key = TRY(key_argument(call, call.int32(1), kKeySearch, false));
    keyrings(call).invalidate(key);
    return 0;
}

SysOutcome change_owner(SysCall& call) {
    const std::uint32_t uid = call.uint32(2), gid = call.uint32(3);
    if (uid == ~0u && gid == ~0u) return 0;
    const auto key = TRY(key_argument(call, call.int32(1), kKeySetattr, true));
    if (!call.capable(Capability::SysAdmin)) {
        if (uid != ~0u && uid != key->uid) return Errno::Acces;
        if (gid != ~0u && gid != key->gid && !call.cred().in_group(gid)) return Errno::Acces;
    }
    if (uid != ~0u && uid != key->uid) TRY(keyrings(call).give_to(*key, uid));
    if (gid != ~0u) key->gid = gid;
    return 0;
}

SysOutcome set_permissions(SysCall& call) {
    if ((call.uint32(2) & ~kKeyPermissions) != 0) return Errno::Inval;
    const auto key = TRY(key_argument(call, call.int32(1), kKeySetattr, true));
    if (!call.capable(Capability::SysAdmin) && key->uid != call.cred().uid.fs) return Errno::Acces;
    key->permissions = call.uint32(2);
    return 0;
}

// What does not fit is not given at all: only its size is.
SysOutcome give(SysCall& call, std::span<const std::byte> bytes) {
    if (call.args[2] != 0 && call.args[3] >= bytes.size() &&
        !call.memory().write(call.address(2), bytes))
        return Errno::Fault;
    return bytes.size();
}

SysOutcome describe(SysCall& call) {
    const auto key = TRY(key_argument(call, call.int32(1), kKeyView, false));
    const std::string text = fmt::format("{};{};{};{:08x};{}", key->type, key->uid, key->gid,
                                         key->permissions, key->description);
    return give(call, std::as_bytes(std::span(text.c_str(), text.size() + 1)));
}

SysOutcome get_security(SysCall& call) {
    // Who may not view it is looked for among those who are to make it, and is not there.
    const auto key = key_argument(call, call.int32(1), kKeyView, false);
    if (!key) return key.error() == Errno::Acces ? Errno::NoKey : key.error();
    const std::byte empty{};
    return give(call, std::span(&empty, 1));
}

SysOutcome clear(SysCall& call) {
    const auto key = TRY(key_argument(call, call.int32(1), kKeyWrite, true));
    if (!key->is_keyring()) return Errno::NotDir;
    Keyrings::clear(*key);
    return 0;
}

// A keyring never holds itself, and no more than six levels are searched.
SysResult<void> add_link(const Key& ring, const Key& key) {
    if (ring.restricted) return tl::make_unexpected(Errno::Perm);
    if (!key.is_keyring()) return {};
    return Keyrings::check_nesting(ring, key);
}

SysOutcome link(SysCall& call) {
    const auto ring = TRY(key_argument(call, call.int32(2), kKeyWrite, true));
    const auto key = TRY(key_argument(call, call.int32(1), kKeyLink, true));
    if (!ring->is_keyring()) return Errno::NotDir;
    TRY(add_link(*ring, *key));
    return keyrings(call).link(*ring, key);
}

SysOutcome unlink(SysCall& call) {
    const auto ring = TRY(key_argument(call, call.int32(2), kKeyWrite, false));
    const auto key = TRY(key_argument(call, call.int32(1), 0, false, true));
    if (!ring->is_keyring()) return Errno::NotDir;
    return Keyrings::unlink(*ring, key);
}

SysOutcome move_link(SysCall& call) {
    if ((call.uint32(4) & ~kKeyctlMoveExcl) != 0) return Errno::Inval;
    const auto key = TRY(key_argument(call, call.int32(1), kKeyLink, true));
    const auto from = TRY(key_argument(call, call.int32(2), kKeyWrite, false));
    const auto to = TRY(key_argument(call, call.int32(3), kKeyWrite, true));
    if (from == to) return 0;
    if (!from->is_keyring() || !to->is_keyring()) return Errno::NotDir;
    if (!from->linked(key->type, key->description)) return Errno::NoEnt;
    const bool taken = to->linked(key->type, key->description) != nullptr;
    if (taken && call.uint32(4) == kKeyctlMoveExcl) return Errno::Exist;
    TRY(add_link(*to, *key));
    TRY(Keyrings::unlink(*from, key));
    return keyrings(call).link(*to, key);
}

SysOutcome search_ring(SysCall& call) {
    const std::string type = TRY(key_type_argument(call, call.address(2)));
    const std::string description = TRY(key_text_argument(call, call.address(3)));
    const auto ring = TRY(key_argument(call, call.int32(1), kKeySearch, false));
    std::shared_ptr<Key> destination;
    if (call.int32(4) != 0) destination = TRY(key_argument(call, call.int32(4), kKeyWrite, true));
    if (find_key_type(type) == nullptr) return Errno::NoKey;
    if (!ring->is_keyring()) return Errno::NotDir;
    const auto search = search_keys(call, ring, type, description);
    if (!search) return search.error() == Errno::Again ? Errno::NoKey : search.error();
    const auto& found = *search;
    if (destination) {
        TRY(add_link(*destination, *found));
        TRY(keyrings(call).link(*destination, found));
    }
    return serial_of(found);
}

SysOutcome read(SysCall& call) {
    const auto key = TRY(key_argument(call, call.int32(1), 0, false));
    if (key->negative) return *key->negative;
    if (!keyrings(call).permits(call.process, call.task, *key, kKeyRead) &&
        !keyrings(call).possessed(call.process, call.task, *key))
        return Errno::Acces;
    const KeyType* const type = find_key_type(key->type);
    if (type == nullptr || !type->reads) return Errno::NotSup;
    if (!key->is_keyring()) return give(call, key->payload);
    // keyring_read
    if (call.args[2] != 0 && call.args[3] % sizeof(std::int32_t) != 0) return Errno::Inval;
    std::vector<std::int32_t> serials;
    for (const auto& [number, linked] : key->links()) serials.push_back(linked->serial);
    return give(call, std::as_bytes(std::span(serials)));
}

SysOutcome set_timeout(SysCall& call) {
    const auto key = TRY(key_argument(call, call.int32(1), kKeySetattr, true));
    const std::uint64_t seconds = call.uint32(2);
    key->expires_ns = seconds == 0 ? ~std::uint64_t{0}
                                   : call.kernel.clock().monotonic_ns() + seconds * kNsPerSecond;
    return 0;
}

SysOutcome set_request_keyring(SysCall& call) {
    constexpr std::int32_t kNoChange = -1, kThread = 1, kProcess = 2, kGroup = 6, kRequestor = 7;
    const std::int32_t where = call.int32(1), before = call.cred().request_keyring;
    if (where < kNoChange || where > kRequestor || where == kGroup) return Errno::Inval;
    if (where == kNoChange) return before;
    if (where == kThread) TRY(key_argument(call, kThreadKeyring, 0, true));
    if (where == kProcess) TRY(key_argument(call, kProcessKeyring, 0, true));
    Credentials next = call.cred();
    next.request_keyring = where;
    set_credentials(call.task, std::move(next));
    return before;
}

// keyring_restrict. No type here has a restriction of its own: a keyring refuses all links, or
// none.
SysOutcome restrict_ring(SysCall& call) {
    const auto ring = TRY(key_argument(call, call.int32(1), kKeySetattr, false));
    const bool of_type = call.args[2] != 0;
    if (of_type != (call.args[3] != 0)) return Errno::Inval;
    std::string type;
    if (of_type) {
        type = TRY(key_type_argument(call, call.address(2)));
        TRY(key_text_argument(call, call.address(3)));
    }
    if (!ring->is_keyring()) return Errno::NotDir;
    if (of_type) return find_key_type(type) == nullptr ? Errno::NoKey : Errno::NoEnt;
    if (ring->restricted) return Errno::Exist;
    ring->restricted = true;
    return 0;
}

// keyctl_session_to_parent: a parent of the same user takes over the caller's session.
SysOutcome session_to_parent(SysCall& call) {
    const auto ring = TRY(key_argument(call, kSessionKeyring, kKeyLink, false));
    Process* const parent = call.kernel.processes().find(call.process.parent_pid);
    if (parent == nullptr || parent->is_init() || !parent->alive || parent->tasks.size() != 1)
        return Errno::Perm;
    const auto same = [](const auto& one, const auto& other) {
        return one.real == other.effective && one.effective == other.effective &&
               one.saved == other.effective;
    };
    const Credentials& theirs = *parent->cred;
    if (!same(theirs.uid, call.cred().uid) || !same(theirs.gid, call.cred().gid) ||
        ring->uid != call.cred().uid.effective)
        return Errno::Perm;
    keyrings(call).join_session(*parent, ring);
    return 0;
}

// No request is ever under way.
SysOutcome without_authority(SysCall& call) {
    return call.int32(0) == kKeyctlAssumeAuthority && call.int32(1) == 0 ? SysOutcome(0)
                                                                         : SysOutcome(Errno::Perm);
}

SysOutcome capabilities(SysCall& call) {
    const std::array<std::uint8_t, 2> known = {0x1 | 0x10 | 0x20 | 0x40 | 0x80, 0};
    const auto bytes = std::as_bytes(std::span(known));
    const std::size_t size = std::min<std::size_t>(bytes.size(), call.args[2]);
    if (!call.memory().write(call.address(1), bytes.first(size))) return Errno::Fault;
    return bytes.size();
}

struct Operation {
    std::int32_t number;
    SysOutcome (*work)(SysCall&);
};
constexpr Operation kOperations[] = {
    {kKeyctlGetKeyringId, get_keyring_id},
    {kKeyctlJoinSession, join_session},
    {kKeyctlUpdate, update},
    {kKeyctlRevoke, revoke},
    {kKeyctlChown, change_owner},
    {kKeyctlSetperm, set_permissions},
    {kKeyctlDescribe, describe},
    {kKeyctlClear, clear},
    {kKeyctlLink, link},
    {kKeyctlUnlink, unlink},
    {kKeyctlSearch, search_ring},
    {kKeyctlRead, read},
    {kKeyctlInstantiate, without_authority},
    {kKeyctlNegate, without_authority},
    {kKeyctlSetReqkeyKeyring, set_request_keyring},
    {kKeyctlSetTimeout, set_timeout},
    {kKeyctlAssumeAuthority, without_authority},
    {kKeyctlGetSecurity, get_security},
    {kKeyctlInstantiateIov, without_authority},
    {kKeyctlReject, without_authority},
    {kKeyctlInvalidate, invalidate},
    {kKeyctlSessionToParent, session_to_parent},
    {kKeyctlRestrict, restrict_ring},
    {kKeyctlMove, move_link},
    {kKeyctlCapabilities, capabilities},
};

}  // namespace

SysOutcome sys_keyctl(SysCall& call) {
    const auto* const operation = std::ranges::find(kOperations, call.int32(0), &Operation::number);
    return operation == std::end(kOperations) ? SysOutcome(Errno::NotSup) : operation->work(call);
}

}  // namespace uprobesim
