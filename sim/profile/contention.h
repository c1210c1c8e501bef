// SPDX-License-Identifier: GPL-2.0-or-later
// What a machine profile says of CPUs that share lines: how near two of them are, and what the way
// of a line between them costs.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/profile/figure.h"

namespace uprobesim {

// How near two CPUs are; each tier contains those above it.
enum class Tier : std::uint8_t { SameCpu, Cluster, L3Group, Die, Socket, Machine, kCount };
inline constexpr std::size_t kTierCount = static_cast<std::size_t>(Tier::kCount);
// Of reports and keys. "machine": the CPUs are on different sockets.
inline constexpr std::array<std::string_view, kTierCount> kTierNames = {
    "same-cpu", "cluster", "l3-group", "die", "socket", "machine"};

struct ContentionFigures {
    // CPUs with consecutive numbers that share an L2, an L3, a die, a socket; of Cluster to Socket.
    std::array<Figure, kTierCount> cpus{};
    // Cycles; of Cluster to Machine, 0 on the same CPU.
    std::array<Figure, kTierCount> transfer{};  // a line comes from another CPU
    std::array<Figure, kTierCount> read{};      // how long a read keeps its line from others
    // Cycles; in place of transfer[Machine] for lines that are changed by ordered operations.
    Figure ordered_transfer;
    // How many transfers and reads it takes to hand a lock over to a CPU that waits.
    Figure handover_transfers;
    Figure handover_reads;
    Figure jitter;  // private work is so much longer or shorter, each time anew

    static void members(auto& self, auto& visit) {
        visit(self.cpus, self.transfer, self.read, self.ordered_transfer, self.handover_transfers,
              self.handover_reads, self.jitter);
    }
};

struct Limits;

// One of its keys, without the table's name: "transfer-socket".
struct ContentionKey {
    std::string_view key;
    std::string_view unit;
    const Limits* limits;
    std::string_view meaning;
    Figure& (*of)(ContentionFigures&);
};
inline constexpr std::string_view kContentionTable = "contention";
// In the order in which a profile is written.
const std::vector<ContentionKey>& contention_keys();

}  // namespace uprobesim
