// SPDX-License-Identifier: GPL-2.0-or-later
// Two machines that use the engine in two ways, and a schedule of random slices that both go
// through: programs that call each other over pages, load, store, rewrite code, abort; a kernel
// that maps, protects, rewrites and steps. After each slice all that the CPU said must be the same.
#pragma once

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "sim/base/entropy.h"
#include "sim/cpu/unicorn/unicorn_trial.h"
#include "tests/support/a64.h"

namespace uprobesim {

// Each word has its own price and class, and neighbours have an effect on each other, so that a
// wrong block or a wrong cut shows.
struct PairModel final : BlockModel {
    BlockInfo analyse(std::span<const std::uint32_t> words) const override {
        BlockInfo info;
        std::uint64_t sum = 0;
        std::uint32_t before = 0;
        for (const std::uint32_t w : words) {
            const std::uint32_t mixed = w * 2654435761u;
            sum += 20 + mixed % 230 + ((before ^ w) % 3 == 0 ? 40 : 0);
            before = w;
            info.classes.push_back(static_cast<InsnClass>(mixed >> 8 & 7));
            info.cycles_through.push_back(CentiCycles(sum));
        }
        return info;
    }
};

constexpr std::uint64_t kCodePages = 6;
constexpr VAddr kFirstCode{0x5555550000}, kGoodData{0x7f00000000}, kDoubtfulData{0x7f00001000};
constexpr VAddr code_page(std::uint64_t n) {
    return kFirstCode + n * kPageSize;
}

class World {
public:
    static constexpr std::size_t kSpaces = 2, kTasks = 3;

    explicit World(const UnicornTrial& trial, const UnicornOptions& options = {})
        : cpu(make_unicorn_cpu(memory, model, options, trial)) {
        for (auto& space : spaces) space = std::make_unique<AddressSpace>(memory, *cpu);
        for (ContextId& task : tasks) task = cpu->create_context();
    }

    PhysicalMemory memory{64u << 20};
    PairModel model;
    std::unique_ptr<Cpu> cpu;
    std::array<std::unique_ptr<AddressSpace>, kSpaces> spaces;
    std::array<ContextId, kTasks> tasks{};
};

// What is done to the second world in addition, so that it should make no difference.
class Disturbance {
public:
    virtual ~Disturbance() = default;
    virtual void before_slice(World&) = 0;
    virtual Stop run(World&, ContextId, const AddressSpace&, InsnCount budget) = 0;
    virtual Stop step(World&, ContextId, const AddressSpace&, std::uint32_t word) = 0;
};

// What a slice came to.
struct Seen {
    std::size_t why = 0;
    std::uint64_t pc = 0, retired = 0, insns = 0, cycles = 0, registers = 0, detail = 0;
    InsnClassCounts by_class{};
    bool operator==(const Seen&) const = default;
};

class TwinWorlds {
public:
    // `disturbance`: null for none.
    TwinWorlds(std::uint64_t seed, const UnicornTrial& first, const UnicornTrial& second,
               Disturbance* disturbance = nullptr)
        : random_(seed),
          worlds_{std::make_unique<World>(first), std::make_unique<World>(second)},
          disturbance_(disturbance) {
        for (std::size_t space = 0; space < World::kSpaces; ++space) {
            for (std::uint64_t page = 0; page < kCodePages; ++page) map_code(space, page);
            map_data(space, kGoodData, {true, true, false});
        }
        // Code that both spaces have, as processes share a library's.
        share(code_page(0));
        for (std::size_t task = 0; task < World::kTasks; ++task) start(task);
    }

    // The number of the first slice in which they differ; nothing: they do not.
    std::optional<std::uint64_t> play(std::uint64_t slices) {
        for (std::uint64_t i = 0; i < slices; ++i) {
            if (!turn()) return i;
        }
        return same_memory() ? std::nullopt : std::optional(slices);
    }

    // What the slices came to, so that a test may see that they were of all kinds.
    std::uint64_t retired() const { return retired_; }
    std::uint64_t stops(std::size_t why) const { return whys_[why]; }

private:
    std::uint64_t below(std::uint64_t n) { return random_.next() % n; }
    template <class Do>
    void both(Do act) {
        for (auto& world : worlds_) act(*world);
    }

    // A function of each page begins here.
    static constexpr std::uint64_t kFunctionBytes = 256;
    VAddr some_function() {
        return code_page(below(kCodePages)) + below(kPageSize / kFunctionBytes) * kFunctionBytes;
    }

