// SPDX-License-Identifier: GPL-2.0-or-later
// The rules by which a task restricts itself (struct landlock_ruleset), and the domain that it is
// in: layers of them, each on top of those that it inherited. A domain is never changed, so that
// tasks share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "kernel_model/memory/backing.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

// What a ruleset restricts: abi::kLandlockFs*, kLandlockNet*, kLandlockScope*.
struct LandlockHandled {
    std::uint32_t files = 0, network = 0, scopes = 0;
};

// Of one layer. What is handled and allowed by no rule is forbidden.
struct LandlockRules {
    LandlockHandled handled;
    std::map<FileKey, std::uint32_t> files;        // the rights at a file and beneath it
    std::map<std::uint16_t, std::uint32_t> ports;  // of TCP
    MemoryCharge charge;

    explicit LandlockRules(const LandlockHandled& restricted, PhysicalMemory* memory)
        : handled(restricted), charge(memory, kRulesBytes) {}
    // Rules for one file are joined.
    void allow_at(const FileKey& file, std::uint32_t rights);
    void allow_port(std::uint16_t port, std::uint32_t rights);
    // There is room for a rule more.
    bool has_room() const { return charge.has_room(kRuleBytes); }
    // Of the rights to files, moving one to another directory is always handled
    // (LANDLOCK_ACCESS_FS_INITIALLY_DENIED).
    std::uint32_t denied_files() const;

    // Of struct landlock_ruleset, and of a rule with its struct landlock_object.
    static constexpr std::uint64_t kRulesBytes = 192, kRuleBytes = 192;
};

class LandlockDomain {
public:
    // `parent`: null: the task was in none.
    LandlockDomain(std::shared_ptr<const LandlockDomain> parent, const LandlockRules& rules);

    const LandlockRules& rules() const { return rules_; }
    const LandlockDomain* parent() const { return parent_.get(); }
    std::size_t layers() const { return layers_; }  // with those of its parents
    // By any layer.
    const LandlockHandled& handled() const { return handled_; }

    // Whether this is `other` or one that was made from it (domain_scope_le).
    bool is_within(const LandlockDomain* other) const;

private:
    std::shared_ptr<const LandlockDomain> parent_;
    LandlockRules rules_;
    std::size_t layers_;
    LandlockHandled handled_;
};

// Whether who is in `caller` may look into who is in `target`, as ptrace does. Null: in none.
bool may_look_into(const LandlockDomain* caller, const LandlockDomain* target);
// Whether a layer of `client` that has this scope keeps it from `server` (domain_is_scoped).
bool is_scoped(const LandlockDomain* client, const LandlockDomain* server, std::uint32_t scope);
// Whether a TCP socket may be bound or connected to a port.
bool may_use_port(const LandlockDomain& domain, std::uint16_t port, std::uint32_t right);
// Some layer restricts calls on files; null: there is no such domain.
inline const LandlockDomain* restricting_files(
    const std::shared_ptr<const LandlockDomain>& domain) {
    return domain != nullptr && domain->handled().files != 0 ? domain.get() : nullptr;
}

}  // namespace uprobesim
