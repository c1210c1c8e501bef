// SPDX-License-Identifier: GPL-2.0-or-later
// Exceptions are those that real kernels took under QEMU for the same hits (Debian's 6.12.117, and
// a 6.12 with NOP and STP emulated): ESR_EL1 and where ELR_EL1 points to, in order.
#include "tools/explain/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/tools/format/hostile_text.h"
#include "tools/bench/trigger_programs.h"
#include "tools/bench/trigger_target.h"
#include "tools/explain/explain_grid.h"
#include "tools/format/document_writers.h"

namespace uprobesim {
namespace {

using Kind = HitEvent::Kind;

bool no_targets() {
    if (!trigger_programs().empty()) return false;
    WARN("skipped: this build has no trigger targets");
    return true;
}

ExplainReport explained(std::string_view target, bool return_probe, std::uint64_t hit,
                        const std::vector<std::string>& kernels,
                        std::optional<std::uint32_t> word = {},
                        std::vector<Setting> settings = {}) {
    auto tree = TriggerTree::make(target, false, word);
    if (!tree) FAIL(tree.error().line());
    ExplainRequest request;
    request.kernels = kernels;
    request.hit = hit;
    request.simulation.files.root = tree->root();
    request.simulation.memory_bytes = std::uint64_t{64} << 20;
    request.simulation.settings = std::move(settings);
    request.simulation.probes = made_probe(fmt::format(
        "{}:{}:{}", return_probe ? "uretprobe" : "uprobe", tree->program(), tree->symbol()));
    request.simulation.program.arguments = {tree->program(), std::to_string(hit)};
    auto report = explain(request);
    if (!report) FAIL(report.error().error.line());
    return std::move(*report);
}

// "f2000005 probe", "cb000022 xol+8"
std::vector<std::string> exceptions_of(const ExplainedRun& run) {
    std::vector<std::string> list;
    for (const HitEvent& event : run.events) {
        if (event.kind != Kind::Exception) continue;
        const std::uint64_t elr = event.registers.elr;
        const std::string place = elr == run.before.registers.pc ? "probe"
                                  : event.state.xol_page
                                      ? fmt::format("xol+{:x}", elr - *event.state.xol_page)
                                      : "elsewhere";
        list.push_back(fmt::format("{:x} {}", event.registers.esr, place));
    }
    return list;
}

// The first event of the kind at or after `from`.
const HitEvent* next(const ExplainedRun& run, Kind kind, std::size_t from = 0) {
    for (std::size_t i = from; i < run.events.size(); ++i) {
        if (run.events[i].kind == kind) return &run.events[i];
    }
    FAIL("no such event");
    return nullptr;
}

using List = std::vector<std::string>;
const List kEmulated{"f2000005 probe"};
const List kStepped{"f2000005 probe", "cb000022 xol+8"};
const List kEmulatedReturn{"f2000005 probe", "f2000005 xol+0"};
const List kSteppedReturn{"f2000005 probe", "cb000022 xol+8", "f2000005 xol+0"};
// The first hit makes the XOL page, whose first fetch is an instruction abort.
const List kFirstStepped{"f2000005 probe", "82000006 xol+4", "cb000022 xol+8"};
const List kFirstEmulatedReturn{"f2000005 probe", "82000006 xol+0", "f2000005 xol+0"};
const List kFirstSteppedReturn{"f2000005 probe", "82000006 xol+4", "cb000022 xol+8",
                               "f2000005 xol+0"};

}  // namespace

TEST_CASE("a hit takes the exceptions that it takes on a real kernel", "[tools][explain]") {
    if (no_targets()) return;
    const struct {
        const char* target;
        bool return_probe;
        std::uint64_t hit;
        const List& debian;     // v6.12
        const List& emulating;  // v6.13+stp-copy: NOP and STP emulated
    } rows[] = {
        {"nop", false, 2, kStepped, kEmulated},
        {"push", false, 2, kStepped, kEmulated},
        {"ret", false, 2, kEmulated, kEmulated},
        {"nop", true, 2, kSteppedReturn, kEmulatedReturn},
        {"push", true, 2, kSteppedReturn, kEmulatedReturn},
        {"ret", true, 2, kEmulatedReturn, kEmulatedReturn},
        {"nop", false, 1, kFirstStepped, kEmulated},
        {"push", false, 1, kFirstStepped, kEmulated},
        {"ret", false, 1, kEmulated, kEmulated},
        {"nop", true, 1, kFirstSteppedReturn, kFirstEmulatedReturn},
        {"push", true, 1, kFirstSteppedReturn, kFirstEmulatedReturn},
        {"ret", true, 1, kFirstEmulatedReturn, kFirstEmulatedReturn},
    };
    for (const auto& row : rows) {
        INFO(row.target << (row.return_probe ? " returns" : "") << ", hit " << row.hit);
        const auto report =
            explained(row.target, row.return_probe, row.hit, {"v6.12", "v6.13+stp-copy"});
        REQUIRE(report.runs.size() == 2);
        CHECK(exceptions_of(report.runs[0]) == row.debian);
        CHECK(exceptions_of(report.runs[1]) == row.emulating);
        for (const ExplainedRun& run : report.runs) CHECK(run.finished);
    }
}

// The kernel's own sequence: phases E1 N1 X1, L, H, A, C, M, T R1, the way out; I; E2 N2, F, R2.
TEST_CASE("a stepped hit goes through the kernel's phases and task states in order",
          "[tools][explain]") {
    if (no_targets()) return;
    const auto report = explained("push", false, 2, {"v6.12"});
    const ExplainedRun& run = report.runs.front();
    std::vector<KernelPath> paths;
    std::vector<StepState> states{run.before.step};
    for (const HitEvent& event : run.events) {
        if (event.kind == Kind::Path) paths.push_back(event.path);
        if (event.state.step != states.back()) states.push_back(event.state.step);
    }
    using P = KernelPath;
    CHECK(paths == std::vector<P>{P::BrkEntry, P::UprobeLookup, P::UprobeConsumers,
                                  P::UprobeSlotGet, P::UprobeSlotCopy, P::UprobeSlotSync,
                                  P::UprobeStepArm, P::BrkReturn, P::StepEntry, P::UprobeStepFinish,
                                  P::StepReturn});
    CHECK(states == std::vector<StepState>{StepState::Running, StepState::Sstep,
                                           StepState::SstepAck, StepState::Running});

    const std::uint64_t probed = run.before.registers.pc;
    const HitEvent& work = *next(run, Kind::ExitWork);
    CHECK(work.state.tif_uprobe);
    CHECK_FALSE(work.state.tif_singlestep);
    const HitEvent& armed = *next(run, Kind::Eret);
    CHECK(armed.state.tif_singlestep);
    CHECK_FALSE(armed.state.tif_uprobe);
    CHECK((armed.registers.spsr & kSpsrSs) != 0);
    REQUIRE(armed.state.slot == 1u);  // slot 0 is the trampoline; the lowest free one is taken
    CHECK(armed.state.xol_words[0] == 0xd42000a0);
    CHECK(armed.state.xol_words[1] == 0xa9bf7bfd);
    CHECK(armed.registers.elr == *armed.state.xol_page + 4);
    const HitEvent& user = *next(run, Kind::User);
    CHECK(user.insns == InsnCount(1));
    CHECK(user.state.registers.sp == run.before.registers.sp - 16);
    const HitEvent& last = run.events.back();
    CHECK(last.kind == Kind::Eret);
    CHECK(last.registers.elr == probed + 4);
    CHECK((last.registers.spsr & kSpsrSs) == 0);
    CHECK_FALSE(last.state.tif_singlestep);
    CHECK_FALSE(last.state.slot);
    CHECK(last.state.registers.sp == run.before.registers.sp - 16);
    // Flags and other registers come through.
    CHECK(last.state.registers.pstate == run.before.registers.pstate);
    CHECK(last.state.registers.x == run.before.registers.x);
}

TEST_CASE("a step that a BRK after the slot ends is told as two exceptions, each with its way back",
          "[tools][explain]") {
    if (no_targets()) return;
    const auto report =
        explained("push", false, 2, {"whatif-brk-after-slot", "whatif-brk-and-slot-per-uprobe"});
    const auto count = [](const ExplainedRun& run, Kind kind) {
        return std::count_if(run.events.begin(), run.events.end(),
                             [&](const HitEvent& e) { return e.kind == kind; });
    };
    for (const ExplainedRun& run : report.runs) {
        CHECK(exceptions_of(run) == List{"f2000005 probe", "f2000008 xol+c"});
        CHECK(count(run, Kind::Eret) == 2);
        CHECK(count(run, Kind::User) == 1);
        CHECK(next(run, Kind::User)->insns == InsnCount(2));
        CHECK(run.events.back().registers.elr == run.before.registers.pc + 4);
    }
}

TEST_CASE("a slot that is not the hit's alone is never told to be free again", "[tools][explain]") {
    if (no_targets()) return;
    const auto ends = [](const char* kernel, std::uint64_t hit) {
        std::string text;
        const auto report = explained("push", false, hit, {kernel});
        const HitState* last = &report.runs.front().before;
        for (const HitEvent& event : report.runs.front().events) {
            for (const std::string& line : state_changes(*last, event.state)) text += line + "\n";
            last = &event.state;
        }
        return text;
    };
    for (const std::uint64_t hit : {1u, 2u}) {
        CHECK(ends("v6.12", hit).find("slot 1 is free again") != std::string::npos);
        for (const char* kernel : {"whatif-slot-per-uprobe", "whatif-prefilled-slots"}) {
            CHECK(ends(kernel, hit).find("free again") == std::string::npos);
            CHECK(ends(kernel, hit).find("is left and kept") != std::string::npos);
        }
    }
}

TEST_CASE("a hit is told whatever its consumers are", "[tools][explain]") {
    if (no_targets()) return;
    for (const char* consumer : {"bpf-empty", "perf", "ftrace"}) {
        const auto report =
            explained("push", false, 2, {"v6.12"}, {}, {{"kernel.consumer", consumer}});
        CHECK(exceptions_of(report.runs.front()) == kStepped);
    }
}

TEST_CASE("an emulated hit never leaves the first exception", "[tools][explain]") {
    if (no_targets()) return;
    const auto report = explained("push", false, 2, {"next-20241104+stp"});
    const ExplainedRun& run = report.runs.front();
    std::vector<KernelPath> paths;
    for (const HitEvent& event : run.events) {
        if (event.kind == Kind::Path) paths.push_back(event.path);
        CHECK(event.state.step == StepState::Running);
        CHECK_FALSE(event.state.tif_singlestep);
        CHECK_FALSE(event.state.xol_page);
    }
    using P = KernelPath;
    CHECK(paths == std::vector<P>{P::BrkEntry, P::UprobeLookup, P::UprobeConsumers,
                                  P::UprobeEmulateStpPin, P::BrkReturn});
    CHECK(run.events.back().registers.elr == run.before.registers.pc + 4);
    CHECK(run.events.back().state.registers.sp == run.before.registers.sp - 16);
}

TEST_CASE("the cycles of a hit are the sum of its events", "[tools][explain]") {
    if (no_targets()) return;
    for (const bool return_probe : {false, true}) {
        const auto report = explained("push", return_probe, 3, {"next-20241104"});
        const ExplainedRun& run = report.runs.front();
        CentiCycles sum;
        for (const HitEvent& event : run.events) {
            if (event.kind != Kind::User || event.own) sum += event.cycles;
            CHECK(event.total == sum);
        }
        CHECK(hit_totals(report.machine, run).cycles == sum);
        CHECK(hit_totals(report.machine, run).exceptions == (return_probe ? 3u : 2u));
    }
}

TEST_CASE("a step whose instruction faults ends at the probed address with a signal",
          "[tools][explain]") {
    if (no_targets()) return;
    // ldr x0, [x0], with x0 no address.
    const auto report = explained("nop", false, 1, {"v6.12"}, 0xf9400000);
    const ExplainedRun& run = report.runs.front();
    CHECK_FALSE(run.finished);
    CHECK(run.end.find("SIGSEGV") != std::string::npos);
    const List list = exceptions_of(run);
    REQUIRE(list.size() == 3);
    CHECK(list[2].substr(0, 3) == "920");
    CHECK(list[2].ends_with("xol+4"));
    CHECK(std::any_of(run.events.begin(), run.events.end(),
                      [](const HitEvent& e) { return e.state.step == StepState::SstepTrapped; }));
    CHECK(run.events.back().state.registers.pc == run.before.registers.pc);
    CHECK_FALSE(run.events.back().state.tif_singlestep);
}

TEST_CASE("a probe that is not hit so often is a clear line", "[tools][explain]") {
    if (no_targets()) return;
    auto tree = TriggerTree::make("ret", false);
    REQUIRE(tree);
    ExplainRequest request;
    request.kernels = {"v6.12"};
    request.hit = 5;
    request.simulation.files.root = tree->root();
    request.simulation.probes =
        made_probe(fmt::format("uprobe:{}:{}", tree->program(), tree->symbol()));
    request.simulation.program.arguments = {tree->program(), "4"};
    const auto report = explain(request);
    REQUIRE_FALSE(report.has_value());
    CHECK(report.error().exit_code == 2);
    CHECK(report.error().error.line().find("4 times") != std::string::npos);
}

TEST_CASE("a hit is found whatever its consumers are", "[tools][explain]") {
    if (no_targets()) return;
    const std::pair<const char*, const char*> kinds[] = {{"bpf-empty", "uprobe.consumers"},
                                                         {"perf", "uprobe.consumers.perf"},
                                                         {"ftrace", "uprobe.consumers.ftrace"}};
    CHECK(std::size(kinds) == static_cast<std::size_t>(Consumer::kCount));
    for (const auto& [consumer, path] : kinds) {
        for (const bool return_probe : {false, true}) {
            INFO(consumer << (return_probe ? ", return probe" : ""));
            const ExplainReport report =
                explained("push", return_probe, 2, {"v6.12"}, {}, {{"kernel.consumer", consumer}});
            const ExplainedRun& run = report.runs.at(0);
            CHECK(run.finished);
            CHECK(exceptions_of(run) == (return_probe ? kSteppedReturn : kStepped));
            std::vector<std::string_view> chains;
            for (const HitEvent& event : run.events) {
                if (event.kind == Kind::Path &&
                    kernel_path_info(event.path).name.starts_with("uprobe.consumers"))
                    chains.push_back(kernel_path_info(event.path).name);
            }
            CHECK(chains == std::vector<std::string_view>{path});
        }
    }
}

TEST_CASE("text and JSON of a told hit say the same", "[tools][explain]") {
    if (no_targets()) return;
    const auto report = explained("push", false, 1, {"next-20241104", "next-20241104+stp"});
    const std::string text = document_text(explain_document(report));
    for (const char* part : {"ESR_EL1 0xf2000005", "ESR_EL1 0xcb000022", "ESR_EL1 0x82000006",
                             "slot 0: 00000000 -> d42000a0", "slot 1: 00000000 -> a9bf7bfd",
                             "UTASK_RUNNING -> UTASK_SSTEP", "TIF_SINGLESTEP set", "MDSCR_EL1.SS 1",
                             "emulated by stp_fp_lr", "uprobe.slot.sync"}) {
        INFO(part);
        CHECK(text.find(part) != std::string::npos);
    }
    const auto json = nlohmann::json::parse(explain_report_json(report));
    CHECK(json["schema"] == "uprobesim.explain/1");
    const auto& events = json["runs"][0]["events"];
    CHECK(events[0]["esr"] == "0xf2000005");
    CHECK(events[0]["ec"] == 0x3c);
    CHECK(events.back()["event"] == "eret");
    CHECK(json["runs"][0]["totals"]["exceptions"] == 3);
    CHECK(json["runs"][1]["totals"]["exceptions"] == 1);
    CHECK(events.back()["cycles_so_far"] == json["runs"][0]["totals"]["cycles"]);
}

// Call order as it was traced on Debian's 6.12.117 under QEMU.
TEST_CASE("JSON of a stepped hit names the kernel's functions in call order", "[tools][explain]") {
    if (no_targets()) return;
    const auto json =
        nlohmann::json::parse(explain_report_json(explained("push", false, 2, {"v6.12"})));
    List calls;
    for (const auto& event : json["runs"][0]["events"]) {
        if (event["event"] != "path") continue;
        for (const auto& name : event["functions"]) calls.push_back(name);
    }
    const List in_order{"vectors",
                        "el0_brk64",
                        "uprobe_pre_sstep_notifier",
                        "uprobe_notify_resume",
                        "mtree_load",
                        "uprobe_dispatcher",
                        "_find_first_zero_bit",
                        "arch_uprobe_copy_ixol",
                        "caches_clean_inval_pou",
                        "arch_uprobe_pre_xol",
                        "user_enable_single_step",
                        "ret_to_user",
                        "el0_softstp",
                        "uprobe_post_sstep_notifier",
                        "arch_uprobe_post_xol",
                        "xol_free_insn_slot",
                        "recalc_sigpending",
                        "ret_to_user"};
    auto at = calls.begin();
    for (const std::string& name : in_order) {
        INFO(name);
        at = std::find(at, calls.end(), name);
        REQUIRE(at != calls.end());
    }
}

TEST_CASE("JSON of a hit has what each step is made of, and its sum", "[tools][explain]") {
    if (no_targets()) return;
    const List kernels{"v6.12", "next-20241104+stp", "whatif-brk-after-slot",
                       "whatif-prefilled-slots"};
    for (const bool return_probe : {false, true}) {
        const auto json =
            nlohmann::json::parse(explain_report_json(explained("push", return_probe, 1, kernels)));
        for (const auto& run : json["runs"]) {
            double total = 0;
            for (const auto& event : run["events"]) {
                INFO(event.dump());
                if (event.contains("work")) total += event["cycles"].get<double>();
                if (!event.contains("terms")) continue;
                double sum = 0;
                for (const auto& term : event["terms"]) sum += term["cycles"].get<double>();
                CHECK(sum == Approx(event["cycles"].get<double>()).margin(0.02));
            }
            CHECK(total == Approx(run["totals"]["cycles"].get<double>()));
        }
    }
}

// Linux sets MDSCR_EL1.SS on the way out to the slot (enable_step_tsk) and clears it on the way in
// from it (disable_step_tsk).
TEST_CASE("JSON of a stepped hit follows registers and words through the steps",
          "[tools][explain]") {
    if (no_targets()) return;
    const auto json =
        nlohmann::json::parse(explain_report_json(explained("push", false, 1, {"v6.12"})));
    const auto& run = json["runs"][0];
    CHECK(run["before"]["registers"].size() == 34);
    const std::string probed = run["before"]["pc"];
    const auto& words = run["before"]["words"];
    CHECK(std::any_of(words.begin(), words.end(), [&](const auto& word) {
        return word["address"] == probed && word["word"] == "d42000a0" && word["page"] == "program";
    }));
    auto registers = run["before"]["registers"];
    List steps, written;
    for (const auto& event : run["events"]) {
        for (const auto& [name, value] : event["registers"].items()) registers[name] = value;
        for (const char* name : {"pc", "sp", "pstate", "x30"})
            CHECK(registers[name] == event["state"][name]);
        for (const auto& word : event["words"]) {
            if (word.contains("before"))
                written.push_back(fmt::format("{} {}", word["page"].get<std::string>(),
                                              word["word"].get<std::string>()));
        }
        const std::string ss = std::to_string(event["system_registers"]["mdscr_el1_ss"].get<int>());
        if (steps.empty() || steps.back() != ss) steps.push_back(ss);
    }
    CHECK(written == List{"xol d42000a0", "xol a9bf7bfd"});
    // Off and on again around the first fetch from the page.
    CHECK(steps == List{"0", "1", "0", "1", "0"});
}

TEST_CASE("the answer says that the first hit is the first, and what of it later ones do not take",
          "[tools][explain]") {
    if (no_targets()) return;
    const auto told = [](std::string_view target, std::uint64_t hit) {
        return explain_document(explained(target, false, hit, {"v6.12"})).answer;
    };
    const std::string first = told("push", 1), second = told("push", 2);
    CHECK(first.starts_with("the first hit costs "));
    // The page of slots is made and fetched from (mm.c, uprobes.c: xol_add_vma), and the task's
    // uprobe_task allocated.
    for (const char* path : {"fault.special.exec", "uprobe.area.create", "uprobe.task.create"}) {
        CHECK(first.find(path) != std::string::npos);
        CHECK(second.find(path) == std::string::npos);
    }
    CHECK(first.find(" of them once (") != std::string::npos);
    CHECK(second.starts_with("a hit costs "));
    CHECK(second.find("once") == std::string::npos);
}

TEST_CASE("a told hit fits, whatever the kernels are called", "[tools][explain]") {
    if (no_targets()) return;
    ExplainReport report = explained("push", true, 1, {"next-20241104", "next-20241104+stp"});
    for (std::uint32_t seed = 0; seed < 10; ++seed) {
        INFO(seed);
        HostileNames names(seed);
        report.machine.name = names.name();
        for (ExplainedRun& run : report.runs) {
            run.kernel.name = names.name();
            run.probe = names.name();
            run.instruction = names.name();
            run.verdict = names.name();
            run.end = names.name();
        }
        check_text_fits(explain_document(report));
        csv_fields(document_csv(explain_document(report)));
    }
}

TEST_CASE("a hit on several machines costs on each what it costs when it is run there",
          "[tools][explain]") {
    if (no_targets()) return;
    const std::vector<std::string> names = {"kunpeng916", "generic-a72", "neoverse-n1"};
    for (const bool return_probe : {false, true}) {
        const auto tree = TriggerTree::make("push", false, {});
        REQUIRE(tree);
        ExplainRequest request;
        request.kernels = {"v6.12", "v6.13+stp"};
        request.hit = 2;
        request.simulation.files.root = tree->root();
        request.simulation.memory_bytes = std::uint64_t{64} << 20;
        request.simulation.probes = made_probe(fmt::format(
            "{}:{}:{}", return_probe ? "uretprobe" : "uprobe", tree->program(), tree->symbol()));
        request.simulation.program.arguments = {tree->program(), "2"};
        const auto grid = explain_machines(request, names);
        if (!grid) FAIL(grid.error().error.line());
        REQUIRE(grid->machines.size() == names.size());
        for (std::size_t m = 0; m < names.size(); ++m) {
            INFO(names[m]);
            request.simulation.machine = names[m];
            const auto alone = explain(request);
            if (!alone) FAIL(alone.error().error.line());
            for (std::size_t k = 0; k < request.kernels.size(); ++k) {
                const ExplainedRun& run = grid->machines[m].runs[k];
                CHECK(in_cycles(hit_totals(grid->machines[m].machine, run).cycles) ==
                      Approx(in_cycles(hit_totals(alone->machine, alone->runs[k]).cycles))
                          .epsilon(1e-5));
                // The first two have the same core; the third has another one.
                CHECK(run.repriced == (m == 1));
            }
        }
        const std::string csv = document_csv(explain_grid_document(*grid));
        CHECK(std::count(csv.begin(), csv.end(), '\n') == 7);
    }
}

}  // namespace uprobesim
