// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/hit/handler_work.h"

#include <fmt/format.h>

namespace uprobesim {
namespace {

void append(std::vector<HandlerPart>& to, const std::vector<HandlerPart>& parts) {
    to.insert(to.end(), parts.begin(), parts.end());
}
void append(std::vector<PathUse>& to, const std::vector<PathUse>& uses) {
    to.insert(to.end(), uses.begin(), uses.end());
}

std::vector<PathUse> statistics(const KernelProfile& kernel, bool given, unsigned programs,
                                unsigned otherwise) {
    if (kernel.bpf_stats == BpfStats::No) return {};
    if (!given) programs = kernel.consumer == Consumer::BpfEmpty ? otherwise : 0;
    return std::vector<PathUse>(programs, {KernelPath::BpfStatistics, 0});
}

}  // namespace

void HandlerWork::add(const ProbeHandler* handler, bool of_return) {
    (of_return ? return_programs : programs) += handler == nullptr ? 1 : handler->programs();
    if (handler == nullptr) return;
    given = true;
    programs += handler->entry_programs();
    if (!handler->runs) ++idle;
    switch (handler->link) {
        case ConsumerLink::Event: break;
        case ConsumerLink::UprobeMulti:
            ++(of_return ? return_links : links);
            if (!handler->at_entry.empty()) ++links;
            break;
        case ConsumerLink::UprobeSession: ++sessions; break;
    }
    append(of_return ? returns : entry, handler->parts);
    append(entry, handler->at_entry);
}

void HandlerWork::join(const HandlerWork& other) {
    given = given || other.given;
    idle += other.idle;
    links += other.links;
    return_links += other.return_links;
    sessions += other.sessions;
    programs += other.programs;
    return_programs += other.return_programs;
    append(entry, other.entry);
    append(returns, other.returns);
}

Outcome check_handler(const ProbeHandler* handler, const ProbeSpec& spec) {
    if (handler == nullptr || !handler->needs_return() || spec.kind == ProbeSpec::Kind::Uretprobe)
        return {};
    return user_error(
        fmt::format("the handler '{}' has a part for the function's return", handler->name),
        spec.text, "give it a uretprobe: both of its probes are attached");
}

NewConsumers consumers_of(const ProbeHandler* handler, bool of_return) {
    NewConsumers consumers{1, of_return ? 1U : 0U};
    const bool is_pair = handler != nullptr && handler->needs_return() &&
                         handler->link != ConsumerLink::UprobeSession;
    if (is_pair) ++consumers.entry;
    return consumers;
}

std::vector<PathUse> entry_uses(const HandlerWork& work, unsigned consumers,
                                std::optional<std::uint64_t> frames) {
    const unsigned running = consumers - work.idle;
    const unsigned linked = work.links + work.return_links + work.sessions;
    std::vector<PathUse> uses;
    if (linked == 0 || linked != running)
        uses.push_back({KernelPath::UprobeConsumers, running - linked});
    else
        uses.push_back({KernelPath::UprobeConsumersLinks, 0});
    if (const unsigned links = work.links + work.sessions; links != 0)
        uses.push_back({KernelPath::UprobeConsumersMulti, links});
    if (const unsigned links = work.return_links + work.sessions; links != 0)
        uses.push_back({KernelPath::UretprobeMulti, links});
    if (running > 1) uses.push_back({KernelPath::UprobeConsumersFurther, running - 1});
    append(uses, uses_of(work.entry, frames));
    return uses;
}

std::vector<PathUse> return_uses(const HandlerWork& work, unsigned returns,
                                 std::optional<std::uint64_t> frames) {
    std::vector<PathUse> uses;
    if (work.given && returns > 1) uses.push_back({KernelPath::UretprobeFurther, returns - 1});
    append(uses, uses_of(work.returns, frames));
    return uses;
}

std::vector<PathUse> entry_statistics(const KernelProfile& kernel, const HandlerWork& work,
                                      unsigned consumers, unsigned returns) {
    return statistics(kernel, work.given, work.programs, consumers - returns);
}

std::vector<PathUse> return_statistics(const KernelProfile& kernel, const HandlerWork& work,
                                       unsigned returns) {
    return statistics(kernel, work.given, work.return_programs, returns);
}

}  // namespace uprobesim
