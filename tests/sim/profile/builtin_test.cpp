// SPDX-License-Identifier: GPL-2.0-or-later
// What the built-in profiles say, against the kernel runs and the publications they come from.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "sim/cost/core_model.h"
#include "sim/cost/prices.h"
#include "sim/profile/exception_class.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"

using namespace uprobesim;
using P = KernelPath;

namespace {

KernelProfile kernel(std::string_view name, const std::vector<Setting>& settings = {}) {
    auto profile = load_kernel_profile(name, settings);
    if (!profile) FAIL(profile.error().line());
    return *profile;
}
MachineProfile machine(std::string_view name, const std::vector<Setting>& settings = {}) {
    auto profile = load_machine_profile(name, settings);
    if (!profile) FAIL(profile.error().line());
    return *profile;
}

const PathCost& cost(const KernelProfile& k, P path) {
    return k.paths[static_cast<std::size_t>(path)];
}
double insns(const KernelProfile& k, const std::vector<P>& paths) {
    double sum = 0;
    for (const P path : paths) {
        sum += cost(k, path).insns;
        if (path == P::UprobeConsumers) sum += cost(k, path).insns_per_unit;  // one consumer
    }
    return sum;
}
double ops(const KernelProfile& k, KernelOp op, const std::vector<P>& paths) {
    double sum = 0;
    for (const P path : paths) sum += cost(k, path).ops[static_cast<std::size_t>(op)];
    return sum;
}
std::vector<P> operator+(std::vector<P> a, const std::vector<P>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

// The legs of a hit, exception by exception.
const std::vector<P> kRet = {P::BrkEntry, P::UprobeLookup, P::UprobeConsumers,
                             P::UprobeEmulateBranch, P::BrkReturn};
const std::vector<P> kAdr = {P::BrkEntry, P::UprobeLookup, P::UprobeConsumers, P::UprobeEmulateAdr,
                             P::BrkReturn};
const std::vector<P> kStepFirst = {P::BrkEntry,      P::UprobeLookup,   P::UprobeConsumers,
                                   P::UprobeSlotGet, P::UprobeSlotCopy, P::UprobeSlotSync,
                                   P::UprobeStepArm, P::BrkReturn};
const std::vector<P> kStepSecond = {P::StepEntry, P::UprobeStepFinish, P::StepReturn};
const std::vector<P> kReturn = {P::BrkEntry, P::UretprobeReturn, P::BrkReturn};
const std::vector<P> kHijack = {P::UretprobeHijack};

}  // namespace

TEST_CASE("every built-in profile reads, and is named as its file", "[sim][profile]") {
    CHECK(builtin_machine_profiles() ==
          std::vector<std::string>{"generic-a72", "kunpeng916", "kunpeng916-ordered",
                                   "kunpeng916-vm", "neoverse-n1", "neoverse-v1",
                                   "thread-bare-metal"});
    for (const std::string& name : builtin_machine_profiles()) {
        CHECK(machine(name).name == name);
        CHECK(load_core_model(machine(name).core_file).has_value());
    }
    for (const std::string& name : builtin_kernel_profiles()) CHECK(kernel(name).name == name);
    for (const char* name :
         {"v6.1", "v6.12", "v6.13", "v6.13+stp", "v6.13+stp-copy", "next-20240909", "next-20241104",
          "next-20241104+stp", "next-20241104+stp-copy", "new"}) {
        const std::vector<std::string> all = builtin_kernel_profiles();
        CHECK(std::find(all.begin(), all.end(), name) != all.end());
    }
}

TEST_CASE("every figure and path says where it is from", "[sim][profile]") {
    for (const std::string& name : builtin_machine_profiles()) {
        for (const auto& [key, figure] : machine(name).figures) {
            CHECK(figure.source.size() > 8);
            CHECK(figure.source.front() != '@');
        }
    }
    for (const std::string& name : builtin_kernel_profiles()) {
        for (const PathCost& path : kernel(name).paths) CHECK(path.source.size() > 8);
    }
}

// Instructions per leg counted on the real kernels under QEMU TCG, mode, less
// rcu_read_unlock_trace_special.
TEST_CASE("a 6.12 hit takes the instructions the real kernel takes", "[sim][profile]") {
    const KernelProfile k = kernel("v6.12");
    CHECK(insns(k, kRet) == 912);
    CHECK(insns(k, kAdr) == 920);
    CHECK(insns(k, kStepFirst) == 1131);
    CHECK(insns(k, kStepSecond) == 541);
    CHECK(insns(k, kRet + kHijack) == 1020);
    CHECK(insns(k, kStepFirst + kHijack) == 1239);
    CHECK(insns(k, kReturn) == 734);
    CHECK(insns(k, {P::SysTrivial}) == 378);
    CHECK(insns(k, {P::FaultAnonWrite}) == 2825);
}

TEST_CASE("a 6.1 hit takes the instructions the real kernel takes", "[sim][profile]") {
    const KernelProfile k = kernel("v6.1");
    CHECK(insns(k, kRet) == 1333);
    CHECK(insns(k, kAdr) == 1341);
    CHECK(insns(k, kStepFirst) == 1490);
    CHECK(insns(k, kStepSecond) == 608);
    CHECK(insns(k, kRet + kHijack) == 1471);
    CHECK(insns(k, kReturn) == 1122);
    CHECK(insns(k, {P::SysTrivial}) == 394);
}

TEST_CASE("a hit performs the costly operations the real kernel performs", "[sim][profile]") {
    struct Row {
        KernelOp op;
        double ret612, first612, second612, ret61, first61, second61;
    };
    const std::vector<Row> rows = {
        {KernelOp::Isb, 0, 1, 1, 0, 1, 1},
        {KernelOp::DsbIsh, 0, 2, 0, 0, 2, 0},
        {KernelOp::Dmb, 3, 5, 1, 4, 6, 1},
        {KernelOp::DaifWrite, 5, 5, 7, 4, 4, 6},
        {KernelOp::MdscrRead, 0, 1, 1, 0, 1, 1},
        {KernelOp::MdscrWrite, 0, 1, 1, 0, 1, 1},
        {KernelOp::Exclusive, 10, 18, 16, 26, 30, 16},
        {KernelOp::LoadAcquire, 2, 2, 1, 2, 2, 1},
        {KernelOp::DcCvau, 0, 1, 0, 0, 1, 0},
        {KernelOp::IcIvau, 0, 1, 0, 0, 1, 0},
    };
    const KernelProfile k612 = kernel("v6.12"), k61 = kernel("v6.1");
    for (const Row& row : rows) {
        INFO(kernel_op_name(row.op));
        CHECK(ops(k612, row.op, kRet) == row.ret612);
        CHECK(ops(k612, row.op, kStepFirst) == row.first612);
        CHECK(ops(k612, row.op, kStepSecond) == row.second612);
        CHECK(ops(k61, row.op, kRet) == row.ret61);
        CHECK(ops(k61, row.op, kStepFirst) == row.first61);
        CHECK(ops(k61, row.op, kStepSecond) == row.second61);
    }
}

namespace {
struct Hits {
    double nop, push, ret, unop, upush, uret;  // cycles an iteration at 2.4 GHz
};

Hits price(const KernelProfile& k, std::string_view on = "kunpeng916") {
    const PriceList prices(machine(on), k);
    const auto leg = [&](const std::vector<P>& paths) {
        CentiCycles sum = prices.exception(ExceptionClass::Brk);
        for (const P path : paths) {
            sum += prices.path(path);
            if (path == P::UprobeConsumers) sum += prices.path_units(path, 1);
        }
        return static_cast<double>(sum.value) / 100;
    };
    std::vector<P> first = kStepFirst;
    if (k.slot_copy == SlotCopyPolicy::IfChanged)
        first.erase(std::find(first.begin(), first.end(), P::UprobeSlotSync));
    const auto emulated = [&](P path) {
        return leg({P::BrkEntry, P::UprobeLookup, P::UprobeConsumers, path, P::BrkReturn});
    };
    const double stepped = leg(first) + leg(kStepSecond);
    const bool nop_emulated =
        k.decode_table != DecodeTable::V61 && k.decode_table != DecodeTable::V612;
    // What the target function itself takes: 3, 8 and 2 instructions and a branch.
    const double nop = (nop_emulated ? emulated(P::UprobeEmulateNop) : stepped) + 3;
    const double push = (k.stp == StpForm::None        ? stepped
                         : k.stp == StpForm::PinAndMap ? emulated(P::UprobeEmulateStpPin)
                                                       : emulated(P::UprobeEmulateStpCopy)) +
                        8;
    const double ret = emulated(P::UprobeEmulateBranch) + 2;
    CentiCycles entry = prices.path(P::UretprobeHijack);
    if (k.return_instance == ReturnHold::Lease) entry += prices.path(P::UretprobeLease);
    const double hook = leg(kReturn) + static_cast<double>(entry.value) / 100;
    return {nop, push, ret, nop + hook, push + hook, ret + hook};
}

// A published row of each variant, in the order of Hits; 0: none.
using Rates = std::array<double, 6>;
void check_near(const Hits& model, const Rates& millions, double hz, double tolerance) {
    const Rates cycles{model.nop, model.push, model.ret, model.unop, model.upush, model.uret};
    for (std::size_t i = 0; i < cycles.size(); ++i) {
        if (millions[i] == 0) continue;
        const double published = hz / (millions[i] * 1e6);
        INFO("variant " << i << " model " << cycles[i] << " published " << published
                        << " deviation " << 100 * (cycles[i] / published - 1) << " %");
        CHECK(cycles[i] == Approx(published).epsilon(tolerance));
    }
}
}  // namespace

// Hits a second published for Kunpeng916, in millions, linux-arm-kernel and linux-kernel 2024-09 to
// 2024-11. kunpeng916 was calibrated on these very rows: this guards the calibration, it is no
// independent prediction.
TEST_CASE("the published bench rows come out within a few percent", "[sim][profile]") {
    const struct {
        KernelProfile kernel;
        Rates millions{};
        double tolerance = 0.04;
    } rows[] = {
        {kernel("next-20240909"), {0.424, 0.415, 2.101, 0.347, 0.349, 1.051}},
        {kernel("next-20240909+stp"), {2.042, 1.363, 2.052, 1.049, 0, 1.065}},
        // The one row that does not fit: its push costs more than anywhere else.
        {kernel("next-20240909+stp"), {0, 0, 0, 0, 0.780, 0}, 0.09},
        {kernel("next-20241104"), {2.044, 0.415, 2.047, 0.832, 0.328, 0.833}},
        {kernel("next-20241104+stp"), {0, 1.411, 0, 0, 0.702, 0}},
        {kernel("next-20241104+stp-copy"), {0, 1.798, 0, 0, 0.806, 0}},
        // next-20240918 with the slot comparison, later merged for 6.13; its return probes are
        // those before the lease.
        {kernel("next-20240909", {{"kernel.slot-copy", "if-changed"}}), {0.926, 0.910, 0, 0, 0, 0}},
    };
    for (const auto& row : rows) check_near(price(row.kernel), row.millions, 2.4e9, row.tolerance);
}

// A reply on linux-arm-kernel, 2024-10-25, in millions of hits a second; neither core, clock nor
// kernel stated. One of six rows is off by 10 %: no price makes 912 instructions that much dearer
// than 842 (see the profile's head).
TEST_CASE("the unnamed server's rows come out within a tenth", "[sim][profile]") {
    const Hits hits = price(kernel("v6.12"), "thread-bare-metal");
    check_near(hits, {2.334, 2.321, 4.144, 1.684, 1.736, 2.502},
               machine("thread-bare-metal").frequency_hz.value, 0.105);
}

TEST_CASE("the machines differ as published", "[sim][profile]") {
    const auto value = [](std::string_view name, const char* key) {
        return machine(name).figures.at(key).value;
    };
    // FreeBSD review D24853 and Linux commit ee9d90be9dda for the N1, corretto-jdk#136 for both,
    // A72 TRM.
    CHECK(value("kunpeng916", "idc") == 0);
    CHECK(value("kunpeng916", "dic") == 0);
    CHECK(value("neoverse-n1", "idc") == 1);
    CHECK(value("neoverse-n1", "dic") == 1);
    CHECK(value("neoverse-v1", "dic") == 1);
    CHECK(value("kunpeng916", "shareability-cores") == 64);
    CHECK(value("generic-a72", "shareability-cores") == 4);
    CHECK(value("kunpeng916", "vdso-clock") == 0);
    CHECK(value("kunpeng916", "debug-register-traps") == 0);
    CHECK(value("kunpeng916-vm", "debug-register-traps") == 4);
}

TEST_CASE("the generic A72 is the Kunpeng916 with four cores", "[sim][profile]") {
    const PriceList small(machine("generic-a72"), kernel("v6.12"));
    const PriceList what_if(machine("kunpeng916", {{"machine.shareability-cores", "4"}}),
                            kernel("v6.12"));
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        CHECK(small.path(static_cast<P>(p)) == what_if.path(static_cast<P>(p)));
    }
    const PriceList large(machine("kunpeng916"), kernel("v6.12"));
    // 45 instructions at 1.055, DC CVAU 60, IC IVAU 100, ISB 31; DSB ISH twice 870 or 90, refetch
    // 1166.2 or 128.2.
    CHECK(static_cast<double>(large.path(P::UprobeSlotSync).value) == Approx(314467.5).margin(1));
    CHECK(static_cast<double>(small.path(P::UprobeSlotSync).value) == Approx(54667.5).margin(1));
}

