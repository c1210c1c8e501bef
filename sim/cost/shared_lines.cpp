// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cost/shared_lines.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/base/error.h"
#include "sim/cost/prices.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t bit_of(unsigned cpu) {
    return std::uint64_t{1} << cpu;
}

}  // namespace

std::uint64_t LineUse::transferred() const {
    return std::accumulate(transfers.begin(), transfers.end(), std::uint64_t{0});
}

LineUse& LineUse::operator+=(const LineUse& other) {
    accesses += other.accesses;
    for (std::size_t t = 0; t < kTierCount; ++t) transfers[t] += other.transfers[t];
    retries += other.retries;
    waited += other.waited;
    queued += other.queued;
    return *this;
}

LineUse& LineUse::operator-=(const LineUse& other) {
    accesses -= other.accesses;
    for (std::size_t t = 0; t < kTierCount; ++t) transfers[t] -= other.transfers[t];
    retries -= other.retries;
    waited -= other.waited;
    queued -= other.queued;
    return *this;
}

Tier tier_between(const ContentionFigures& figures, unsigned a, unsigned b) {
    if (a == b) return Tier::SameCpu;
    for (const Tier tier : {Tier::Cluster, Tier::L3Group, Tier::Die, Tier::Socket}) {
        const auto size = static_cast<unsigned>(figures.cpus[static_cast<std::size_t>(tier)].value);
        if (a / size == b / size) return tier;
    }
    return Tier::Machine;
}

SharedLines::SharedLines(const ContentionFigures& figures, const std::vector<unsigned>& places,
                         std::uint64_t seed)
    : tiers_(std::size_t{kMaxCpus} * kMaxCpus),
      jitter_(std::llround(std::floor(figures.jitter.value * 65536))),
      random_(std::max(1U, static_cast<std::uint32_t>(seed * 2654435761U))) {
    check_invariant(places.size() <= kMaxCpus, "more CPUs than a line tells apart");
    for (std::size_t t = 0; t < kTierCount; ++t) {
        const double read = figures.read[t].value;
        read_[t] = from_cycles(read);
        for (const bool ordered : {false, true}) {
            const bool own = ordered && static_cast<Tier>(t) == Tier::Machine;
            const double transfer = (own ? figures.ordered_transfer : figures.transfer[t]).value;
            Costs& costs = costs_[ordered ? 1 : 0];
            costs.transfer[t] = from_cycles(transfer);
            costs.handover[t] = from_cycles(figures.handover_transfers.value * transfer +
                                            figures.handover_reads.value * read);
        }
    }
    for (std::size_t a = 0; a < places.size(); ++a) {
        for (std::size_t b = 0; b < places.size(); ++b)
            tiers_[a * kMaxCpus + b] = tier_between(figures, places[a], places[b]);
    }
}

LineIndex SharedLines::line(SharedLine kind, std::uint64_t object) {
    Recent& recent = recent_[static_cast<std::size_t>(kind)];
    if (recent.line != kNoLine && recent.object == object) return recent.line;
    const auto next = static_cast<LineIndex>(lines_.size());
    const auto [at, is_new] = index_.try_emplace({kind, object}, next);
    if (is_new) {
        if (free_.empty()) {
            lines_.emplace_back();
        } else {
            at->second = free_.back();
            free_.pop_back();
        }
        lines_[at->second].kind = kind;
        ++made_[static_cast<std::size_t>(kind)];
    }
    recent = {object, at->second};
    return at->second;
}

void SharedLines::forget(LineScope scope, std::uint64_t object) {
    for (std::size_t k = 0; k < kSharedLineCount; ++k) {
        const auto kind = static_cast<SharedLine>(k);
        if (shared_line_info(kind).scope != scope) continue;
        const auto found = index_.find({kind, object});
        if (found == index_.end()) continue;
        lines_[found->second] = {};
        free_.push_back(found->second);
        if (recent_[k].line == found->second) recent_[k] = {};
        index_.erase(found);
    }
}

// 32-bit xorshift.
std::uint32_t SharedLines::next_random() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
    return random_;
}

CentiCycles SharedLines::varied(CentiCycles work) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 47;  // the product stays a 64-bit number
    if (jitter_ == 0 || work.value > kMost) return work;
    const auto amount = static_cast<std::int64_t>(work.value);
    const std::int64_t share = static_cast<std::int64_t>(next_random() & 0xffff) - 32768;
    // Uniform; shifted right as whole numbers are, down.
    const std::int64_t more = ((amount * share) >> 15) * jitter_ >> 16;
    return CentiCycles(static_cast<std::uint64_t>(amount + more));
}