    std::uint32_t plain_word() {
        const auto r = static_cast<unsigned>(below(8)), s = static_cast<unsigned>(below(8));
        switch (below(5)) {
            case 0: return a64::add_imm(r, s, static_cast<unsigned>(below(64)));
            case 1: return a64::subs_imm(r, s, static_cast<unsigned>(below(64)));
            case 2: return a64::movz(r, static_cast<unsigned>(below(1000)));
            case 3: return 0x9b007c00u | (s << 16) | (r << 5) | r;  // mul
            default: return a64::kNop;
        }
    }
    std::int64_t far_from(VAddr at) {
        return static_cast<std::int64_t>(some_function().value) -
               static_cast<std::int64_t>(at.value);
    }
    std::uint32_t word(VAddr at) {
        const auto r = static_cast<unsigned>(below(8));
        const auto offset = static_cast<unsigned>(below(512)) * 8;
        switch (below(64)) {
            case 0:
            case 1: return a64::b(far_from(at));
            case 2:
            case 3: return 0x94000000u | (a64::b(far_from(at)) & 0x3ffffffu);
            case 4:
            case 5: return a64::blr(24 + static_cast<unsigned>(below(2)));
            case 6: return a64::br(24 + static_cast<unsigned>(below(2)));
            case 7:
            case 8: return a64::kRet;
            case 9:
            case 10: return a64::cbnz(r, 4 * (1 + static_cast<std::int64_t>(below(12))));
            case 11: return a64::cbnz(r, -4 * static_cast<std::int64_t>(below(12)));
            case 12:
            case 13:
            case 14:
            case 15: return a64::ldr(r, 20) | (offset / 8) << 10;
            case 16:
            case 17:
            case 18: return a64::str(r, 20, offset);
            case 19: return a64::ldr(r, 21) | (offset / 8) << 10;  // may abort
            case 20: return a64::str(r, 21, offset);
            case 21: return 0xb9000000u | (offset / 8) << 10 | (22u << 5) | 10;  // str w10: code
            case 22: return below(4) != 0 ? a64::kNop : a64::svc(static_cast<unsigned>(below(9)));
            case 23: return below(8) != 0 ? a64::kNop : a64::brk(static_cast<unsigned>(below(9)));
            case 24: return below(8) != 0 ? a64::kNop : 0x00000000u;   // udf
            case 25: return 0xc8dffc00u | (20u << 5) | r;              // ldar
            case 26: return 0xc89ffc00u | (26u << 5) | r;              // stlr, may be unaligned
            case 27: return 0xa9000000u | (20u << 5) | (r << 10) | r;  // stp
            case 28: return a64::ldxr(r, 20);
            case 29: return a64::stxr(11, r, 20);
            case 30:
                return 0x3c800400u | (20u << 5) | r;  // str q, post-index: moves x20, crosses pages
            default: return plain_word();
        }
    }
    std::vector<std::uint32_t> page_of_code(VAddr page) {
        std::vector<std::uint32_t> words(kPageSize / 4);
        for (std::size_t i = 0; i < words.size(); ++i) words[i] = word(page + 4 * i);
        return words;
    }

    void map_code(std::size_t space, std::uint64_t page) {
        const VAddr at = code_page(page);
        const std::vector<std::uint32_t> words = page_of_code(at);
        const Prot prot{true, below(3) == 0, true};
        both([&](World& w) {
            const auto frame = w.memory.allocate();
            REQUIRE(frame);
            std::memcpy(w.memory.bytes(*frame).data(), words.data(), kPageSize);
            w.memory.note_write(*frame);
            REQUIRE(w.spaces[space]->map(at, *frame, prot));
        });
    }
    void map_data(std::size_t space, VAddr at, Prot prot) {
        both([&](World& w) {
            const auto frame = w.memory.allocate();
            REQUIRE(frame);
            REQUIRE(w.spaces[space]->map(at, *frame, prot));
        });
    }
    void share(VAddr page) {
        both([&](World& w) {
            const auto t = w.spaces[0]->lookup(page);
            if (!t) return;
            w.memory.add_ref(t->frame);
            REQUIRE(w.spaces[1]->map(page, t->frame, t->prot));
        });
    }
    void rewrite(std::size_t space, VAddr at) {
        const std::uint32_t written = word(at);
        both([&](World& w) {
            const auto t = w.spaces[space]->lookup(at);
            if (!t) return;
            std::memcpy(w.memory.bytes(t->frame).data() + at.page_offset(), &written, 4);
            w.memory.note_write(t->frame);
        });
    }

    void start(std::size_t task) {
        UserRegisters regs;
        for (std::uint64_t& x : regs.x) x = below(1000);
        regs.x[10] = plain_word();
        regs.x[20] = kGoodData.value;
        regs.x[21] = kDoubtfulData.value;
        regs.x[22] = code_page(below(kCodePages)).value;
        regs.x[24] = some_function().value;
        regs.x[25] = some_function().value;
        regs.x[26] = kGoodData.value + 16 + below(2) * below(8);
        regs.x[30] = some_function().value;
        regs.sp = kGoodData.value + 2048;
        regs.pc = some_function().value;
        both([&](World& w) { w.cpu->write_all(w.tasks[task], regs); });
    }
    // As a signal's handler interrupts a program, which goes on afterwards.
    void interrupt(std::size_t task) {
        const std::uint64_t handler = some_function().value;
        const bool returns = interrupted_.count(task) != 0;
        const UserRegisters now = worlds_[0]->cpu->read_all(worlds_[0]->tasks[task]);
        if (returns) {
            const UserRegisters before = interrupted_[task];
            both([&](World& w) { w.cpu->write_all(w.tasks[task], before); });
            interrupted_.erase(task);
        } else {
            interrupted_[task] = now;
            both([&](World& w) { w.cpu->write(w.tasks[task], Reg::Pc, handler); });
        }
    }

