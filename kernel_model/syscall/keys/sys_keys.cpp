// SPDX-License-Identifier: GPL-2.0-or-later
// add_key and request_key (security/keys/keyctl.c).
#include <algorithm>
#include <array>

#include "kernel_model/syscall/keys/key_args.h"
#include "kernel_model/syscall/keys/sys_keyctl.h"
#include "kernel_model/syscall/time_args.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

constexpr std::uint64_t kNegativeSeconds = 60;  // key_negative_timeout

std::uint32_t first_permissions(const KeyType& type) {
    std::uint32_t possessor = kKeyView | kKeySearch | kKeyLink | kKeySetattr | kKeyWrite;
    if (type.reads) possessor |= kKeyRead;
    return possessor << kKeyPossessorShift | kKeyView << kKeyUserShift;
}

bool valid_description(std::string_view type, std::string_view description) {
    const auto colon = description.find(':');
    return type != "logon" || (colon != std::string_view::npos && colon != 0);
}

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
    if (!valid_description(type_name, description)) return Errno::Inval;
    if (ring->restricted) return Errno::Perm;
    const auto same = ring->linked(type_name, description);
    if (same && type->most != 0 && !same->revoked) {
        Key& key = *same;
        if (!keyrings(call).permits(call.process, call.task, key, kKeyWrite)) return Errno::Acces;
        TRY(keyrings(call).set_payload(key, std::move(payload)));
        key.negative.reset();
        key.expires_ns = ~std::uint64_t{0};
        return static_cast<std::uint64_t>(key.serial);
    }
    const auto key = TRY(
        keyrings(call).make(type_name, description, call.cred(), first_permissions(*type), size));
    key->payload = std::move(payload);
    TRY(keyrings(call).link(*ring, key));
    return static_cast<std::uint64_t>(key->serial);
}

// construct_key_and_link, where no program /sbin/request-key makes the key: its negative answer
// stays for a minute.
SysOutcome make_negative(SysCall& call, const KeyType& type, const std::string& description,
                         std::shared_ptr<Key> destination) {
    if (type.name == "keyring") return Errno::Perm;
    if (!destination) {
        destination = TRY(keyrings(call).default_destination(call.process, call.task));
        if (!keyrings(call).permits(call.process, call.task, *destination, kKeyWrite))
            return Errno::Acces;
    }
    if (!destination->is_keyring()) return Errno::NotDir;
    if (!valid_description(type.name, description)) return Errno::Inval;
    const auto key = TRY(keyrings(call).make(std::string(type.name), description, call.cred(),
                                             first_permissions(type), 0));
    key->negative = Errno::NoKey;
    key->expires_ns = call.kernel.clock().monotonic_ns() + kNegativeSeconds * kNsPerSecond;
    TRY(keyrings(call).link(*destination, key));
    return Errno::NoEnt;
}

SysOutcome sys_request_key(SysCall& call) {
    const std::string type = TRY(key_type_argument(call, call.address(0)));
    const std::string description = TRY(key_text_argument(call, call.address(1)));
    if (call.args[2] != 0) TRY(key_text_argument(call, call.address(2)));
    std::shared_ptr<Key> destination;
    if (call.int32(3) != 0) destination = TRY(key_argument(call, call.int32(3), kKeyWrite, true));
    const KeyType* const known = find_key_type(type);
    if (known == nullptr) return Errno::NoKey;
    Errno error = Errno::Again;
    for (const auto& ring : keyrings(call).searched(call.process, call.task)) {
        const auto found = search_keys(call, ring, type, description);
        if (found) {
            if (destination && !destination->is_keyring()) return Errno::NotDir;
            if (destination) TRY(keyrings(call).link(*destination, *found));
            return static_cast<std::uint64_t>((*found)->serial);
        }
        // An expired key is passed over.
        if (found.error() != Errno::Again && found.error() != Errno::Acces &&
            found.error() != Errno::KeyExpired)
            error = found.error();
    }
    if (error != Errno::Again) return error;
    if (call.args[2] == 0) return Errno::NoKey;
    return make_negative(call, *known, description, destination);
}

// The paths of calls that are alike: a new object of the kernel, small state.
constexpr auto kKeysRows = std::to_array<SyscallRow>({
    {217, "add_key", sys_add_key, Support::Full, KernelPath::SysEventfd, "", Errno::NoMem},
    {218, "request_key", sys_request_key, Support::Partial, KernelPath::SysPrctl,
     "no program makes a key that is not there: its answer is negative"},
    {219, "keyctl", sys_keyctl, Support::Partial, KernelPath::SysPrctl,
     "no cryptographic operations, no persistent keyrings", Errno::NoMem},
});

}  // namespace

std::span<const SyscallRow> key_syscalls() {
    return kKeysRows;
}

}  // namespace uprobesim