// A load.
void SharedLines::fetch(Line& line, unsigned cpu, CentiCycles now, Done& done) {
    if ((line.valid & bit_of(cpu)) != 0) return;
    if (line.valid == 0) line.owner = static_cast<std::uint8_t>(cpu);
    line.valid |= bit_of(cpu);
    done.from = tier(line.owner, cpu);
    const auto d = static_cast<std::size_t>(done.from);
    const CentiCycles begin = std::max(now, line.free_at);
    line.free_at = begin + read_[d];
    done.at = begin + costs_of(line).transfer[d];
}

// A store or an atomic operation.
void SharedLines::acquire(Line& line, unsigned cpu, CentiCycles now, Done& done) {
    if (line.valid == bit_of(cpu)) return;
    if (line.valid == 0) line.owner = static_cast<std::uint8_t>(cpu);
    done.from = tier(line.owner, cpu);
    done.at =
        std::max(now, line.free_at) + costs_of(line).transfer[static_cast<std::size_t>(done.from)];
    line.free_at = done.at;
    line.owner = static_cast<std::uint8_t>(cpu);
    line.valid = bit_of(cpu);
}

void SharedLines::lock(Line& line, unsigned cpu, CentiCycles now, CentiCycles held, Done& done) {
    if (line.valid == 0) line.owner = static_cast<std::uint8_t>(cpu);
    done.from = tier(line.owner, cpu);
    const auto d = static_cast<std::size_t>(done.from);
    const Costs& costs = costs_of(line);
    done.at =
        (line.free_at > now ? line.free_at + costs.handover[d] : now + costs.transfer[d]) + held;
    line.free_at = done.at;
    line.owner = static_cast<std::uint8_t>(cpu);
    line.valid = bit_of(cpu);
}

void SharedLines::access(Line& line, unsigned cpu, CentiCycles now, const ProgramStep& step,
                         Done& done) {
    switch (step.kind) {
        case AccessKind::Read:
        case AccessKind::Find: return fetch(line, cpu, now, done);
        case AccessKind::Lock: return lock(line, cpu, now, step.amount, done);
        case AccessKind::Write:
        case AccessKind::Take:
        case AccessKind::Clear: return acquire(line, cpu, now, done);
    }
}

SharedLines::Done SharedLines::step(unsigned cpu, CentiCycles now, const ProgramStep& step,
                                    ProgramCursor& cursor, std::uint64_t claimant, bool jitter) {
    const std::size_t here = cursor.next++;
    Done done{now, {}, {}, Tier::SameCpu, false};
    if (step.line == kNoLine) {
        done.at = now + (jitter ? varied(step.amount) : step.amount);
        if (here < cursor.redone_to) {
            done.waited = done.at - now;
            uses_[static_cast<std::size_t>(lines_[cursor.bitmap].kind)].waited += done.waited;
        }
        return done;
    }
    Line& line = lines_[step.line];
    if (line.valid != 0 && line.valid != bit_of(cpu)) line.shared = true;
    const CentiCycles queued = line.free_at > now ? line.free_at - now : CentiCycles();
    access(line, cpu, now, step, done);
    LineUse& use = uses_[static_cast<std::size_t>(line.kind)];
    ++use.accesses;
    if (done.from != Tier::SameCpu) ++use.transfers[static_cast<std::size_t>(done.from)];
    done.waited = done.at - now - (step.kind == AccessKind::Lock ? step.amount : CentiCycles());
    if (done.waited.value != 0) done.queued = std::min(queued, done.waited);
    use.queued += done.queued;
    if (step.kind == AccessKind::Find) {
        cursor.find = here;
        cursor.bitmap = step.line;
        cursor.want = ~line.bits & (line.bits + 1);  // the lowest clear one; none if all are set
    } else if (step.kind == AccessKind::Take) {
        done.lost = (line.bits & cursor.want) != 0;
        if (done.lost) {
            ++use.retries;
            cursor.redone_to = here;
            cursor.next = cursor.find;
        } else {
            line.bits |= cursor.want;
            line.held[claimant] |= cursor.want;
        }
    } else if (step.kind == AccessKind::Clear) {
        if (const auto held = line.held.find(claimant); held != line.held.end()) {
            line.bits &= ~held->second;
            line.held.erase(held);
        }
    }
    use.waited += done.waited;
    return done;
}

}  // namespace uprobesim
