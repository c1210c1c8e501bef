// SPDX-License-Identifier: GPL-2.0-or-later
// Machine profiles: what things cost.
#include "sim/profile/machine_profile.h"

#include <fmt/format.h>

#include "sim/base/try.h"
#include "sim/profile/data_files.h"
#include "sim/profile/packed/packed.h"
#include "sim/profile/profile_keys.h"
#include "sim/profile/settings.h"
#include "sim/profile/toml_reader.h"

namespace uprobesim {

namespace {

constexpr std::string_view kWhat = "machine profile";

struct FigureRow {
    std::string_view key;
    std::string_view unit;
    Figure MachineProfile::*member;
    Limits limits;
    std::string_view meaning;
};

constexpr Limits kFrequency = {1e3, 1e12};
constexpr Limits kCycles = {0, 1e9};
constexpr Limits kFlag = {0, 1, true};

constexpr std::array kFigures = {
    FigureRow{"frequency", "Hz", &MachineProfile::frequency_hz, kFrequency,
              "of the core: what turns cycles into time"},
    FigureRow{"kernel-cpi",
              "cycles/instruction",
              &MachineProfile::kernel_cpi,
              {0, 1e3},
              "what a kernel instruction costs, caches and mispredictions included"},
    FigureRow{"exception-entry", "cycles", &MachineProfile::exception_entry, kCycles,
              "the hardware's part of taking an exception"},
    FigureRow{"exception-return", "cycles", &MachineProfile::exception_return, kCycles,
              "the hardware's part of ERET"},
    FigureRow{"kpti", "flag", &MachineProfile::kpti, kFlag, "1: the kernel is unmapped at EL0"},
    FigureRow{"kpti-switch", "cycles", &MachineProfile::kpti_switch, kCycles,
              "what that adds to an exception from EL0, both ways"},
    FigureRow{"bhb", "flag", &MachineProfile::bhb, kFlag,
              "1: the branch history is overwritten on entry from EL0 (Spectre-BHB)"},
    FigureRow{"bhb-loop", "cycles", &MachineProfile::bhb_loop, kCycles,
              "what that adds to an exception from EL0"},
    FigureRow{"idc", "flag", &MachineProfile::idc, kFlag,
              "CTR_EL0.IDC: written code needs no DC CVAU"},
    FigureRow{"dic", "flag", &MachineProfile::dic, kFlag,
              "CTR_EL0.DIC: written code needs no IC IVAU"},
    FigureRow{"dic-hidden", "flag", &MachineProfile::dic_hidden, kFlag,
              "1: Linux hides DIC from EL0 (erratum 1542419)"},
    FigureRow{"slot-refetch-coherent", "cycles", &MachineProfile::slot_refetch_coherent, kCycles,
              "the first fetch of a new slot where dic is 1"},
    FigureRow{"shareability-cores",
              "cores",
              &MachineProfile::shareability_cores,
              {1, 65536, true},
              "how many cores a broadcast (TLBI, IC IVAU, DSB ISH) reaches"},
    FigureRow{"dsb-ish-per-core", "cycles/core", &MachineProfile::dsb_ish_per_core, kCycles,
              "a DSB ISH costs ops.dsb-ish and this for each of those cores"},
    FigureRow{"slot-refetch-per-core", "cycles/core", &MachineProfile::slot_refetch_per_core,
              kCycles, "a refetch costs ops.slot-refetch and this for each of those cores"},
    FigureRow{"debug-register-traps",
              "traps/step",
              &MachineProfile::debug_register_traps,
              {0, kMdscrAccessesPerStep},
              "how many of a step's accesses to MDSCR_EL1 trap to a hypervisor"},
    FigureRow{"debug-exceptions-to-el2", "flag", &MachineProfile::debug_exceptions_to_el2, kFlag,
              "MDCR_EL2.TDE: BRK and step exceptions cost one debug-trap more"},
    FigureRow{"debug-trap", "cycles", &MachineProfile::debug_trap, kCycles, "a round trip to EL2"},
    FigureRow{"vdso-clock", "flag", &MachineProfile::vdso_clock, kFlag,
              "1: the vDSO reads the clock; 0: each clock read is a system call"},
    FigureRow{"counter-frequency", "Hz", &MachineProfile::counter_hz, kFrequency,
              "of the generic timer, CNTFRQ_EL0"},
};

std::string op_key(std::size_t op) {
    return fmt::format("ops.{}", kernel_op_name(static_cast<KernelOp>(op)));
}

struct Slot {
    Figure* figure = nullptr;
    Limits limits;
};
// The figure a key names, with what it may be; null where there is none.
Slot find_figure(MachineProfile& machine, std::string_view key) {
    for (const FigureRow& row : kFigures) {
        if (row.key == key) return {&(machine.*row.member), row.limits};
    }
    for (std::size_t op = 0; op < kKernelOpCount; ++op) {
        if (op_key(op) == key) return {&machine.ops[op], kCycles};
    }
    if (!machine.contention) return {nullptr, {}};
    for (const ContentionKey& row : contention_keys()) {
        if (key == key_path(kContentionTable, row.key))
            return {&row.of(*machine.contention), *row.limits};
    }
    return {nullptr, {}};
}

std::vector<std::string> all_keys() {
    std::vector<std::string> keys;
    keys.reserve(std::size(kFigures) + kKernelOpCount);
    for (const FigureRow& row : kFigures) keys.emplace_back(row.key);
    for (std::size_t op = 0; op < kKernelOpCount; ++op) keys.push_back(op_key(op));
    return keys;
}

// Optional as a whole.
std::optional<ContentionFigures> read_contention(TomlReader& reader) {
    if (!reader.root().contains(kContentionTable)) return std::nullopt;
    const toml::table& table = reader.table(reader.root(), kContentionTable, "");
    ContentionFigures figures;
    std::vector<std::string> known;
    for (const ContentionKey& row : contention_keys()) {
        known.emplace_back(row.key);
        row.of(figures) = reader.figure(table, row.key, kContentionTable, row.unit, *row.limits);
    }
    reader.only(table, kContentionTable, known);
    return figures;
}

std::vector<std::string> keys_to_set(const MachineProfile& machine) {
    std::vector<std::string> keys = all_keys();
    for (std::string& key : isa_keys()) keys.push_back(std::move(key));
    if (!machine.contention) return keys;
    keys.reserve(keys.size() + contention_keys().size());
    for (const ContentionKey& row : contention_keys())
        keys.push_back(key_path(kContentionTable, row.key));
    return keys;
}

Outcome apply(MachineProfile& machine, const std::vector<Setting>& settings) {
    for (const Setting& setting : settings) {
        const auto key = TRY(setting_for("machine", setting));
        if (!key) continue;
        if (TRY(set_isa(machine.isa, *key, setting))) continue;
        const Slot slot = find_figure(machine, *key);
        if (slot.figure == nullptr)
            return unknown_setting(setting, "machine", keys_to_set(machine));
        const auto value = TRY(setting_number(setting, slot.limits));
        slot.figure->value = value;
        slot.figure->source = "--set";
        slot.figure->confidence = Confidence::Assumption;
    }
    for (const FigureRow& row : kFigures)
        machine.figures[std::string(row.key)] = machine.*row.member;
    for (std::size_t op = 0; op < kKernelOpCount; ++op)
        machine.figures[op_key(op)] = machine.ops[op];
    machine.text_hash = profile_hash(machine.text_hash, "machine", settings);
    return {};
}

Result<MachineProfile> read_machine(const DataFile& file, const std::vector<Setting>& settings) {
    TomlReader reader = read_toml("machines", kWhat, file, merged_tables(ProfileKind::Machine));
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    const toml::table& root = reader.root();

    MachineProfile machine;
    std::vector<std::string> known = {"name",
                                      "description",
                                      "based-on",
                                      "core",
                                      "sources",
                                      "ops",
                                      std::string(kIsaTable),
                                      std::string(kContentionTable)};
    for (const FigureRow& row : kFigures) known.emplace_back(row.key);
    std::vector<std::string> known_ops, known_contention;
    for (std::size_t op = 0; op < kKernelOpCount; ++op)
        known_ops.emplace_back(kernel_op_name(static_cast<KernelOp>(op)));
    for (const ContentionKey& row : contention_keys()) known_contention.emplace_back(row.key);
    reader.only(root, "", known, {{"ops", known_ops}, {kContentionTable, known_contention}});
    machine.name = reader.string(root, "name", "");
    machine.description = reader.string(root, "description", "");
    machine.core_file = reader.string(root, "core", "");
    for (const FigureRow& row : kFigures) {
        machine.*row.member = reader.figure(root, row.key, "", row.unit, row.limits);
    }
    const toml::table& ops = reader.table(root, "ops", "");
    for (std::size_t op = 0; op < kKernelOpCount; ++op) {
        const std::string_view name = kernel_op_name(static_cast<KernelOp>(op));
        machine.ops[op] = reader.figure(ops, name, "ops", "cycles", kCycles);
    }
    reader.only(ops, "ops", known_ops);
    machine.isa = read_isa(reader);
    machine.contention = read_contention(reader);
    if (!reader.ok()) return tl::make_unexpected(reader.error());

    machine.text_hash = text_hash(reader.texts());
    TRY(apply(machine, settings));
    return machine;
}

}  // namespace

Result<MachineProfile> load_machine_profile(std::string_view name_or_path,
                                            const std::vector<Setting>& settings) {
    const auto read = [&]() -> Result<MachineProfile> {
        if (auto machine = packed_profile<MachineProfile>("machines", name_or_path)) {
            TRY(apply(*machine, settings));
            return std::move(*machine);
        }
        const auto file = TRY(find_data_file("machines", kWhat, name_or_path));
        return read_machine(file, settings);
    };
    return of_kind(ProfileKind::Machine, name_or_path, read());
}

Result<MachineProfile> parse_machine_profile(std::string_view text, std::string_view file_name,
                                             const std::vector<Setting>& settings) {
    return read_machine(DataFile{std::string(file_name), std::string(text)}, settings);
}

double* find_number(MachineProfile& machine, std::string_view key) {
    const Slot slot = find_figure(machine, key);
    return slot.figure == nullptr ? nullptr : &slot.figure->value;
}

std::vector<MachineKey> machine_keys() {
    std::vector<MachineKey> keys;
    keys.reserve(std::size(kFigures) + kKernelOpCount);
    for (const FigureRow& row : kFigures)
        keys.push_back({std::string(row.key), row.unit, row.meaning});
    for (std::size_t op = 0; op < kKernelOpCount; ++op) keys.push_back({op_key(op), "cycles", ""});
    return keys;
}

std::vector<std::string> builtin_machine_profiles() {
    return builtin_names("machines");
}

}  // namespace uprobesim
