// SPDX-License-Identifier: GPL-2.0-or-later
// The whole simulator on programs of a few words. Encodings are the GNU assembler's.
#include "tools/simulation/simulation.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "sim/profile/data_files.h"
#include "tests/tools/simulation/tiny_guest.h"
#include "tools/cli/exit_code.h"
#include "tools/simulation/guest_streams.h"

namespace uprobesim {
namespace {

constexpr std::uint32_t kNop = 0xd503201f;
constexpr std::uint32_t kPush = 0xa9bf7bfd;  // stp x29, x30, [sp, #-16]!
constexpr std::uint32_t kAdd = 0x91000421;   // add x1, x1, #1
constexpr std::uint32_t kLoop = 0x14000000;  // b .
constexpr std::uint32_t kSvc = 0xd4000001;
// mov x0, #3; mov x8, #94 (exit_group); svc #0
const std::vector<std::uint32_t> kExit3{0xd2800060, 0xd2800bc8, kSvc};

std::vector<std::uint32_t> operator+(std::vector<std::uint32_t> a,
                                     const std::vector<std::uint32_t>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

SimulationRequest request_for(const TinyGuest& guest, std::vector<std::string> arguments) {
    SimulationRequest request;
    request.files.root = guest.root();
    request.program.arguments = std::move(arguments);
    return request;
}

RunReport run(const SimulationRequest& request, const GuestStreams* streams = nullptr) {
    auto report = simulate(request, streams);
    if (!report) FAIL(report.error().error.line());
    return *report;
}

int refusal(const SimulationRequest& request, std::string_view part) {
    const auto report = simulate(request);
    REQUIRE_FALSE(report.has_value());
    const std::string line = report.error().error.line();
    INFO(line);
    CHECK(line.find(part) != std::string::npos);
    return report.error().exit_code;
}

}  // namespace

TEST_CASE("a run reports the guest's status and exactly its instructions", "[tools][simulation]") {
    TinyGuest guest;
    guest.add_program("p", std::vector<std::uint32_t>{kNop, kPush, kAdd} + kExit3);
    const RunReport report = run(request_for(guest, {"/p", "arg"}));
    CHECK(report.exit.kind == ExitKind::Exited);
    CHECK(report.exit.status == 3);
    CHECK(report.user_insns == InsnCount(6));
    CHECK(exceptions_named(report, "svc") == 1);
    REQUIRE(report.syscalls.size() == 1);
    CHECK(report.syscalls[0].name == "exit_group");
    CHECK(report.provenance.program == "/p");
    CHECK(report.provenance.program_hash.size() == 16);
    CHECK(report.memory_peak_bytes > 0);
}

TEST_CASE("the program's hash is of the file that was run, whatever the program does to it",
          "[tools][simulation]") {
    TinyGuest guest;
    // unlinkat(AT_FDCWD, "/p", 0)
    const std::vector<std::uint32_t> unlink{0x92800c60, 0x10000001 | 7 << 5, 0xd2800002, 0xd2800468,
                                            0xd4000001};
    guest.add_program("p", unlink + kExit3 + std::vector<std::uint32_t>{0x0000702f});
    std::ifstream file(guest.root() + "/p", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const RunReport report = run(request_for(guest, {"/p"}));
    REQUIRE(report.syscalls.size() == 2);
    CHECK(report.provenance.program_hash == text_hash(bytes));
}

TEST_CASE("a stepped hit adds a step exception and an instruction, an emulated one neither",
          "[tools][simulation]") {
    TinyGuest guest;
    guest.add_program("p", std::vector<std::uint32_t>{kNop, kPush, kAdd} + kExit3);
    SimulationRequest request = request_for(guest, {"/p"});
    request.probes = made_probe("uprobe:/p:0x78,0x7c,0x80");  // nop, push, add

    request.kernel = "next-20241104";
    RunReport report = run(request);
    Totals totals = totals_of(report);
    CHECK(report.exit.status == 3);
    CHECK(totals.hits == 3);
    CHECK(totals.stepped == 2);
    CHECK(totals.emulated == 1);
    CHECK(exceptions_named(report, "brk") == 3);
    CHECK(exceptions_named(report, "software-step") == 2);
    CHECK(report.user_insns == InsnCount(6 + 2));
    REQUIRE(report.probes.size() == 3);
    CHECK(report.probes[0].verdict == "nop");
    CHECK(report.probes[1].verdict == "step");
    // What the probes are charged with one by one is what the paths and exceptions say together.
    CHECK(report.probes[0].cycles + report.probes[1].cycles + report.probes[2].cycles ==
          totals.hit_cycles);

    request.kernel = "next-20241104+stp";
    report = run(request);
    totals = totals_of(report);
    CHECK(totals.stepped == 1);
    CHECK(totals.emulated == 2);
    CHECK(report.user_insns == InsnCount(6 + 1));
}

TEST_CASE("the figures of processes and threads sum to the run's", "[tools][simulation]") {
    // A fork; the parent waits for the child, which is gone when the run ends. Both hit the nop.
    constexpr std::uint32_t kMov = 0xd2800000, kMinusOne = 0x92800000, kClone = 220, kWait4 = 260,
                            kSigchld = 17;
    const auto mov = [](std::uint32_t d, std::uint32_t value) { return kMov | value << 5 | d; };
    const std::uint32_t cbz_x0_8 = 0xb4000000 | 8 << 5;
    TinyGuest guest;
    guest.add_program(
        "p",
        std::vector<std::uint32_t>{mov(0, kSigchld), mov(1, 0), mov(2, 0), mov(3, 0), mov(4, 0),
                                   mov(8, kClone), kSvc, cbz_x0_8, kMinusOne, mov(1, 0), mov(2, 0),
                                   mov(3, 0), mov(8, kWait4), kSvc, kPush, kNop} +
            kExit3);
    SimulationRequest request = request_for(guest, {"/p"});
    request.probes = made_probe("uprobe:/p:0xb4");  // the nop, at index 15
    for (const unsigned cpus : {1u, 2u}) {
        request.cpus = cpus;
        const RunReport report = run(request);
        CHECK(report.exit.status == 3);
        const Totals totals = totals_of(report);
        REQUIRE(report.processes.size() == 2);
        TaskFigures sum;
        for (const ProcessRow& process : report.processes) {
            CHECK(process.name == "p");
            CHECK(process.threads.size() == 1);
            CHECK(process.threads.front().id == process.pid);
            CHECK(process.figures().hits == 1);
            CHECK(process.figures().insns.value > 3);
            sum += process.figures();
        }
        CHECK(sum.hits == totals.hits);
        CHECK(sum.insns == report.user_insns);
        CHECK(sum.user_cycles == report.user_cycles);
        CHECK(sum.kernel_cycles == totals.kernel_cycles);
        CHECK(sum.exceptions == totals.exceptions);
        CHECK(sum.probe_cycles == totals.hit_cycles + totals.placing_cycles);
    }
}

TEST_CASE("the same request gives the same report, byte for byte", "[tools][simulation]") {
    TinyGuest guest;
    guest.add_program("p", std::vector<std::uint32_t>{kNop, kPush, kAdd} + kExit3);
    SimulationRequest request = request_for(guest, {"/p"});
    request.probes = made_probe("uprobe:/p:0x7c");
    CHECK(run_report_json(run(request)) == run_report_json(run(request)));
}

TEST_CASE("a limit ends a guest that does not end", "[tools][simulation]") {
    TinyGuest guest;
    guest.add_program("p", {kLoop});
    SimulationRequest request = request_for(guest, {"/p"});
    request.max_insns = 1000;
    const RunReport report = run(request);
    CHECK(report.exit.kind == ExitKind::LimitReached);
    CHECK(report.user_insns >= InsnCount(1000));
    CHECK(exit_code_of(report.exit) == kExitUnfinished);
}

TEST_CASE("a guest killed by a signal is reported as such", "[tools][simulation]") {
    TinyGuest guest;
    guest.add_program("p", {0xaa1f03e0, 0xf9000000});  // mov x0, xzr; str x0, [x0]
    const RunReport report = run(request_for(guest, {"/p"}));
    CHECK(report.exit.kind == ExitKind::Signalled);
    CHECK(report.exit.status == 11);
    CHECK(exit_code_of(report.exit) == 139);
}

TEST_CASE("the streams of a comparison stand in for the host's", "[tools][simulation]") {
    TinyGuest guest;
    // write(1, data, 6), then read(0, sp - 16, 16) and exit with what it returned.
    guest.add_program("p",
                      {0xd2800020, 0x100001a1, 0xd28000c2, 0xd2800808, kSvc, 0xd10043ff, 0xd2800000,
                       0x910003e1, 0xd2800202, 0xd28007e8, kSvc, 0xd2800bc8, kSvc, kNop},
                      "hello\n");
    SharedInput input(-1);
    const auto out = std::make_shared<DigestedOutput>(1, -1);
    const auto error = std::make_shared<DigestedOutput>(2, -1);
    const GuestStreams streams{input.reader(), out, error};
    const RunReport report = run(request_for(guest, {"/p"}), &streams);
    CHECK(report.exit.status == 0);
    CHECK(out->digest().bytes == 6);
    StreamDigest hello;
    hello.add(std::as_bytes(std::span(std::string_view("hello\n"))));
    CHECK(out->digest().hash == hello.hash);
    CHECK(error->digest().bytes == 0);
}

TEST_CASE("what cannot be run is refused with the exit status env gives", "[tools][simulation]") {
    TinyGuest guest;
    guest.add_file("text", "just text\n");
    CHECK(refusal(request_for(guest, {"/nothing"}), "/nothing") == kExitNotFound);
    CHECK(refusal(request_for(guest, {"nothing"}), "PATH") == kExitNotFound);
    CHECK(refusal(request_for(guest, {"/text"}), "/text") == kExitNotExecutable);
}

TEST_CASE("a user's mistake is one line and exit status 2", "[tools][simulation]") {
    TinyGuest guest;
    guest.add_program("p", kExit3);
    const SimulationRequest good = request_for(guest, {"/p"});
    SimulationRequest request = good;
    request.files.root = guest.root() + "/missing";
    CHECK(refusal(request, "sysroot fetch") == kExitUserMistake);
    request = good;
    request.kernel = "v9.99";
    CHECK(refusal(request, "v9.99") == kExitUserMistake);
    request = good;
    request.machine = "toaster";
    CHECK(refusal(request, "toaster") == kExitUserMistake);
    request = good;
    request.settings = {{"machine.ops.isb", "fast"}};
    CHECK(refusal(request, "machine.ops.isb") == kExitUserMistake);
    request = good;
    request.probes = made_probe("uprobe:/p:0x7a");
    CHECK(refusal(request, "multiple of 4") == kExitUserMistake);
    request = good;
    request.probes = made_probe("uprobe:/missing:main");
    CHECK(refusal(request, "/missing") == kExitUserMistake);
    request = good;
    request.program.cwd = "/missing";
    CHECK(refusal(request, "/missing") == kExitUserMistake);
}

}  // namespace uprobesim
