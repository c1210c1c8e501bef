// SPDX-License-Identifier: GPL-2.0-or-later
// Verdicts expected here are those of the kernel's own decoder: 6.1 steps NOP, 6.13 emulates it;
// the STP patch has stp x29, x30 with pre-index and no other; LDXR is refused.
#include "tools/audit/audit.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/profile/kernel_profile.h"
#include "tests/probes/target/symbol_elf.h"
#include "tests/tools/format/hostile_text.h"
#include "tools/audit/audit_report.h"
#include "tools/format/document_writers.h"

namespace uprobesim {
namespace {

using test::kBase;
using test::kTextOffset;
using test::Symbol;

std::vector<KernelProfile> kernels(const std::vector<std::string>& names) {
    std::vector<KernelProfile> profiles;
    for (const std::string& name : names) {
        auto profile = load_kernel_profile(name, {});
        if (!profile) FAIL(profile.error().line());
        profiles.push_back(std::move(*profile));
    }
    return profiles;
}

constexpr std::uint32_t kStp = 0xa9bf7bfd, kStp32 = 0xa9be7bfd, kSubSp = 0xd10083ff,
                        kNop = 0xd503201f, kRet = 0xd65f03c0, kLdxr = 0xc85f7c20,
                        kBrk5 = 0xd42000a0;

// One function a word, named f0, f1, ...; the first has an alias.
std::vector<std::byte> program(const std::vector<std::uint32_t>& words) {
    static constexpr const char* kNames[] = {"f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7"};
    std::vector<Symbol> symbols{{"f0_alias", kBase + kTextOffset}};
    for (std::size_t i = 0; i < words.size(); ++i)
        symbols.push_back({kNames[i], kBase + kTextOffset + 4 * i});
    auto bytes = test::with_symbols(symbols);
    for (std::size_t i = 0; i < words.size(); ++i) test::put(bytes, kTextOffset + 4 * i, words[i]);
    return bytes;
}

AuditReport audit(const std::vector<std::uint32_t>& words, const std::vector<std::string>& names) {
    Auditor auditor(kernels(names));
    const auto added = auditor.add(program(words), "/tiny");
    if (!added) FAIL(added.error().line());
    return auditor.report();
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an audit counts function entries by what each kernel does with them", "[tools][audit]") {
    const AuditReport report =
        audit({kStp, kStp32, kSubSp, kNop, kRet, kLdxr}, {"v6.1", "v6.13", "v6.13+stp"});
    REQUIRE(report.binaries.size() == 1);
    REQUIRE(report.binaries[0].entries.size() == 6);
    CHECK(report.binaries[0].entries[0].name == "f0");
    CHECK(report.binaries[0].entries[0].aliases == 1);
    CHECK(report.binaries[0].entries[0].file_offset == kTextOffset);

    const AuditCounts v6_1 = audit_counts(report, 0), v6_13 = audit_counts(report, 1),
                      stp = audit_counts(report, 2);
    CHECK((v6_1.emulated == 1 && v6_1.stepped == 4 && v6_1.refused == 1));
    CHECK((v6_13.emulated == 2 && v6_13.stepped == 3 && v6_13.refused == 1));
    CHECK((stp.emulated == 4 && stp.stepped == 1 && stp.refused == 1));
    CHECK((v6_1.stepped_stp == 2 && v6_13.stepped_stp == 2 && stp.stepped_stp == 0));
    CHECK(audit_counts(report, report.binaries[0], 2).emulated == 4);
}

TEST_CASE("instructions that differ in numbers only are one form, the most frequent first",
          "[tools][audit]") {
    const AuditReport report = audit({kSubSp, kStp, kStp32}, {"v6.13"});
    REQUIRE(report.forms.size() == 2);
    CHECK(report.forms[0].text == "stp x29, x30, [sp, #-N]!");
    CHECK(report.forms[0].entries == 2);
    CHECK(report.forms[0].stp_emulation);
    CHECK(report.forms[1].text == "sub sp, sp, #N");
    CHECK(report.binaries[0].entries[0].form == 1);
}

TEST_CASE("the list of what to emulate next adds up from what is emulated already",
          "[tools][audit]") {
    const AuditReport report = audit({kStp, kStp32, kSubSp, kRet, kLdxr}, {"v6.13", "v6.13+stp"});
    const auto plain = next_forms(report, 0), stp = next_forms(report, 1);
    REQUIRE(plain.size() == 2);
    CHECK(plain[0].form->text == "stp x29, x30, [sp, #-N]!");
    CHECK(plain[0].emulated_then == 3);
    CHECK(plain[1].emulated_then == 4);
    REQUIRE(stp.size() == 1);
    CHECK(stp[0].form->text == "sub sp, sp, #N");
    CHECK(stp[0].emulated_then == 4);
}

TEST_CASE("the uprobe breakpoint in a file is refused", "[tools][audit]") {
    const AuditReport report = audit({kBrk5}, {"v6.1"});
    CHECK(audit_counts(report, 0).refused == 1);
    CHECK(report.forms[0].verdicts[0].detail == "the uprobe breakpoint itself");
}

TEST_CASE("text, JSON and CSV of an audit say the same", "[tools][audit]") {
    const AuditReport report = audit({kStp, kNop, kLdxr}, {"v6.1", "v6.13+stp"});
    const std::string text = document_text(audit_document(report, true));
    CHECK(contains(text, "/tiny: 3 function entries"));
    CHECK(contains(text, "ldxr xN, [xN]"));
    CHECK(contains(text, "load-exclusive"));
    CHECK(contains(text, "f2"));

    const auto json = nlohmann::json::parse(audit_report_json(report));
    CHECK(json["schema"] == "uprobesim.audit/2");
    CHECK(json["kernels"][1]["totals"]["emulated"] == 2);
    CHECK(json["kernels"][1]["totals"]["emulated_percent"] == Approx(66.667));
    CHECK(json["binaries"][0]["functions"][0]["verdicts"] ==
          nlohmann::json({"stepped", "emulated"}));
    CHECK(json["binaries"][0]["functions"][2]["word"] == "0xc85f7c20");

    const std::string csv = document_csv(audit_document(report, false));
    CHECK(contains(csv,
                   "binary,function,aliases,file_offset_bytes,word,instruction,form,verdict "
                   "v6.1,detail v6.1,"));
    CHECK(contains(csv, "/tiny,f1,0,260,0xd503201f,nop,nop,stepped,,emulated,nop\r\n"));
    // A comma in a cell, and one in a reason.
    CHECK(contains(csv,
                   "\"ldxr x0, [x1]\",\"ldxr xN, [xN]\",refused,\"a load-exclusive, "
                   "store-exclusive or casp\","));
}

TEST_CASE("a binary without functions has a report of its own", "[tools][audit]") {
    Auditor auditor(kernels({"v6.1"}));
    test::TestElf elf;
    REQUIRE(auditor.add(elf.bytes(), "/bare"));
    const AuditReport report = auditor.report();
    CHECK(contains(document_text(audit_document(report, false)), "/bare: 0 function entries"));
    CHECK(nlohmann::json::parse(audit_report_json(report))["kernels"][0]["totals"]["entries"] == 0);
}

TEST_CASE("an audit fits, whatever a binary names", "[tools][audit]") {
    for (std::uint32_t seed = 0; seed < 10; ++seed) {
        INFO(seed);
        HostileNames names(seed);
        AuditReport report = audit({kStp, kNop, kLdxr}, {"v6.1", "v6.13+stp"});
        while (report.kernels.size() < 8) {
            report.kernels.push_back({names.name(), names.name(), "", ""});
            for (AuditForm& form : report.forms) form.verdicts.push_back(form.verdicts[0]);
        }
        report.binaries.push_back(report.binaries[0]);
        report.skipped.unreadable = {{names.name(), names.name()}};
        for (AuditForm& form : report.forms) form.text = names.name();
        for (AuditBinary& binary : report.binaries) {
            binary.path = names.name();
            for (AuditEntry& entry : binary.entries) entry.name = names.name();
        }
        check_text_fits(audit_document(report, true));
        csv_fields(document_csv(audit_document(report, true)));
    }
}

TEST_CASE("an audit on machines tells what a hit takes, averaged over the functions",
          "[tools][audit]") {
    const auto profiles = kernels({"v6.12", "v6.13"});
    const auto report = audit({kNop, kNop, kNop, kRet, kLdxr}, {"v6.12", "v6.13"});
    std::vector<MachineProfile> machines;
    for (const char* name : {"kunpeng916", "neoverse-n1"}) {
        auto machine = load_machine_profile(name, {});
        if (!machine) FAIL(machine.error().line());
        machines.push_back(std::move(*machine));
    }
    const auto costs = audit_costs(report, profiles, machines);
    REQUIRE(costs.size() == 4);
    CHECK(costs[1].kernel == "v6.12");
    CHECK(costs[1].machine == "neoverse-n1");
    // 6.12 steps the three NOPs and emulates the RET; LDXR is refused by both.
    for (const AuditCost& cost : costs) {
        if (cost.kernel == "v6.12") {
            CHECK(cost.stepped_ns > cost.emulated_ns);
            CHECK(cost.mean_ns == Approx((3 * cost.stepped_ns + cost.emulated_ns) / 4));
        } else {
            CHECK(cost.stepped_ns == 0);
            CHECK(cost.mean_ns == Approx(cost.emulated_ns));
        }
    }
    // The thread's machine, by what its rate of uprobe-ret was: 1.6 M/s on a tree before 6.12.
    CHECK(costs[0].emulated_ns == Approx(1e9 / 1.6e6).epsilon(0.5));
    CHECK(costs[1].mean_ns < costs[0].mean_ns);
}

}  // namespace uprobesim
