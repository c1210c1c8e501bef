// SPDX-License-Identifier: GPL-2.0-or-later
// A program of a few words, probed, under the whole kernel.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "kernel_model/proc/proc_files.h"
#include "probes/handlers/handler.h"
#include "probes/hit/uprobes.h"
#include "probes/slots/xol_area.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tests/kernel_model/kernel/kernel_support.h"

namespace uprobesim::test {

// Which words are probed, by index.
struct Probed {
    std::vector<unsigned> at;
    std::vector<unsigned> returns;
    std::vector<std::string> specs = {};  // as they are written, with ==HANDLER or not
};

// The fixture's program lies at 0x400100, file offset 0x100.
struct ProbedRun {
    static constexpr std::uint64_t kText = 0x100, kEntry = 0x400100;
    GuestTree tree;
    Machine machine;
    std::unique_ptr<FileSystem> files;
    std::unique_ptr<Kernel> kernel;
    std::unique_ptr<RunLoop> run_loop;
    std::unique_ptr<Uprobes> uprobes;

    static KernelProfile profile(DecodeTable table, SlotCopyPolicy policy) {
        KernelProfile p;
        p.decode_table = table;
        p.stp = StpForm::PinAndMap;
        p.slot_copy = policy;
        return p;
    }

    ProbedRun(const std::vector<std::uint32_t>& words, const Probed& probed, MachineProfile priced,
              KernelProfile by)
        : machine(std::move(priced), std::move(by), std::uint64_t{64} << 20, 1,
                  std::make_unique<FlatCore>()) {
        tree.add_program("/bin/guest", words);
        auto made = FileSystem::create(machine, std::make_unique<SpecialFiles>(machine),
                                       {.root = tree.path(), .binds = {}, .scratch = {}});
        REQUIRE(made);
        files = std::move(*made);
        kernel = std::make_unique<Kernel>(machine, *files);
        run_loop = std::make_unique<RunLoop>(*kernel);
        uprobes = std::make_unique<Uprobes>(*kernel);
        for (const unsigned index : probed.at) add("uprobe", index);
        for (const unsigned index : probed.returns) add("uretprobe", index);
        for (const std::string& spec : probed.specs) add(spec);
        const auto started =
            kernel->processes().start({.arguments = {"/bin/guest"}, .environment = {}});
        if (!started) FAIL(started.error().error.line());
    }
    ProbedRun(const std::vector<std::uint32_t>& words, const std::vector<unsigned>& probed,
              DecodeTable table = DecodeTable::V612, SlotCopyPolicy policy = SlotCopyPolicy::Always)
        : ProbedRun(words, Probed{probed, {}}, profile_at(1e9), profile(table, policy)) {}
    ProbedRun(const std::vector<std::uint32_t>& words, const Probed& probed, DecodeTable table)
        : ProbedRun(words, probed, profile_at(1e9), profile(table, SlotCopyPolicy::Always)) {}

    void add(const std::string& type, unsigned index) {
        add(type + ":/bin/guest:" + std::to_string(kText + 4ul * index));
    }
    void add(const std::string& spec) {
        const SpecAndHandler split = split_handler(spec);
        auto specs = parse_probe_specs(split.spec);
        REQUIRE(specs);
        HandlerPtr handler;
        if (!split.handler.empty()) {
            const auto found = find_handler(split.handler);
            if (!found) FAIL(found.error().line());
            handler = *found;
        }
        const auto added = uprobes->add(specs->front(), handler.get());
        if (!added) FAIL(added.error().line());
    }
    ExitSummary run(std::uint64_t max_insns = 1000000) {
        return run_loop->run({.max_insns = max_insns});
    }
    Process& process() { return *kernel->processes().all().at(1000); }
    Task& task() { return *process().tasks.at(TaskId{1000}); }
    // Where the [uprobes] page lies.
    std::uint64_t xol_base() {
        for (const auto& [begin, vma] : process().mm->vmas()) {
            if (vma.name == "[uprobes]") return begin.value;
        }
        return 0;
    }
    std::uint64_t exceptions(ExceptionClass ec) {
        return machine.ledger.total().exceptions[static_cast<std::size_t>(ec)];
    }
    std::uint64_t times(KernelPath path) {
        return machine.ledger.total().paths[static_cast<std::size_t>(path)].times;
    }
    const Uprobe& probe(std::size_t i) { return *uprobes->uprobes().at(i); }
};

constexpr std::uint32_t add1(unsigned d) {
    return 0x91000400u | d << 5 | d;
}
constexpr std::uint32_t subs1(unsigned d) {
    return 0xf1000400u | d << 5 | d;
}
constexpr std::uint32_t cbnz(unsigned t, int words) {
    return 0xb5000000u | (static_cast<std::uint32_t>(words) & 0x7ffff) << 5 | t;
}
constexpr std::uint32_t cbz(unsigned t, int words) {
    return cbnz(t, words) & ~(1u << 24);
}
constexpr std::uint32_t bl(int words) {
    return a64::b(words) | 1u << 31;
}
inline constexpr std::uint32_t kPush = 0xa9bf7bfd;  // stp x29, x30, [sp, #-16]!
inline constexpr std::uint32_t kPop = 0xa8c17bfd;   // ldp x29, x30, [sp], #16

}  // namespace uprobesim::test
