// SPDX-License-Identifier: GPL-2.0-or-later
// What kernel work and exceptions are charged to. Every charge is on exactly one account, so that
// the accounts sum to the total.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace uprobesim {

enum class Account : std::uint8_t {
    Guest,       // the program's own work, which exists without probes too
    ProbeHit,    // hits and returns of probes, their first-hit work, and the fetch from the slot
    ProbePlace,  // breakpoints placed in a process's text
    Interrupt,   // timer interrupts and the switches between tasks
    kCount
};
inline constexpr std::size_t kAccountCount = static_cast<std::size_t>(Account::kCount);

std::string_view account_name(Account account);  // "guest", "probe-hit", ...
std::optional<Account> find_account(std::string_view name);

}  // namespace uprobesim
