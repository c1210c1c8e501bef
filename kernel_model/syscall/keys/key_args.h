// SPDX-License-Identifier: GPL-2.0-or-later
// Keys as arguments of system calls (security/keys/keyctl.c, process_keys.c).
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_model/keys/keyrings.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

struct KeyType {
    std::string_view name;
    std::uint64_t most;  // bytes of a payload; 0: it has none
    bool reads;          // user space may read it
    bool allows(std::uint64_t size) const {
        return most == 0 ? size == 0 : size != 0 && size <= most;
    }
};
// Null: no such type.
const KeyType* find_key_type(std::string_view name);

inline Keyrings& keyrings(SysCall& call) {
    return call.kernel.keyrings();
}
SysResult<std::string> key_type_argument(SysCall& call, VAddr at);
SysResult<std::string> key_text_argument(SysCall& call, VAddr at);
SysResult<std::vector<std::byte>> payload_argument(SysCall& call, VAddr at, std::uint64_t size);
// lookup_user_key. `rights` 0: none are needed; `makes`: a special keyring that is not there is
// made; `any_state`: a revoked or expired key is found too.
SysResult<std::shared_ptr<Key>> key_argument(SysCall& call, std::int32_t id, std::uint32_t rights,
                                             bool makes, bool any_state = false);
inline SysResult<std::shared_ptr<Key>> search_keys(SysCall& call, const std::shared_ptr<Key>& ring,
                                                   std::string_view type,
                                                   std::string_view description) {
    return keyrings(call).search(call.process, call.task, ring, type, description,
                                 call.kernel.clock().monotonic_ns());
}

}  // namespace uprobesim
