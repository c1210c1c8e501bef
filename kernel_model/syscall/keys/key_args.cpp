// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/keys/key_args.h"

#include "sim/base/try.h"

namespace uprobesim {

using namespace abi;

namespace {

constexpr auto kTypes = std::to_array<KeyType>({
    {"keyring", 0, true},
    {"user", kUserKeyMaxPayload, true},
    {"logon", kUserKeyMaxPayload, false},
    {"big_key", kKeyMaxPayload, true},
});

}  // namespace

const KeyType* find_key_type(std::string_view name) {
    const auto* const type = std::ranges::find(kTypes, name, &KeyType::name);
    return type == kTypes.end() ? nullptr : type;
}

// key_get_type_from_user
SysResult<std::string> key_type_argument(SysCall& call, VAddr at) {
    const auto type = call.memory().read_string(at, kKeyMaxType);
    if (!type) return tl::make_unexpected(Errno::Fault);
    if (type->empty() || type->size() >= kKeyMaxType) return tl::make_unexpected(Errno::Inval);
    if (type->front() == '.') return tl::make_unexpected(Errno::Perm);
    return *type;
}

SysResult<std::string> key_text_argument(SysCall& call, VAddr at) {
    const auto text = call.memory().read_string(at, kKeyMaxDescription);
    if (!text) return tl::make_unexpected(Errno::Fault);
    if (text->size() >= kKeyMaxDescription) return tl::make_unexpected(Errno::Inval);
    return *text;
}

// lookup_user_key. `rights` 0: none are needed.
SysResult<std::shared_ptr<Key>> key_argument(SysCall& call, std::int32_t id, std::uint32_t rights,
                                             bool makes, bool any_state) {
    std::shared_ptr<Key> key;
    if (id < 0) {
        key = TRY(keyrings(call).special(id, call.process, call.task, makes));
    } else {
        if (id == 0) return tl::make_unexpected(Errno::Inval);
        key = keyrings(call).find(id);
        if (!key) return tl::make_unexpected(Errno::NoKey);
    }
    if (!any_state) {
        if (const auto state = key->state(call.kernel.clock().monotonic_ns());
            !state && state.error() != Errno::NoKey)
            return tl::make_unexpected(state.error());
    }
    // A special keyring is possessed whatever its session has.
    if (rights != 0 && !(id < 0 ? Keyrings::permits(call.task, *key, rights, true)
                                : keyrings(call).permits(call.process, call.task, *key, rights)))
        return tl::make_unexpected(Errno::Acces);
    return key;
}

SysResult<std::vector<std::byte>> payload_argument(SysCall& call, VAddr at, std::uint64_t size) {
    if (size > kKeyMaxPayload) return tl::make_unexpected(Errno::Inval);
    std::vector<std::byte> payload(size);
    if (!call.memory().read(at, payload)) return tl::make_unexpected(Errno::Fault);
    return payload;
}

}  // namespace uprobesim
