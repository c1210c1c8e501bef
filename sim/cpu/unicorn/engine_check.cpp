// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/engine_check.h"

#include <cstring>

#include "sim/cpu/unicorn/unicorn_cpu_impl.h"

namespace uprobesim {
namespace {

constexpr VAddr kCode{0x400000};
constexpr std::uint64_t kMemory = std::uint64_t{16} << 20;
constexpr std::uint32_t kProgram[] = {
    0x91000820,  // add x0, x1, #2
    0xd4000001,  // svc #0
};

// Every instruction takes a cycle: only what the engine does is of interest.
struct UnitModel final : BlockModel {
    BlockInfo analyse(std::span<const std::uint32_t> words) const override {
        BlockInfo info;
        for (std::size_t i = 0; i < words.size(); ++i) {
            info.classes.push_back(InsnClass::Other);
            info.cycles_through.push_back(CentiCycles(100 * (i + 1)));
        }
        return info;
    }
};

bool executes(UnicornCpu& cpu, PhysicalMemory& memory) {
    AddressSpace space(memory, cpu);
    const auto frame = memory.allocate();
    if (!frame || !space.map(kCode, *frame, {true, false, true})) return false;
    std::memcpy(memory.bytes(*frame).data(), kProgram, sizeof kProgram);
    memory.note_write(*frame);
    const ContextId context = cpu.create_context();
    cpu.write(context, Reg::Pc, kCode.value);
    cpu.write(context, xreg(1), 40);
    const Stop stop = cpu.run(context, space, InsnCount(1000));
    const bool good = std::holds_alternative<Svc>(stop.why) &&
                      stop.pc.value == kCode.value + sizeof kProgram &&
                      stop.retired == InsnCount(2) && cpu.read(context, xreg(0)) == 42;
    cpu.destroy_context(context);
    return good;
}

}  // namespace

std::string why_plain_code() {
    PhysicalMemory memory(kMemory);
    const UnitModel model;
    const UnicornCpu cpu(memory, model, {}, {});
    return cpu.edits_code() ? "" : cpu.editor_refused();
}

std::string engine_way_text() {
    const std::string why = why_plain_code();
    return why.empty() ? "edited code" : "plain code (" + why + ")";
}

EngineCheck check_unicorn() {
    EngineCheck check;
    PhysicalMemory memory(kMemory);
    const UnitModel model;
    UnicornCpu cpu(memory, model, {}, {});
    check.executes = executes(cpu, memory);
    check.fast_paths = cpu.fast_paths();
    return check;
}

}  // namespace uprobesim