    void change_something() {
        const std::size_t space = below(World::kSpaces);
        const VAddr page = code_page(below(kCodePages));
        switch (below(12)) {
            case 0: return map_code(space, below(kCodePages));
            case 1: return share(page);
            case 2: return both([&](World& w) { w.spaces[space]->unmap(page); });
            case 3: return both([&](World& w) { w.spaces[space]->unmap(kDoubtfulData); });
            case 4: return map_data(space, kDoubtfulData, {true, below(2) == 0, false});
            case 5: return interrupt(below(World::kTasks));
            case 6: {
                const ContextId task = worlds_[0]->tasks[below(World::kTasks)];
                return both([&](World& w) { w.cpu->clear_exclusive(task); });
            }
            default: return rewrite(space, page + 4 * below(kPageSize / 4));
        }
    }

    Seen slice(World& w, std::size_t task, std::size_t space, std::optional<std::uint32_t> step,
               InsnCount budget) {
        Cpu& cpu = *w.cpu;
        const ContextId id = w.tasks[task];
        const AddressSpace& where = *w.spaces[space];
        const bool disturbed = disturbance_ != nullptr && &w == worlds_[1].get();
        if (disturbed) disturbance_->before_slice(w);
        const Stop stop = disturbed ? step ? disturbance_->step(w, id, where, *step)
                                           : disturbance_->run(w, id, where, budget)
                          : step ? cpu.step(id, where, *step)
                                    : cpu.run(id, where, budget);
        Seen seen;
        seen.why = stop.why.index();
        seen.pc = stop.pc.value;
        seen.retired = stop.retired.value;
        seen.insns = cpu.insns(id).value;
        seen.cycles = cpu.cycles(id).value;
        const UserRegisters regs = cpu.read_all(id);
        for (const std::uint64_t x : regs.x) seen.registers = seen.registers * 31 + x;
        seen.registers = seen.registers * 31 + regs.sp * 7 + regs.pstate + regs.pc * 3;
        if (const auto* abort = std::get_if<Abort>(&stop.why))
            seen.detail = abort->address.value * 8 + static_cast<std::uint64_t>(abort->access) * 2 +
                          (abort->unaligned ? 1 : 0);
        if (const auto* svc = std::get_if<Svc>(&stop.why)) seen.detail = svc->imm;
        if (const auto* brk = std::get_if<Brk>(&stop.why)) seen.detail = brk->imm;
        // Not after each slice: between them counts of several slices and tasks must stay apart.
        if (asks_) seen.by_class = cpu.work(id).by_class;
        return seen;
    }

    bool turn() {
        const std::size_t task = below(World::kTasks);
        // A task mostly stays in its space.
        const std::size_t space = below(16) == 0 ? 1 - task % 2 : task % 2;
        std::optional<std::uint32_t> step;
        if (below(4) == 0) step = word(kFirstCode);
        const InsnCount budget(below(3) == 0 ? 1 + below(5) : 1 + below(3000));
        asks_ = below(8) == 0;
        const Seen a = slice(*worlds_[0], task, space, step, budget);
        const Seen b = slice(*worlds_[1], task, space, step, budget);
        if (!(a == b)) return false;
        retired_ += a.retired;
        ++whys_[a.why];
        const std::size_t budget_spent = Stop{BudgetSpent{}, {}, {}}.why.index();
        const std::size_t step_done = Stop{StepDone{}, {}, {}}.why.index();
        if (a.why != budget_spent && a.why != step_done) {
            if (below(3) == 0) {
                both([&](World& w) { w.cpu->write(w.tasks[task], Reg::Pc, a.pc + 4); });
            } else {
                start(task);
            }
        }
        if (below(6) == 0) change_something();
        return true;
    }

    bool same_memory() const {
        for (std::size_t space = 0; space < World::kSpaces; ++space) {
            for (const VAddr page : {kGoodData, kDoubtfulData, code_page(0), code_page(1)}) {
                const auto a = worlds_[0]->spaces[space]->lookup(page);
                const auto b = worlds_[1]->spaces[space]->lookup(page);
                if (a.has_value() != b.has_value()) return false;
                if (a && std::memcmp(worlds_[0]->memory.bytes(a->frame).data(),
                                     worlds_[1]->memory.bytes(b->frame).data(), kPageSize) != 0)
                    return false;
            }
        }
        return true;
    }

    Entropy random_;
    std::array<std::unique_ptr<World>, 2> worlds_;
    Disturbance* disturbance_;
    std::map<std::size_t, UserRegisters> interrupted_;
    bool asks_ = false;
    std::uint64_t retired_ = 0;
    std::array<std::uint64_t, std::variant_size_v<decltype(Stop::why)>> whys_{};
};

}  // namespace uprobesim
