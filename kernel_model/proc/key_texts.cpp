// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/keys and /proc/key-users (security/keys/proc.c).
#include <fmt/format.h>

#include <array>

#include "kernel_model/keys/keyrings.h"
#include "kernel_model/proc/proc_text.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

namespace {

// How long a key is still good for, in its largest whole unit.
std::string time_left(const Key& key, std::uint64_t now_ns) {
    constexpr std::uint64_t kNever = ~std::uint64_t{0}, kSecond = 1'000'000'000;
    struct Unit {
        std::uint64_t seconds;
        char letter;
    };
    constexpr std::array<Unit, 5> kUnits = {
        {{604800, 'w'}, {86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}};
    if (key.expires_ns == kNever) return "perm";
    if (now_ns >= key.expires_ns) return "expd";
    const std::uint64_t seconds = (key.expires_ns - now_ns) / kSecond;
    for (const Unit& unit : kUnits)
        if (seconds >= unit.seconds)
            return fmt::format("{}{}", seconds / unit.seconds, unit.letter);
    return "0s";
}

// The describe operation of the key's type.
std::string described(const Key& key) {
    if (key.revoked && key.is_keyring()) return key.description;
    if (!key.is_keyring()) return fmt::format("{}: {}", key.description, key.payload.size());
    return key.links().empty() ? fmt::format("{}: empty", key.description)
                               : fmt::format("{}: {}", key.description, key.links().size());
}

}  // namespace

std::string proc_keys(const ProcContext& c) {
    std::string text;
    Task* const reader = c.system != nullptr ? c.system->current() : nullptr;
    if (reader == nullptr) return text;
    const Keyrings& keyrings = c.system->keyrings();
    for (const auto& [serial, weak] : keyrings.all()) {
        const auto users = weak.use_count();
        const auto key = weak.lock();
        if (!key || !keyrings.permits(*reader->process, *reader, *key, abi::kKeyView)) continue;
        const UserSpace& space = reader->cred->space;
        text +=
            fmt::format("{:08x} I{}-Q--- {:5} {:>4} {:08x} {:5} {:5} {:<9.9} {}\n", serial,
                        key->revoked ? 'R' : '-', users, time_left(*key, c.system->monotonic_ns()),
                        key->permissions, shown_user(space, key->uid), shown_group(space, key->gid),
                        key->type, described(*key));
    }
    return text;
}

std::string proc_key_users(const ProcContext& c) {
    std::string text;
    if (c.system == nullptr) return text;
    const Keyrings& keyrings = c.system->keyrings();
    for (const auto& [uid, use] : keyrings.uses()) {
        if (use.keys == 0) continue;
        const KeyUse most = keyrings.most(uid);
        text += fmt::format("{:5}: {:5} {}/{} {}/{} {}/{}\n", uid, use.keys, use.keys, use.keys,
                            use.keys, most.keys, use.bytes, most.bytes);
    }
    return text;
}

}  // namespace uprobesim
