// SPDX-License-Identifier: GPL-2.0-or-later
// What has to be found out about an engine when it is opened: where a fault's address and syndrome,
// the CPU's state, its registers and its exclusive monitor lie, and the buffer of translated code.
// Everything found is tried before it is relied on.
#include <algorithm>
#include <cstring>
#include <iterator>
#include <vector>

#include "sim/base/error.h"
#include "sim/cpu/unicorn/jit/engine_build.h"
#include "sim/cpu/unicorn/jit/safe_read.h"
#include "sim/cpu/unicorn/unicorn_engine.h"

namespace uprobesim {

namespace {

constexpr std::size_t kStateSearched = 0x4000;  // bytes of the CPU's state from X0 on

constexpr std::uint32_t ldr_x(unsigned rt, unsigned rn) {
    return 0xf9400000u | (rn << 5) | rt;
}
constexpr std::uint32_t ldxr_x(unsigned rt, unsigned rn) {
    return 0xc85f7c00u | (rn << 5) | rt;
}
constexpr std::uint32_t stxr_x(unsigned rs, unsigned rt, unsigned rn) {
    return 0xc8007c00u | (rs << 16) | (rn << 5) | rt;
}

}  // namespace

std::uint64_t UnicornEngine::probe_exception(std::span<const std::uint32_t> code) {
    std::memcpy(memory_.bytes(code_frame_).data(), code.data(), code.size_bytes());
    drop_code(code_frame_);
    return start(kCodePage).value_or(0);
}

void UnicornEngine::calibrate() {
    // Loads from four addresses that are not mapped: the offset at which all four appear is the
    // fault address.
    std::vector<std::size_t> candidates;
    const std::size_t size = uc_context_size(uc_);
    for (std::uint64_t round = 0; round < 4; ++round) {
        const std::uint64_t address = 0x1234560000u + round * 0x7654328u;
        const std::uint32_t code[] = {ldr_x(3, 4), kSvc0};
        write(Reg{4}, address);
        const std::uint64_t exception = probe_exception(code);
        if (exception != 4)
            throw HostError("calibrating the engine", "a load from nowhere did not abort");
        write(Reg{4}, 0);
        uc_context_save(uc_, scratch_);
        std::vector<std::size_t> seen;
        for (std::size_t at = 24; at + 8 <= size; at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, reinterpret_cast<const std::byte*>(scratch_) + at, 8);
            if (word == address && (round == 0 || std::find(candidates.begin(), candidates.end(),
                                                            at) != candidates.end())) {
                seen.push_back(at);
            }
        }
        candidates = seen;
    }
    if (candidates.size() != 1)
        throw HostError("calibrating the engine", "the fault address was not found in its state");
    fault_address_offset_ = candidates.front();

    code_.find(uc_, most_code_, [this] {
        const std::uint32_t code[] = {kSvc0};
        probe_exception(code);
    });
    find_cpu_state();
    if (cpu_state_ == nullptr) return;
    find_registers();
    find_exclusive_monitor();
    for (unsigned i = 0; i < 31; ++i) write(xreg(i), 0);
}

// Registers are read and written at every stop: a load or store instead of a call of 6 ns, where
// what lies at the state's beginning is what the calls say.
void UnicornEngine::find_registers() {
    const UserRegisters before = read_all();
    for (unsigned i = 0; i < 32; ++i) write_by_call(static_cast<Reg>(i), 0x1111222233330000u + i);
    std::uint64_t seen[33];
    bool same = safe_read(cpu_state_, seen, sizeof seen) && seen[32] == read_by_call(Reg::Pc);
    for (unsigned i = 0; i < 32; ++i) same = same && seen[i] == 0x1111222233330000u + i;
    if (same) registers_ = reinterpret_cast<std::uint64_t*>(cpu_state_);
    write_all(before);
}