TEST_CASE("the kernels differ as their history says", "[sim][profile]") {
    CHECK(kernel("v6.12").slot_copy == SlotCopyPolicy::Always);
    CHECK(kernel("v6.13").slot_copy == SlotCopyPolicy::IfChanged);
    CHECK(kernel("next-20241104").slot_copy == SlotCopyPolicy::Always);
    CHECK(kernel("v6.1").decode_table == DecodeTable::V61);
    CHECK(kernel("next-20240909").decode_table == DecodeTable::V612);
    CHECK(kernel("next-20241104").decode_table == DecodeTable::V613);
    CHECK(kernel("v6.13+stp").decode_table == DecodeTable::V613Stp);
    CHECK(kernel("new").decode_table == DecodeTable::New);
    CHECK(kernel("v6.13").stp == StpForm::None);
    CHECK(kernel("v6.13+stp").stp == StpForm::PinAndMap);
    CHECK(kernel("v6.13+stp").slot_copy == SlotCopyPolicy::IfChanged);
    CHECK(kernel("next-20241104+stp-copy").stp == StpForm::CopyToUser);
}

TEST_CASE("a decode table goes by its word", "[sim][profile]") {
    const std::pair<const char*, DecodeTable> tables[] = {{"6.1", DecodeTable::V61},
                                                          {"6.12", DecodeTable::V612},
                                                          {"6.13", DecodeTable::V613},
                                                          {"6.13+stp", DecodeTable::V613Stp},
                                                          {"new", DecodeTable::New}};
    for (const auto& [word, table] : tables) {
        const auto k = load_kernel_profile("v6.1", {{"kernel.decode-table", word}});
        REQUIRE(k);
        CHECK(k->decode_table == table);
        CHECK(decode_table_word(table) == word);
    }
    CHECK_FALSE(load_kernel_profile("v6.1", {{"kernel.decode-table", "6.14"}}));
}

