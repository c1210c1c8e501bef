// SPDX-License-Identifier: GPL-2.0-or-later
// Stops before chosen instructions and watched accesses; blocks that are executed in pieces for
// that.
#include <algorithm>
#include <utility>

#include "sim/base/error.h"
#include "sim/cpu/unicorn/place_stops.h"
#include "sim/cpu/unicorn/unicorn_cpu_impl.h"
#include "sim/mem/tag.h"

namespace uprobesim {

namespace {

// Places that a debugger has given up; more than that are forgotten.
constexpr std::size_t kMostPlaces = 4096;

std::uint32_t most_bytes_of(std::uint32_t word, const Decoder& decoder) {
    constexpr std::uint32_t kDcZva = 0xd50b7420, kZvaBytes = 64;
    if ((word & ~31u) == kDcZva) return kZvaBytes;
    return std::max(decoder.describe(word).access_bytes, 1u);
}

UnicornCpu& unicorn_of(Cpu& cpu) {
    auto* const unicorn = dynamic_cast<UnicornCpu*>(&cpu);
    check_invariant(unicorn != nullptr, "another CPU cannot be stopped before a place");
    return *unicorn;
}

}  // namespace

// Code that was translated before may hold the instruction inside a block.
void UnicornCpu::choose(VAddr at, PlaceOwner owner, const AddressSpace* only) {
    if (!edited() && !blocks_) return;
    Place& place = chosen_[at.value];
    place.wanted_by |= owner;
    if (place.everywhere) return;
    if (only == nullptr) {
        place.everywhere = true;
        return drop_all_code();
    }
    if (std::exchange(place.space, only->id()) == only->id()) return;
    if (const auto t = only->lookup(at)) drop_code(t->frame);
}

void UnicornCpu::give_up(VAddr at) {
    const auto place = chosen_.find(at.value);
    if (place != chosen_.end()) place->second.wanted_by &= ~kDebugger;
    if (chosen_.size() > kMostPlaces) forget_unwanted_places();
}

void UnicornCpu::forget_unwanted_places() {
    std::erase_if(chosen_, [](const auto& place) { return place.second.wanted_by == 0; });
    wholes_.clear();
    drop_all_code();
}

void UnicornCpu::stop_nowhere() {
    if (chosen_.empty()) return;
    for (auto& [at, place] : chosen_) place.wanted_by &= ~kCaller;
    forget_unwanted_places();
}

// Of a piece of `size` bytes at the beginning of these words, which are the engine's block: what it
// is a part of, up to the engine's end or an access that must be aligned. Null: it is no piece.
std::shared_ptr<const WholeBlock> UnicornCpu::whole_around(std::span<const std::uint32_t> words,
                                                           std::uint32_t size) {
    const std::size_t piece = size / 4;
    if (piece >= words.size()) return nullptr;
    const auto guarded = std::find_if(words.begin() + 1, words.end(),
                                      [&](std::uint32_t w) { return guarded_.guards(w); });
    const auto insns = static_cast<std::size_t>(guarded - words.begin());
    if (insns <= piece) return nullptr;
    // Not of infos_: where that is full, asking it lets go of what plain code's records point to.
    const BlockModel& model = infos_.model();
    WholeBlock whole;
    whole.insns = static_cast<std::uint32_t>(insns);
    whole.info = std::make_shared<const BlockInfo>(model.analyse(words.first(insns)));
    std::int64_t cycles = cycles_of(*whole.info);
    if (insns < words.size())
        cycles = cycles_of(model.analyse(words)) - cycles_of(model.analyse(words.subspan(insns)));
    whole.cycles = static_cast<std::int32_t>(cycles);
    return std::make_shared<const WholeBlock>(std::move(whole));
}

bool UnicornCpu::goes_on_at(std::uint64_t address) const {
    return loaded_->chain && loaded_->chain->next == std::pair(address, executed_by_loaded());
}

// A block that may be a piece of a block, or the first of one, has just been counted.
void UnicornCpu::note_piece(std::uint64_t address, std::uint32_t insns, std::int32_t cycles,
                            const WholeBlock* whole) {
    std::optional<BlockChain>& chain = loaded_->chain;
    const std::uint64_t executed = executed_by_loaded();
    const bool goes_on = chain && chain->next == std::pair(address, executed - insns);
    if (goes_on) {
        add_cycles(address, -std::int64_t{cycles});
    } else {
        chain.reset();
        if (whole == nullptr) return;
        chain.emplace();
        chain->address = address;
        chain->block = *whole;
        add_cycles(address, std::int64_t{whole->cycles} - cycles);
    }
    chain->executed = executed;
    chain->next.reset();
    const std::uint64_t next = address + std::uint64_t{insns} * 4;
    if (next < chain->end()) chain->next = {next, executed};
}

void UnicornCpu::add_cycles(std::uint64_t block, std::int64_t cycles) {
    cycles_ += static_cast<std::uint64_t>(cycles);
    if (observer_ != nullptr && cycles != 0) [[unlikely]]
        observer_->executed(loaded_id_, VAddr(block), cycles);
}

// The pieces that have begun, if the block that began last is one of them.
std::optional<UnicornCpu::LastBlock> UnicornCpu::last_in_pieces() const {
    const auto last = last_block();
    const std::optional<BlockChain>& chain = loaded_->chain;
    if (!last || !chain || chain->executed != executed_by_loaded()) return last;
    const std::uint64_t end = last->address + std::uint64_t{last->insns} * 4;
    if (last->address < chain->address || end > chain->end()) return last;
    return LastBlock{chain->address, static_cast<std::uint32_t>((end - chain->address) / 4),
                     chain->block.cycles, chain->block.info.get()};
}

// Whether the MMU refused only because of a watch what the page's own rights permit.
bool UnicornCpu::is_behind_watch(const AddressSpace& space, const Abort& abort) {
    if (abort.unaligned || abort.access == Access::Execute) return false;
    const VAddr at(without_tag(abort.address.value));
    const auto t = space.lookup(at);
    if (!t || !t->prot.read || (abort.access == Access::Write && !t->prot.write)) return false;
    const VRange page{at.page(), at.page() + kPageSize};
    return std::any_of(space.watches().begin(), space.watches().end(), [&](const Watch& w) {
        return w.range.overlaps(page) && (w.reads || abort.access == Access::Write);
    });
}

// Whether it is an access to what is watched, and this is not the second time that it is tried.
bool UnicornCpu::stops_at(const AddressSpace& space, const Abort& abort, std::uint32_t word,
                          std::uint64_t pc) {
    const VAddr at(without_tag(abort.address.value));
    if (!decoder_) decoder_.emplace();
    const VRange bytes{at, at + most_bytes_of(word, *decoder_)};
    for (const Watch& w : space.watches()) {
        const bool wanted = abort.access == Access::Write ? w.writes : w.reads;
        if (!wanted || !w.range.overlaps(bytes)) continue;
        const std::pair here(pc, executed_by_loaded());
        if (std::exchange(loaded_->passes_watch, here) == here) return false;
        at_watch_ = WatchedAccess{std::max(at, w.range.begin), abort.access};
        return true;
    }
    return false;
}

// The instruction at pc has met a watch. What follows it in its block is taken back; its cycles
// stay paid.
void UnicornCpu::leave_block_for_watch(std::uint64_t pc) {
    std::optional<BlockChain>& chain = loaded_->chain;
    const auto last = last_block();
    if (!last || pc < last->address || pc - last->address >= last->insns * std::uint64_t{4}) return;
    const bool in_chain = chain && chain->executed == executed_by_loaded() &&
                          chain->address <= last->address && pc < chain->end();
    if (!in_chain) {
        chain.emplace();
        chain->address = last->address;
        chain->block = {last->insns, last->cycles, std::make_shared<const BlockInfo>(*last->info)};
    }
    for (std::uint64_t i = (pc - last->address) / 4; i < last->insns; ++i) {
        insns_ -= 1;
        --loaded_->work.by_class[static_cast<std::size_t>(last->info->classes[i])];
    }
    chain->executed = executed_by_loaded();
    chain->next = {pc, chain->executed};
}

// Executes the instruction that has met a watch without it. Nothing: it is done. A value: what it
// did instead.
std::optional<Stop> UnicornCpu::step_past_watch(Context& c, const AddressSpace& space,
                                                const Abort& abort) {
    const VAddr pc(c.pc);
    space.lift_watches(true);
    // What reads the page that it stands in must not see a page of steps: the rest of the block
    // goes unwatched.
    watches_lifted_ = VAddr(without_tag(abort.address.value)).page() == pc.page();
    if (watches_lifted_) return std::nullopt;
    const std::uint64_t cycles = cycles_;
    std::optional<BlockChain>& chain = c.chain;
    const Stop stop = step_once(loaded_id_, space, word_at(space, pc));
    space.unshadow();
    space.lift_watches(false);
    if (chain) cycles_ = cycles;  // they are paid
    if (!std::holds_alternative<StepDone>(stop.why)) {
        if (chain) {
            const std::uint64_t done = (pc.value - chain->address) / 4;
            const std::uint64_t through =
                done == 0 ? 0 : chain->block.info->cycles_through[done - 1].value;
            add_cycles(chain->address, static_cast<std::int64_t>(through) - chain->block.cycles);
            chain.reset();
        }
        return stop;
    }
    if (!chain) return std::nullopt;
    chain->executed = executed_by_loaded();
    chain->next.reset();
    if (c.pc < chain->end()) chain->next = {c.pc, chain->executed};
    return std::nullopt;
}

// Nothing: the data abort that has stopped the engine has nothing to do with watches.
std::optional<UnicornCpu::WatchMet> UnicornCpu::meet_watch(Context& c, const AddressSpace& space,
                                                           InsnCount before) {
    const auto detail = engine_.fault_detail();
    const Abort abort{.address = VAddr(detail.address),
                      .access = detail.write ? Access::Write : Access::Read,
                      .unaligned = detail.unaligned};
    if (!is_behind_watch(space, abort)) return std::nullopt;
    leave_block_for_watch(c.pc);
    if (stores_.work_pending()) do_store_work();
    WatchMet met;
    if (stops_at(space, abort, word_at(space, VAddr(c.pc)), c.pc)) {
        met.stop = Stop{BudgetSpent{}, VAddr(c.pc), {}};
    } else {
        met.stop = step_past_watch(c, space, abort);
    }
    if (met.stop) met.stop->retired = InsnCount(insns_) - before;
    return met;
}

void UnicornCpu::end_lift(const AddressSpace& space) {
    watches_lifted_ = false;
    space.lift_watches(false);
}

Stop UnicornCpu::step(ContextId id, const AddressSpace& space, std::uint32_t word) {
    at_place_ = false;
    at_watch_.reset();
    Stop stop = step_once(id, space, word);
    const auto* abort = std::get_if<Abort>(&stop.why);
    if (space.watches().empty() || abort == nullptr || !is_behind_watch(space, *abort)) return stop;
    if (stops_at(space, *abort, word, stop.pc.value)) {
        stop.why = BudgetSpent{};
        return stop;
    }
    space.lift_watches(true);
    stop = step_once(id, space, word);
    space.lift_watches(false);
    return stop;
}

void stop_before_place(Cpu& cpu, VAddr at) {
    unicorn_of(cpu).choose(at, UnicornCpu::kCaller, nullptr);
}

void stop_nowhere(Cpu& cpu) {
    if (auto* const unicorn = dynamic_cast<UnicornCpu*>(&cpu)) unicorn->stop_nowhere();
}

void break_before(Cpu& cpu, VAddr at, const AddressSpace* space) {
    unicorn_of(cpu).choose(at, UnicornCpu::kDebugger, space);
}

void break_no_more(Cpu& cpu, VAddr at) {
    unicorn_of(cpu).give_up(at);
}

bool stopped_before_place(const Cpu& cpu) {
    const auto* const unicorn = dynamic_cast<const UnicornCpu*>(&cpu);
    return unicorn != nullptr && unicorn->stopped_before_place();
}

std::optional<WatchedAccess> stopped_at_watch(const Cpu& cpu) {
    const auto* const unicorn = dynamic_cast<const UnicornCpu*>(&cpu);
    return unicorn == nullptr ? std::nullopt : unicorn->stopped_at_watch();
}

bool stopped_inside_block(const Cpu& cpu) {
    const auto* const unicorn = dynamic_cast<const UnicornCpu*>(&cpu);
    return unicorn != nullptr && unicorn->inside_block();
}

}  // namespace uprobesim
