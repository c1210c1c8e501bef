// SPDX-License-Identifier: GPL-2.0-or-later
// Syndromes are those of the Arm manual's description of ESR_EL1; the signal frame has the size of
// Linux's struct rt_sigframe and frame_record (arch/arm64/kernel/signal.c).
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/tools/simulation/tiny_guest.h"
#include "tools/explain/explain.h"
#include "tools/format/document_writers.h"

namespace uprobesim {
namespace {

using Kind = HitEvent::Kind;

constexpr std::uint64_t kEntry = 0x400000 + TinyGuest::kCodeOffset;
constexpr std::uint64_t kMmap = kEntry + 0x1c, kRead = kEntry + 0x24, kWrite = kEntry + 0x28,
                        kKill = kEntry + 0x64, kLoop = kEntry + 0x6c, kUndefined = kEntry + 0x74,
                        kHandler = kEntry + 0x78;
const std::vector<std::uint32_t> kProgram = {
    0xd2801bc8,  // mov x8, #222: mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS)
    0xd2800000, 0xd2820001, 0xd2800062, 0xd2800443, 0x92800004, 0xd2800005,
    0xd4000001,              // svc #0
    0xaa0003f3,              // mov x19, x0
    0xf9400261,              // ldr x1, [x19]: the zero page
    0xf9000261,              // str x1, [x19]: over it
    0x10000261, 0xf9000261,  // a struct sigaction: the handler,
    0xd2800081, 0xf9000661,  // SA_SIGINFO
    0xd28010c8,              // mov x8, #134: rt_sigaction(SIGUSR1, x19, 0, 8)
    0xd2800140, 0xaa1303e1, 0xd2800002, 0xd2800103, 0xd4000001, 0xd2801588, 0xd4000001,  // getpid
    0xd2801028, 0xd2800141, 0xd4000001,  // kill(pid, SIGUSR1)
    0xd2a01409,                          // mov x9, #0xa00000: longer than a tick of 4 ms
    0xf1000529, 0x54ffffe1,              // subs x9, x9, #1; b.ne
    0x00000000,                          // udf #0
    0xd2800034, 0xd65f03c0,              // the handler: mov x20, #1; ret
};

tl::expected<ExplainReport, RunRefused> told(const char* kind, std::uint64_t number) {
    TinyGuest guest;
    guest.add_program("p", kProgram);
    ExplainRequest request;
    request.simulation.files.root = guest.root();
    request.simulation.memory_bytes = std::uint64_t{64} << 20;
    request.simulation.machine = "generic-a72";
    request.simulation.program.arguments = {"/p"};
    request.kernels = {"v6.12"};
    request.exception = find_exception_kind(kind, "").value();
    request.hit = number;
    return explain(request);
}

ExplainReport explained(const char* kind, std::uint64_t number = 1) {
    auto report = told(kind, number);
    if (!report) FAIL(report.error().error.line());
    return std::move(*report);
}

std::vector<Kind> kinds(const ExplainedRun& run) {
    std::vector<Kind> list;
    for (const HitEvent& event : run.events) list.push_back(event.kind);
    return list;
}

std::vector<KernelPath> paths(const ExplainedRun& run) {
    std::vector<KernelPath> list;
    for (const HitEvent& event : run.events) {
        if (event.kind == Kind::Path) list.push_back(event.path);
    }
    return list;
}

const HitEvent& first(const ExplainedRun& run, Kind kind, std::size_t skip = 0) {
    for (const HitEvent& event : run.events) {
        if (event.kind == kind && skip-- == 0) return event;
    }
    FAIL("no such event");
    return run.events.front();
}

void check_sums(const ExplainedRun& run) {
    CentiCycles sum;
    for (const HitEvent& event : run.events) {
        if (event.kind != Kind::User) sum += event.cycles;
        CHECK(event.total == sum);
    }
}

}  // namespace

TEST_CASE("a system call is told from its SVC to its result in x0", "[tools][explain]") {
    const auto report = explained("svc");
    const ExplainedRun& run = report.runs.front();
    CHECK(run.finished);
    CHECK(run.instruction == "svc #0");
    CHECK(run.before.registers.pc == kMmap);
    CHECK(kinds(run) ==
          std::vector{Kind::Exception, Kind::Call, Kind::Path, Kind::CallEnd, Kind::Eret});
    const HitEvent& taken = run.events.front();
    CHECK(taken.registers.esr == 0x56000000);
    CHECK(taken.registers.elr == kMmap + 4);
    CHECK_FALSE(taken.registers.far);
    CHECK(first(run, Kind::Call).name == "mmap");
    CHECK(first(run, Kind::Call).text ==
          "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)");
    const HitEvent& eret = run.events.back();
    CHECK(eret.registers.elr == kMmap + 4);
    CHECK(first(run, Kind::CallEnd).value == eret.state.registers.x[0]);
    check_sums(run);
}

TEST_CASE("a write over the zero page is a copy-on-write fault that is executed again",
          "[tools][explain]") {
    const auto report = explained("cow");
    const ExplainedRun& run = report.runs.front();
    CHECK(run.finished);
    CHECK(run.before.registers.pc == kWrite);
    const HitEvent& taken = run.events.front();
    CHECK(taken.registers.esr == 0x9200004f);  // EC 0x24, IL, WnR, permission fault of level 3
    CHECK(taken.registers.elr == kWrite);
    const std::uint64_t address = run.before.registers.x[19];
    CHECK(taken.registers.far == address);
    CHECK(paths(run) == std::vector{KernelPath::FaultZeroToAnon});
    REQUIRE(run.before.page);
    CHECK(run.before.page->address == address);
    CHECK(run.before.page->mapping_rights == "rw-p");
    CHECK(run.before.page->zero_page);
    CHECK(run.before.page->rights == "r--");
    const HitEvent& eret = run.events.back();
    REQUIRE(eret.state.page);
    CHECK_FALSE(eret.state.page->zero_page);
    CHECK(eret.state.page->rights == "rw-");
    CHECK(eret.state.page->holders == 1);
    CHECK(eret.state.page->frame != run.before.page->frame);
    CHECK(eret.registers.elr == kWrite);
    check_sums(run);
}

TEST_CASE("a data abort of a read installs the page", "[tools][explain]") {
    // The first one is the program's own read: nothing else of it has data.
    const auto report = explained("data-abort");
    const ExplainedRun& run = report.runs.front();
    CHECK(run.before.registers.pc == kRead);
    CHECK((run.events.front().registers.esr & 0xfc0000fc) == 0x90000004);  // a read; translation
    CHECK_FALSE(run.before.page->present);
    CHECK(run.events.back().state.page->zero_page);
    CHECK(paths(run) == std::vector{KernelPath::FaultAnonRead});
}

TEST_CASE("a signal is told to the return from its handler", "[tools][explain]") {
    const auto report = explained("signal");
    const ExplainedRun& run = report.runs.front();
    CHECK(run.finished);
    CHECK(run.before.registers.pc == kKill);
    const HitEvent& signal = first(run, Kind::Signal);
    CHECK(signal.name == "SIGUSR1");
    CHECK(signal.action == "handler");
    CHECK(signal.value == kHandler);
    const HitEvent& frame = first(run, Kind::Frame);
    const std::uint64_t sp = run.before.registers.sp;
    CHECK(frame.bytes == 4688 + 16);
    CHECK(frame.value == (sp & ~std::uint64_t{15}) - frame.bytes);
    const UserRegisters& entered = first(run, Kind::Eret).state.registers;
    CHECK(entered.pc == kHandler);
    CHECK(entered.sp == frame.value);
    CHECK(entered.x[0] == 10);
    CHECK(entered.x[1] == frame.value);
    // The handler's two instructions, and the two of the trampoline.
    const HitEvent& handler = first(run, Kind::User);
    CHECK_FALSE(handler.own);
    CHECK(handler.insns == InsnCount(4));
    CHECK(first(run, Kind::Call, 1).name == "rt_sigreturn");
    const HitEvent& back = run.events.back();
    CHECK(back.kind == Kind::Eret);
    CHECK(back.registers.elr == kKill + 4);
    CHECK(back.state.registers.sp == sp);
    CHECK(back.state.registers.x[20] == run.before.registers.x[20]);
    check_sums(run);
}

TEST_CASE("an interrupt comes between any two instructions and writes no syndrome",
          "[tools][explain]") {
    const auto report = explained("irq");
    const ExplainedRun& run = report.runs.front();
    CHECK(run.finished);
    CHECK((run.before.registers.pc == kLoop || run.before.registers.pc == kLoop + 4));
    CHECK(run.events.front().exception == ExceptionClass::Irq);
    CHECK(run.events.front().registers.esr == 0);
    CHECK(paths(run) == std::vector{KernelPath::TimerTick});
    CHECK(run.events.back().registers.elr == run.before.registers.pc);
    CHECK(run.events.back().state.registers.x == run.before.registers.x);
    const auto json = nlohmann::json::parse(explain_report_json(report));
    CHECK_FALSE(json["runs"][0]["events"][0].contains("esr"));
    CHECK_FALSE(json["runs"][0]["events"][0]["system_registers"].contains("esr_el1"));
}

TEST_CASE("an undefined instruction without a handler ends the process", "[tools][explain]") {
    const auto report = explained("undefined");
    const ExplainedRun& run = report.runs.front();
    CHECK_FALSE(run.finished);
    CHECK(run.end == "the task is killed by SIGILL");
    CHECK(run.before.registers.pc == kUndefined);
    CHECK(run.events.front().registers.esr == 0x02000000);  // EC 0, IL
    CHECK(first(run, Kind::Signal).action == "ends the process");
    CHECK(paths(run).front() == KernelPath::UndefinedSignal);
    check_sums(run);
}

TEST_CASE("the signal that ends a process is counted as one", "[tools][explain]") {
    const auto report = explained("signal", 2);
    CHECK(report.runs.front().before.registers.pc == kUndefined);
}

TEST_CASE("where a run has fewer exceptions of the kind, a line says how many",
          "[tools][explain]") {
    // mmap, rt_sigaction, getpid, kill, rt_sigreturn.
    const auto few = told("svc", 6);
    REQUIRE_FALSE(few);
    CHECK(few.error().error.what == "the program took 5 system calls only, not 6");
    CHECK(few.error().exit_code == 2);
    const auto none = told("brk", 1);
    REQUIRE_FALSE(none);
    CHECK(none.error().error.what == "the program took no BRK");
    const auto one = told("undefined", 2);
    REQUIRE_FALSE(one);
    CHECK(one.error().error.what == "the program took 1 undefined instruction only, not 2");
}

TEST_CASE("an exception's text, JSON and page have the same figures", "[tools][explain]") {
    for (const ExceptionKind& kind : exception_kinds()) {
        const auto report = told(std::string(kind.word).c_str(), 1);
        if (!report) continue;  // the program has none
        INFO(kind.word);
        const auto json = nlohmann::json::parse(explain_report_json(*report));
        CHECK(json["exception"]["kind"] == kind.word);
        double sum = 0;
        for (const auto& event : json["runs"][0]["events"]) {
            if (event["event"] != "handler") sum += event["cycles"].get<double>();
        }
        CHECK(sum == Approx(json["runs"][0]["totals"]["cycles"].get<double>()));
        const std::string text = document_text(explain_document(*report), {.all = true});
        CHECK(text.find(exception_title(*report)) != std::string::npos);
        CHECK(explain_html(*report).find(json["runs"][0]["place"]) != std::string::npos);
    }
}

}  // namespace uprobesim
