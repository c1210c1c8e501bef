// SPDX-License-Identifier: GPL-2.0-or-later
// A machine profile: what things cost on one machine, each figure with value, unit, source and
// confidence. Reading refuses a wrong key, unit, type or a missing figure with one line that names
// file, line and key.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/insn/isa.h"
#include "sim/profile/contention.h"
#include "sim/profile/figure.h"
#include "sim/profile/kernel_op.h"

namespace uprobesim {

class TomlReader;

inline constexpr std::string_view kIsaTable = "isa";

// [isa]: the instruction set. A profile without the table is a Cortex-A72.
struct MachineIsa {
    IsaSet features = armv8_0_set();
    Figure midr;            // MIDR_EL1
    Figure bhb_iterations;  // of the loop that overwrites the branch history on entry

    MachineIsa();
    static void members(auto& self, auto& visit) {
        visit(self.features, self.midr, self.bhb_iterations);
    }
    bool has(IsaFeature feature) const { return features.has(feature); }
    std::uint64_t midr_el1() const { return static_cast<std::uint64_t>(midr.value); }
};

// Optional as a whole, and key by key.
MachineIsa read_isa(TomlReader& reader);
// "isa.features" and the others, as --set names them.
std::vector<std::string> isa_keys();
// Its numbers, each with its key in the table.
struct IsaNumber {
    std::string_view key;
    Figure MachineIsa::*member;
};
std::vector<IsaNumber> isa_numbers();
// False: it is none of them.
Result<bool> set_isa(MachineIsa& isa, std::string_view key, const Setting& setting);

struct MachineProfile {
    std::string name;
    std::string description;
    std::string core_file;  // name of the core's pipeline data, e.g. "cortex-a72"
    std::string text_hash;  // of the profile as read, for provenance
    Figure frequency_hz;
    Figure kernel_cpi;        // cycles per EL1 instruction
    Figure exception_entry;   // cycles, hardware part
    Figure exception_return;  // cycles, hardware part
    Figure kpti;              // flag: the kernel is unmapped at EL0
    Figure kpti_switch;       // cycles per exception from EL0, where on
    Figure bhb;               // flag: branch history is overwritten on entry
    Figure bhb_loop;          // cycles per exception from EL0, where on
    Figure idc;         // flag, CTR_EL0.IDC: no clean of written code to the point of unification
    Figure dic;         // flag, CTR_EL0.DIC: no invalidation of instruction caches
    Figure dic_hidden;  // flag: Linux traps reads of CTR_EL0 and answers without DIC (it relies on
                        // it itself)
    Figure slot_refetch_coherent;  // cycles, in place of the slot-refetch operation where DIC is 1
    Figure shareability_cores;     // cores a broadcast in the inner-shareable domain reaches
    Figure dsb_ish_per_core;       // cycles, on top of the operation's own price
    Figure slot_refetch_per_core;  // cycles, on top of the operation's own price
    Figure debug_register_traps;   // of the four MDSCR_EL1 accesses of a stepped hit, how many trap
                                   // to EL2
    Figure debug_exceptions_to_el2;  // flag, MDCR_EL2.TDE: BRK and software step go through EL2
    Figure debug_trap;               // cycles, a round trip to EL2
    Figure vdso_clock;               // flag: the vDSO reads the clock, clock_gettime does not trap
    // Cycles each, the part that does not grow with the domain.
    std::array<Figure, kKernelOpCount> ops;
    Figure counter_hz;                      // CNTFRQ_EL0
    std::map<std::string, Figure> figures;  // all of the above by key, for reports and --set
    MachineIsa isa;
    // Nothing where the file does not say: CPUs then do not wait for each other's lines.
    std::optional<ContentionFigures> contention;

    // Without `figures`, which follow from the others.
    static void members(auto& self, auto& visit) {
        visit(self.name, self.description, self.core_file, self.text_hash, self.frequency_hz,
              self.kernel_cpi, self.exception_entry, self.exception_return, self.kpti,
              self.kpti_switch, self.bhb, self.bhb_loop, self.idc, self.dic, self.dic_hidden,
              self.slot_refetch_coherent, self.shareability_cores, self.dsb_ish_per_core,
              self.slot_refetch_per_core, self.debug_register_traps, self.debug_exceptions_to_el2,
              self.debug_trap, self.vdso_clock, self.ops, self.counter_hz, self.isa,
              self.contention);
    }
};

// `name_or_path`: a built-in profile's name, or a file (anything with a '/' or ending in .toml).
Result<MachineProfile> load_machine_profile(std::string_view name_or_path,
                                            const std::vector<Setting>& settings);
// From text, as above after finding it; `file_name` is for messages. The fuzz target's entry point.
Result<MachineProfile> parse_machine_profile(std::string_view text, std::string_view file_name,
                                             const std::vector<Setting>& settings);
std::vector<std::string> builtin_machine_profiles();

// The number that a key of --set names, to be changed in place; null: there is none. Only for what
// follows from the profile's members: `figures` keeps what was read.
double* find_number(MachineProfile& machine, std::string_view key);

// The figures of every machine profile, in the order in which one is written. Operations are named
// "ops.isb"; what each is, its name says. [contention] is apart, see contention_keys().
struct MachineKey {
    std::string key;
    std::string_view unit;
    std::string_view meaning;
};
std::vector<MachineKey> machine_keys();

}  // namespace uprobesim
