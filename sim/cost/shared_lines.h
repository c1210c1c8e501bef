// SPDX-License-Identifier: GPL-2.0-or-later
// CPUs that use the same cache lines and locks. A line is where its last writer is; another CPU
// waits until it is free and has come, and it is then free only when it has left again. CPUs take
// their steps in the order of their clocks, so a line sees its requests in the order of their
// times, and a request can be granted at once: {owner, free_at, valid} is all there is of a line,
// there are no queues.
//
// A CPU pays nothing here for what it alone uses: what an access costs then is in the costs of the
// paths.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "sim/base/units.h"
#include "sim/cost/account.h"
#include "sim/profile/contention.h"
#include "sim/profile/shared_line.h"

namespace uprobesim {

// What became of accesses to one line, or to all lines of one kind.
struct LineUse {
    std::uint64_t accesses = 0;
    std::array<std::uint64_t, kTierCount> transfers{};  // by tier; none on the same CPU
    std::uint64_t retries = 0;                          // of Take: the bit had gone
    CentiCycles waited;                                 // for the turn, the transfer, and retries
    CentiCycles queued;                                 // of these, for the turn

    std::uint64_t transferred() const;
    LineUse& operator+=(const LineUse& other);
    LineUse& operator-=(const LineUse& other);
};

using LineIndex = std::uint32_t;
inline constexpr LineIndex kNoLine = ~LineIndex{0};  // of a Work step

// A step of a program: private work (no line), or an access.
struct ProgramStep {
    LineIndex line = kNoLine;
    AccessKind kind = AccessKind::Read;
    CentiCycles amount;                   // of work; how long a lock is held
    Account account = Account::ProbeHit;  // that waiting here is charged to
};
using StepProgram = std::vector<ProgramStep>;

// Where a CPU is in a program.
struct ProgramCursor {
    std::size_t next = 0;
    std::size_t find = 0;        // the last Find, which a Take that loses goes back to
    std::size_t redone_to = 0;   // steps before it are repeated: their work is waiting
    LineIndex bitmap = kNoLine;  // for that Find's line
    std::uint64_t want = 0;      // the bit that was found
};

class SharedLines {
public:
    static constexpr unsigned kMaxCpus = 64;

    // `places`: the machine's CPU that each CPU of the simulation is. `seed` of the jitter.
    SharedLines(const ContentionFigures& figures, const std::vector<unsigned>& places,
                std::uint64_t seed);

    // The line of a kind that an object has: made when it is asked for first.
    LineIndex line(SharedLine kind, std::uint64_t object);
    // The object is gone, and no step is left on its lines: their places are for others.
    void forget(LineScope scope, std::uint64_t object);
    SharedLine kind_of(LineIndex line) const { return lines_[line].kind; }
    // Whether more than one CPU has touched it.
    bool is_shared(LineIndex line) const { return lines_[line].shared; }

    struct Done {
        CentiCycles at;      // when the step is over
        CentiCycles waited;  // of that, beyond the step's own amount
        CentiCycles queued;  // of that, for the turn
        Tier from = Tier::SameCpu;
        bool lost = false;  // a Take that must look again
    };
    // The step of `cpu` at `now` that the cursor is at; moves the cursor. `claimant` keeps the bits
    // that it takes. `jitter`: private work varies.
    Done step(unsigned cpu, CentiCycles now, const ProgramStep& step, ProgramCursor& cursor,
              std::uint64_t claimant, bool jitter);

    // So many cycles, more or less by jitter.
    CentiCycles varied(CentiCycles work);
    // A number below `bound`, of the same generator.
    std::uint32_t random(std::uint32_t bound) { return next_random() % bound; }

    const std::array<LineUse, kSharedLineCount>& uses() const { return uses_; }
    void forget_uses() { uses_ = {}; }
    // How many objects have had a line of the kind.
    std::uint64_t objects(SharedLine kind) const { return made_[static_cast<std::size_t>(kind)]; }

private:
    struct Line {
        SharedLine kind = SharedLine::MmapLock;
        std::uint8_t owner = 0;
        bool shared = false;  // by more than one CPU, so far
        CentiCycles free_at;
        std::uint64_t valid = 0;  // CPUs with a copy; none: nobody has touched it
        std::uint64_t bits = 0;   // of a bitmap
        std::map<std::uint64_t, std::uint64_t> held;  // by claimant
    };
    Tier tier(unsigned a, unsigned b) const { return tiers_[a * kMaxCpus + b]; }
    std::uint32_t next_random();
    void access(Line& line, unsigned cpu, CentiCycles now, const ProgramStep& step, Done& done);
    // What lines of one class cost, by tier.
    struct Costs {
        std::array<CentiCycles, kTierCount> transfer{}, handover{};
    };
    const Costs& costs_of(const Line& line) const {
        return costs_[shared_line_info(line.kind).ordered ? 1 : 0];
    }
    void fetch(Line& line, unsigned cpu, CentiCycles now, Done& done);
    void acquire(Line& line, unsigned cpu, CentiCycles now, Done& done);
    void lock(Line& line, unsigned cpu, CentiCycles now, CentiCycles held, Done& done);

    std::array<CentiCycles, kTierCount> read_{};
    std::array<Costs, 2> costs_{};  // of the other lines, of ordered ones
    std::vector<Tier> tiers_;
    std::vector<Line> lines_;
    std::vector<LineIndex> free_;  // of forgotten objects
    std::array<std::uint64_t, kSharedLineCount> made_{};
    std::map<std::pair<SharedLine, std::uint64_t>, LineIndex> index_;
    struct Recent {
        std::uint64_t object = 0;
        LineIndex line = kNoLine;
    };
    std::array<Recent, kSharedLineCount> recent_{};  // saves host time
    std::array<LineUse, kSharedLineCount> uses_{};
    std::int64_t jitter_ = 0;  // of 65536
    std::uint32_t random_ = 1;
};

// Which CPUs of the machine are so near.
Tier tier_between(const ContentionFigures& figures, unsigned a, unsigned b);

}  // namespace uprobesim