TEST_CASE("a label names a profile's column in a comparison, and is not inherited",
          "[sim][profile]") {
    CHECK(kernel("next-20241104").label == "single-stepped STP");
    CHECK(kernel("next-20241104+stp").label == "emulated STP");
    CHECK(kernel("next-20241104+stp-copy").label.empty());  // based on a labelled one
    CHECK(kernel("v6.12").label.empty());
    const auto mine = parse_kernel_profile(
        "name = \"mine\"\nbased-on = \"next-20241104\"\nlabel = \"my kernel\"\n", "mine.toml", {});
    REQUIRE(mine);
    CHECK(mine->label == "my kernel");
    const auto wrong = parse_kernel_profile(
        "name = \"mine\"\nbased-on = \"next-20241104\"\nlabel = 6\n", "mine.toml", {});
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().where == "mine.toml:3");
}

TEST_CASE("a derived profile keeps what it does not replace", "[sim][profile]") {
    const auto mine = parse_kernel_profile(
        "name = \"mine\"\nbased-on = \"v6.12\"\n[paths]\n\"uprobe.lookup\" = { insns = 5, ops = { "
        "isb = 2 }, source = "
        "\"s\", "
        "confidence = \"low\" }\n",
        "mine.toml", {});
    REQUIRE(mine.has_value());
    const KernelProfile base = kernel("v6.12");
    CHECK(cost(*mine, P::UprobeLookup).insns == 5);
    CHECK(cost(*mine, P::UprobeLookup).ops[static_cast<std::size_t>(KernelOp::Isb)] == 2);
    CHECK(cost(*mine, P::UprobeLookup).ops[static_cast<std::size_t>(KernelOp::Exclusive)] == 0);
    CHECK(cost(*mine, P::BrkEntry).insns == cost(base, P::BrkEntry).insns);
    CHECK(mine->release == base.release);
    CHECK(mine->text_hash != base.text_hash);
}

