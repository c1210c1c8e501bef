// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/profile/contention.h"

#include "sim/profile/toml_reader.h"

namespace uprobesim {
namespace {

constexpr Limits kCpus = {1, 65536, true};
constexpr Limits kCycles = {0, 1e6};
constexpr Limits kTimes = {0, 1e3};
constexpr Limits kShare = {0, 0.9};

template <auto Member, Tier Of>
Figure& tier_of(ContentionFigures& figures) {
    return (figures.*Member)[static_cast<std::size_t>(Of)];
}
template <auto Member>
Figure& one_of(ContentionFigures& figures) {
    return figures.*Member;
}

template <Tier Of>
ContentionKey cpus(std::string_view key, std::string_view meaning) {
    return {key, "cpus", &kCpus, meaning, tier_of<&ContentionFigures::cpus, Of>};
}
template <Tier Of>
ContentionKey transfer(std::string_view key, std::string_view meaning) {
    return {key, "cycles", &kCycles, meaning, tier_of<&ContentionFigures::transfer, Of>};
}
template <Tier Of>
ContentionKey read(std::string_view key, std::string_view meaning) {
    return {key, "cycles", &kCycles, meaning, tier_of<&ContentionFigures::read, Of>};
}

}  // namespace

const std::vector<ContentionKey>& contention_keys() {
    static const std::vector<ContentionKey> keys = {
        cpus<Tier::Cluster>("cpus-per-cluster", "consecutive CPUs that share an L2 or are as near"),
        cpus<Tier::L3Group>("cpus-per-l3-group", "consecutive CPUs that share a slice of the L3"),
        cpus<Tier::Die>("cpus-per-die", "consecutive CPUs on one die"),
        cpus<Tier::Socket>("cpus-per-socket", "consecutive CPUs in one socket"),
        transfer<Tier::Cluster>("transfer-cluster", "a line comes from a CPU of the same cluster"),
        transfer<Tier::L3Group>("transfer-l3-group", "... of another cluster of the L3 group"),
        transfer<Tier::Die>("transfer-die", "... of another L3 group of the die"),
        transfer<Tier::Socket>("transfer-socket", "... of another die of the socket"),
        transfer<Tier::Machine>("transfer-machine", "... of another socket"),
        {"transfer-machine-ordered", "cycles", &kCycles,
         "... of another socket, where it is changed by operations with a full barrier",
         one_of<&ContentionFigures::ordered_transfer>},
        read<Tier::Cluster>("read-cluster", "a read by the same cluster keeps the line busy"),
        read<Tier::L3Group>("read-l3-group", "... by another cluster of the L3 group"),
        read<Tier::Die>("read-die", "... by another L3 group of the die"),
        read<Tier::Socket>("read-socket", "... by another die of the socket"),
        read<Tier::Machine>("read-machine", "... by another socket"),
        {"handover-transfers", "transfers", &kTimes, "of a lock to a CPU that waits for it",
         one_of<&ContentionFigures::handover_transfers>},
        {"handover-reads", "reads", &kTimes, "of a lock to a CPU that waits for it",
         one_of<&ContentionFigures::handover_reads>},
        {"jitter", "share", &kShare,
         "private work between two accesses is up to so much longer or shorter",
         one_of<&ContentionFigures::jitter>},
    };
    return keys;
}

}  // namespace uprobesim
