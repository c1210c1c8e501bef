// SPDX-License-Identifier: GPL-2.0-or-later
// add_key and request_key (security/keys/keyctl.c).
#include <algorithm>
#include <array>

#include "kernel_model/syscall/keys/key_args.h"
#include "kernel_model/syscall/keys/sys_keyctl.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

SysOutcome sys_add_key(SysCall& call) {
    const std::uint64_t size = call.args[3];
    if (size > kKeyMaxPayload) return Errno::Inval;
    const std::string type_name = TRY(key_type_argument(call, call.address(0)));
    std::string description;
    if (call.args[1] != 0) {
        description = TRY(key_text_argument(call, call.address(1)));
        if (!description.empty() && description.front() == '.' && type_name.starts_with("keyring"))
            return Errno::Perm;
    }
    auto payload = TRY(payload_argument(call, call.address(2), size));
    const auto ring = TRY(key_argument(call, call.int32(4), kKeyWrite, true));
    const KeyType* const type = find_key_type(type_name);
    if (type == nullptr) return Errno::NoDev;
    if (!ring->is_keyring()) return Errno::NotDir;
    if (!type->allows(size)) return Errno::Inval;
    if (description.empty()) return Errno::Inval;
    const auto colon = description.find(':');
    if (type_name == "logon" && (colon == std::string::npos || colon == 0)) return Errno::Inval;
    const auto same = std::ranges::find_if(ring->links, [&](const auto& key) {
        return key->type == type_name && key->description == description;
    });
    if (same != ring->links.end() && type->most != 0 && !(*same)->revoked) {
        Key& key = **same;
        if (!keyrings(call).permits(call.process, call.task, key, kKeyWrite)) return Errno::Acces;
        TRY(keyrings(call).set_payload(key, std::move(payload)));
        key.negative.reset();
        key.expires_ns = ~std::uint64_t{0};
        return static_cast<std::uint64_t>(key.serial);
    }
    std::uint32_t possessor = kKeyView | kKeySearch | kKeyLink | kKeySetattr | kKeyWrite;
    if (type->reads) possessor |= kKeyRead;
    const auto key =
        TRY(keyrings(call).make(type_name, description, call.cred(),
                                possessor << kKeyPossessorShift | kKeyView << kKeyUserShift, size));
    key->payload = std::move(payload);
    TRY(keyrings(call).link(*ring, key));
    return static_cast<std::uint64_t>(key->serial);
}

SysOutcome sys_request_key(SysCall& call) {
    const std::string type = TRY(key_type_argument(call, call.address(0)));
    const std::string description = TRY(key_text_argument(call, call.address(1)));
    if (call.args[2] != 0) TRY(key_text_argument(call, call.address(2)));
    std::shared_ptr<Key> destination;
    if (call.int32(3) != 0) destination = TRY(key_argument(call, call.int32(3), kKeyWrite, true));
    const bool known = find_key_type(type) != nullptr;
    if (!known) return Errno::NoKey;
    Errno error = Errno::NoKey;
    for (const auto& ring : keyrings(call).searched(call.process, call.task)) {
        const auto found = search_keys(call, ring, type, description);
        if (found) {
            if (destination && !destination->is_keyring()) return Errno::NotDir;
            if (destination) TRY(keyrings(call).link(*destination, *found));
            return static_cast<std::uint64_t>((*found)->serial);
        }
        // An expired key is passed over.
        if (found.error() != Errno::NoKey && found.error() != Errno::Acces &&
            found.error() != Errno::KeyExpired)
            error = found.error();
    }
    return error;  // there is no program that would make it
}

// The paths of calls that are alike: a new object of the kernel, small state.
constexpr auto kKeysRows = std::to_array<SyscallRow>({
    {217, "add_key", sys_add_key, Support::Full, KernelPath::SysEventfd, "", Errno::NoMem},
    {218, "request_key", sys_request_key, Support::Partial, KernelPath::SysPrctl,
     "no program makes a key that is not there: ENOKEY"},
    {219, "keyctl", sys_keyctl, Support::Partial, KernelPath::SysPrctl,
     "no cryptographic operations, no persistent keyrings", Errno::NoMem},
});

}  // namespace

std::span<const SyscallRow> key_syscalls() {
    return kKeysRows;
}

}  // namespace uprobesim