TEST_CASE("settings change exactly what they name, and the hash", "[sim][profile]") {
    const std::vector<Setting> settings = {{"machine.ops.ic-ivau", "0"},
                                           {"machine.frequency", "1.5e9"},
                                           {"kernel.slot-copy", "if-changed"},
                                           {"kernel.paths.uprobe.lookup.insns", "100"},
                                           {"kernel.paths.sys.read.file.insns-per-unit", "0.5"},
                                           {"kernel.paths.uprobe.slot.sync.ops.isb", "3"}};
    const MachineProfile m = machine("kunpeng916", settings);
    CHECK(m.ops[static_cast<std::size_t>(KernelOp::IcIvau)].value == 0);
    CHECK(m.figures.at("ops.ic-ivau").value == 0);
    CHECK(m.figures.at("ops.ic-ivau").source == "--set");
    CHECK(m.frequency_hz.value == 1.5e9);
    CHECK(m.kernel_cpi.value == machine("kunpeng916").kernel_cpi.value);
    CHECK(m.text_hash != machine("kunpeng916").text_hash);

    const KernelProfile k = kernel("next-20241104", settings);
    CHECK(k.slot_copy == SlotCopyPolicy::IfChanged);
    CHECK(cost(k, P::UprobeLookup).insns == 100);
    CHECK(cost(k, P::SysReadFile).insns_per_unit == 0.5);
    CHECK(cost(k, P::UprobeSlotSync).ops[static_cast<std::size_t>(KernelOp::Isb)] == 3);
    CHECK(cost(k, P::BrkEntry).insns == cost(kernel("next-20241104"), P::BrkEntry).insns);
    CHECK(k.text_hash != kernel("next-20241104").text_hash);
    CHECK(kernel("next-20241104", {{"machine.ops.isb", "0"}}).text_hash ==
          kernel("next-20241104").text_hash);
}
