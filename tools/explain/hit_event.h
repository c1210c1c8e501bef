// SPDX-License-Identifier: GPL-2.0-or-later
// What is written down of a hit or an exception: events in order, each with the task's state.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_model/hooks/trap_observer.h"
#include "probes/hit/probe_state.h"

namespace uprobesim {

// The page of an address that faulted.
struct FaultPage {
    std::uint64_t address = 0;
    std::string mapping;         // "[stack]", a file's guest path; empty: anonymous
    std::string mapping_rights;  // "rw-p" as in /proc/self/maps; empty: there is no mapping
    bool present = false;
    // Where it is present: the frame of memory, what EL0 may do with it, and how many hold it.
    std::uint64_t frame = 0;
    std::string rights;  // "r--"
    std::uint32_t holders = 0;
    bool zero_page = false;
};

// What can be seen of the task at one moment.
struct HitState {
    UserRegisters registers;
    StepState step = StepState::Running;
    bool tif_uprobe = false;
    bool tif_singlestep = false;
    bool tif_sigpending = false;
    std::size_t pending_returns = 0;
    std::optional<std::size_t> slot;  // being stepped in
    std::uint32_t slot_word = 0;
    bool slot_kept = false;    // which holds its instruction before and after the hit
    bool slot_shared = false;  // and is of the page that all processes share
    std::optional<std::uint64_t> shared_page;  // address of that one
    std::optional<std::uint64_t> xol_page;     // address
    std::vector<std::uint32_t> xol_words;      // of the slots
    std::size_t slot_bytes = 4;                // of each
    // Instructions of the program by address: around the probe and around the pc, and the second
    // words of slots of 8 bytes. As memory holds them, so with the breakpoint.
    std::map<std::uint64_t, std::uint32_t> code;
    std::optional<FaultPage> page;  // of an abort's address
};
// Of a task whose memory is there: with the instructions around its pc.
HitState task_state(const Task& task);
// Adds the instructions around an address.
void read_code_around(Mm& mm, std::uint64_t address, HitState& state);
FaultPage fault_page(Mm& mm, VAddr address);
std::string_view step_state_name(StepState state);  // "UTASK_SSTEP"

struct HitEvent {
    enum class Kind {
        Exception,  // taken from EL0
        Nested,     // an exception taken while in the kernel: charged, without a way back to EL0 of
                    // its own
        Path,       // kernel work that was charged
        ExitWork,   // TIF_UPROBE was seen on the way out
        Eret,       // return to EL0
        User,       // what EL0 did until the next exception
        Call,       // a system call begins
        CallEnd,    // and ends, or is interrupted
        Signal,     // a signal is acted upon
        Frame,      // the frame of a signal's handler stands on the stack
        Waits,      // the task waited, and was woken
        More,       // further kernel work, which is not told piece by piece
    };
    Kind kind = Kind::Path;
    HitState state;  // at this moment
    CentiCycles cycles;
    CentiCycles total;  // of the hit so far

    ExceptionClass exception{};    // Exception, Nested
    ExceptionRegisters registers;  // Exception; Eret: elr and spsr
    KernelPath path{};             // Path
    std::uint64_t units = 0;
    InsnCount insns;  // User
    bool own = true;  // User: the stepped instruction; false: the function a return probe waits for
    std::uint64_t others = 0;  // User, not own: exceptions meanwhile that are not this hit's
    // In strace's words. Call: "read(3, ...)"; CallEnd: "= 3"; Signal: its siginfo_t.
    std::string text{};
    std::string name{};           // Call, Signal: its name; CallEnd: "read(3, "abc", 4096)"
    std::string action{};         // Signal: "handler", "ignored", "ends the process", ...
    std::uint64_t value = 0;      // CallEnd: x0; Signal: the handler; Frame: its address
    std::uint64_t bytes = 0;      // Frame
    std::uint64_t waited_ns = 0;  // Waits
};

}  // namespace uprobesim
