// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/landlock/domain.h"

#include <utility>

#include "kernel_model/abi/landlock.h"

namespace uprobesim {

void LandlockRules::allow_at(const FileKey& file, std::uint32_t rights) {
    const auto [rule, added] = files.try_emplace(file, 0);
    rule->second |= rights;
    if (added) charge.grow(kRuleBytes);
}

void LandlockRules::allow_port(std::uint16_t port, std::uint32_t rights) {
    const auto [rule, added] = ports.try_emplace(port, 0);
    rule->second |= rights;
    if (added) charge.grow(kRuleBytes);
}

std::uint32_t LandlockRules::denied_files() const {
    return handled.files | abi::kLandlockFsRefer;
}

LandlockDomain::LandlockDomain(std::shared_ptr<const LandlockDomain> parent,
                               const LandlockRules& rules)
    : parent_(std::move(parent)),
      rules_(rules),
      layers_(parent_ ? parent_->layers() + 1 : 1),
      handled_(rules.handled) {
    if (!parent_) return;
    handled_.files |= parent_->handled().files;
    handled_.network |= parent_->handled().network;
    handled_.scopes |= parent_->handled().scopes;
}

bool LandlockDomain::is_within(const LandlockDomain* other) const {
    const LandlockDomain* at = this;
    while (at != nullptr && at != other) at = at->parent();
    return at != nullptr;
}

bool may_look_into(const LandlockDomain* caller, const LandlockDomain* target) {
    return caller == nullptr || (target != nullptr && target->is_within(caller));
}

bool is_scoped(const LandlockDomain* client, const LandlockDomain* server, std::uint32_t scope) {
    if (client == nullptr || (client->handled().scopes & scope) == 0) return false;
    const auto layers = [](const LandlockDomain* of) { return of != nullptr ? of->layers() : 0; };
    // A layer that the other one cannot be in, as it has not so many.
    for (; layers(client) > layers(server); client = client->parent()) {
        if ((client->rules().handled.scopes & scope) != 0) return true;
    }
    while (layers(server) > layers(client)) server = server->parent();
    // The last layer with the scope decides: the other one is in it, or not.
    for (; client != nullptr; client = client->parent(), server = server->parent()) {
        if ((client->rules().handled.scopes & scope) != 0) return client != server;
    }
    return false;
}

bool may_use_port(const LandlockDomain& domain, std::uint16_t port, std::uint32_t right) {
    for (const LandlockDomain* at = &domain; at != nullptr; at = at->parent()) {
        if ((at->rules().handled.network & right) == 0) continue;
        const auto rule = at->rules().ports.find(port);
        if (rule == at->rules().ports.end() || (rule->second & right) == 0) return false;
    }
    return true;
}

}  // namespace uprobesim
