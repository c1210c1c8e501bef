// SPDX-License-Identifier: GPL-2.0-or-later
// What a probe on each function of a binary would cost in kind: emulated, stepped out of line or
// refused, by kernel. Nothing runs: the first instruction of each function entry decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probes/target/symbol_index.h"
#include "probes/verdict/verdict.h"
#include "sim/base/error.h"
#include "sim/insn/decoder.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"

namespace uprobesim {

struct AuditVerdict {
    VerdictKind kind = VerdictKind::Step;
    std::string detail;  // the handler that emulates, or why it is refused
    bool operator==(const AuditVerdict&) const = default;
};

// Of the instruction at a file offset, by kernel; nullopt: the file does not reach there. Without
// an instruction there every kernel refuses.
std::vector<AuditVerdict> verdicts_of(std::optional<std::uint32_t> word, std::uint64_t offset,
                                      const std::vector<KernelProfile>& kernels);

// First instructions that look alike and that every kernel of the audit treats alike.
struct AuditForm {
    std::string text;
    std::vector<AuditVerdict> verdicts;  // by kernel
    bool stp_emulation = false;          // the STP patch emulates it
    std::uint64_t entries = 0;
};

struct AuditEntry {
    std::string name;           // the first of its names
    std::uint64_t aliases = 0;  // other names of the same place
    std::uint64_t file_offset = 0;
    std::uint32_t word = 0;
    std::string instruction;
    std::size_t form = 0;
};

struct AuditBinary {
    std::string path;
    std::uint64_t bytes = 0;
    std::vector<AuditEntry> entries;  // by file offset
};

// What the folders hold besides arm64 programs.
struct AuditSkips {
    struct Unreadable {
        std::string path, reason;
    };
    std::uint64_t not_elf = 0;
    std::uint64_t other_machine = 0;
    // Arm64 files that are no programs or damaged, and what cannot be opened.
    std::vector<Unreadable> unreadable;
};

struct AuditKernel {
    std::string name, description, hash, decode_table;
};

std::vector<AuditKernel> audit_kernels(const std::vector<KernelProfile>& kernels);

// What a hit takes on one kernel and machine, in ns, averaged over the functions that are not
// refused, over those that are emulated, and over those that are stepped; 0: there are none.
struct AuditCost {
    std::string kernel, machine;
    double mean_ns = 0, emulated_ns = 0, stepped_ns = 0;
};

struct AuditReport {
    std::string version;
    std::vector<std::string> settings;
    std::vector<AuditKernel> kernels;
    std::vector<AuditForm> forms;       // most entries first, then by text
    std::vector<AuditBinary> binaries;  // in the order they were given
    AuditSkips skipped;
    std::vector<AuditCost> costs;  // of the machines that are asked for, kernel by kernel
};

class Auditor {
public:
    explicit Auditor(std::vector<KernelProfile> kernels) : kernels_(std::move(kernels)) {}

    // Errors: no ELF, not arm64, damaged; nothing is added then.
    Outcome add(std::vector<std::byte> bytes, const std::string& path);
    // The forms and binaries so far; call once.
    AuditReport report();

private:
    // Also tells the entry what is there.
    std::size_t form_of(AuditEntry& entry, std::optional<std::uint32_t> word);
    std::size_t form_of(AuditForm form);

    std::vector<KernelProfile> kernels_;
    Decoder decoder_;
    std::vector<AuditForm> forms_;
    std::map<std::string, std::vector<std::size_t>> by_text_;
    std::vector<AuditBinary> binaries_;
};

struct AuditCounts {
    std::uint64_t emulated = 0;
    std::uint64_t stepped = 0;
    std::uint64_t refused = 0;
    std::uint64_t stepped_stp = 0;  // of the stepped: what the STP patch would emulate
    std::uint64_t total() const { return emulated + stepped + refused; }
};
AuditCounts audit_counts(const AuditReport& report, std::size_t kernel);
AuditCounts audit_counts(const AuditReport& report, const AuditBinary& binary, std::size_t kernel);

// A form that is stepped, and how much would be emulated with it and all the forms before it in the
// list.
struct NextForm {
    const AuditForm* form = nullptr;
    std::uint64_t emulated_then = 0;
};
std::vector<NextForm> next_forms(const AuditReport& report, std::size_t kernel);

// `kernels`: those of the report. The hits of a form are counted once, and priced on each machine.
std::vector<AuditCost> audit_costs(const AuditReport& report,
                                   const std::vector<KernelProfile>& kernels,
                                   const std::vector<MachineProfile>& machines);

std::string_view audit_word(VerdictKind kind);  // "emulated", "stepped", "refused"

}  // namespace uprobesim