// Where LDXR of two addresses left them, one after the other: the monitor's address is one of these
// words. Which others hold a copy depends on what ran before.
std::vector<std::size_t> UnicornEngine::words_after_load_exclusive() {
    std::vector<std::size_t> found;
    for (std::uint64_t round = 0; round < 2; ++round) {
        const std::uint64_t address = kDataPage + 0x40 + round * 0x90;
        const std::uint32_t code[] = {ldxr_x(3, 4), kSvc0};
        write(Reg{4}, address);
        if (probe_exception(code) != 2) return {};
        write(Reg{4}, 0);
        std::vector<std::byte> state(kStateSearched);
        state.resize(read_what_is_there(cpu_state_, state));
        std::vector<std::size_t> seen;
        for (std::size_t at = 0; at + 8 <= state.size(); at += 8) {
            if (read_at<std::uint64_t>(state.data(), at) == address &&
                (round == 0 || std::find(found.begin(), found.end(), at) != found.end()))
                seen.push_back(at);
        }
        found = seen;
    }
    return found;
}

// LDXR, exception, clear, STXR must fail. (The page is read-only: a monitor that is still held
// would abort, exception 4, instead of failing.)
bool UnicornEngine::try_exclusive_monitor(std::size_t offset) {
    const std::uint32_t pair[] = {ldxr_x(3, 4), kSvc0, stxr_x(2, 3, 4), kSvc0};
    const std::uint64_t address = kDataPage + 0x100;
    write(Reg{4}, address);
    if (probe_exception(pair) != 2) return false;
    const auto before = read_at<std::uint64_t>(cpu_state_, offset);
    if (before != address) return false;
    exclusive_offset_ = offset;
    clear_exclusive();
    if (start(kCodePage + 8) == 2u && read(Reg{2}) == 1) return true;
    std::memcpy(cpu_state_ + offset, &before, sizeof before);
    exclusive_offset_ = 0;
    return false;
}

void UnicornEngine::find_exclusive_monitor() {
    const EngineBuild* const build = linked_build();
    if (build != nullptr &&
        try_exclusive_monitor(build->layout.env_exclusive - kStateBeforeRegisters))
        return;
    for (const std::size_t offset : words_after_load_exclusive()) {
        if (try_exclusive_monitor(offset)) return;
    }
}

// The state has the general registers in it: put a pattern there, and look for it where this build
// of the engine has it, or else through each pointer of the engine's handle.
void UnicornEngine::find_cpu_state() {
    constexpr std::uint64_t kPattern[] = {0x1122334455667788u, 0x99aabbccddeeff01u,
                                          0x0f1e2d3c4b5a6978u, 0x8796a5b4c3d2e1f0u};
    const auto is_it = [&](const std::byte* at) {
        std::uint64_t there[std::size(kPattern)] = {};
        if (!safe_read(at, there, sizeof there) || std::memcmp(there, kPattern, sizeof there) != 0)
            return false;
        // Live, not a copy, of which freed memory may have some: a write through the API must show.
        write_by_call(Reg::X0, ~kPattern[0]);
        const bool live = safe_read(at, there, 8) && there[0] == ~kPattern[0];
        write_by_call(Reg::X0, kPattern[0]);
        return live;
    };
    for (unsigned i = 0; i < std::size(kPattern); ++i) write(xreg(i), kPattern[i]);
    if (const EngineBuild* build = linked_build()) {
        std::byte *cpu = nullptr, *state = nullptr;
        if (safe_read(reinterpret_cast<std::byte*>(uc_) + build->layout.uc_cpu, &cpu, 8) &&
            safe_read(cpu + build->layout.cpu_env, &state, 8) &&
            is_it(state + kStateBeforeRegisters))
            cpu_state_ = state + kStateBeforeRegisters;
    }
    std::vector<std::byte> block(0x10000);
    for (std::size_t at = 0; at < 0x4000 && cpu_state_ == nullptr; at += 8) {
        std::uintptr_t pointer = 0;
        if (!safe_read(reinterpret_cast<const std::byte*>(uc_) + at, &pointer, 8)) break;
        if (pointer < 0x10000 || (pointer >> 47) != 0 || (pointer & 7) != 0) continue;
        // NOLINTNEXTLINE(performance-no-int-to-ptr): found as a number in the engine's memory.
        auto* base = reinterpret_cast<std::byte*>(pointer);
        const std::size_t got = read_what_is_there(base, block);
        for (std::size_t k = 0; k + 32 <= got && cpu_state_ == nullptr; k += 8) {
            if (std::memcmp(block.data() + k, kPattern, sizeof kPattern) == 0 && is_it(base + k))
                cpu_state_ = base + k;
        }
    }
    for (unsigned i = 0; i < std::size(kPattern); ++i) write(xreg(i), 0);
}

}  // namespace uprobesim
