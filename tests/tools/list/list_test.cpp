// SPDX-License-Identifier: GPL-2.0-or-later
// The figures of a list on a program made byte by byte. Names and places in real ones are compared
// with binutils in tests/end_to_end/list_tests.py.
#include "tools/list/list.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/profile/kernel_profile.h"
#include "tests/probes/target/symbol_elf.h"
#include "tests/support/host.h"
#include "tools/format/document_writers.h"
#include "tools/list/list_report.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

constexpr std::uint8_t kIfunc = 0x1a;  // STB_GLOBAL << 4 | STT_GNU_IFUNC

// stp x29, x30, [sp, #-16]!; nop; ldxr; add; stxr
std::string program() {
    auto bytes = with_symbols({{"push", kBase + 0x100},
                               {"also_push", kBase + 0x100},
                               {"_ZN2ns1fEi", kBase + 0x104},
                               {"pick", kBase + 0x104, kIfunc},
                               {"swap", kBase + 0x108}});
    const std::uint32_t code[] = {0xa9bf7bfd, 0xd503201f, 0x885f7c01, 0x11000421, 0x88027c01};
    for (std::size_t i = 0; i < std::size(code); ++i) put(bytes, kTextOffset + 4 * i, code[i]);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<KernelProfile> kernels() {
    std::vector<KernelProfile> all;
    for (const char* name : {"v6.12", "v6.13+stp"}) {
        auto kernel = load_kernel_profile(name, {});
        if (!kernel) FAIL(kernel.error().line());
        all.push_back(std::move(*kernel));
    }
    return all;
}

struct Listing {
    TempFolder root;
    ListFiles files{root.path(), true};
    Lister lister{kernels(), files};

    Listing() {
        std::filesystem::create_directories(root.path() + "/bin/more");
        root.write("bin/x", program());
    }
    Outcome add(const std::string& text) {
        const auto specs = parse_probe_specs(text, SpecUse::List);
        if (!specs) FAIL(specs.error().line());
        for (const ProbeSpec& spec : *specs) {
            if (auto added = lister.add(spec); !added) return added;
        }
        return {};
    }
};

std::vector<std::string> names_of(const ListedBinary& binary) {
    std::vector<std::string> names;
    for (const ListedProbe& probe : binary.probes) names.push_back(probe.place.name);
    return names;
}

}  // namespace

TEST_CASE("a list has each place once, with all of its names", "[list]") {
    Listing l;
    REQUIRE(l.add("uprobe:/bin/x:push,also_push,uprobe:/bin/x:p*"));
    const ListReport report = l.lister.report();
    REQUIRE(report.binaries.size() == 1);
    const auto& probes = report.binaries.front().probes;
    CHECK(names_of(report.binaries.front()) == std::vector<std::string>{"also_push", "pick"});
    CHECK(probes[0].place.aliases == std::vector<std::string>{"push"});
    CHECK(probes[0].spec == "uprobe:/bin/x:also_push");
    CHECK(probes[0].place.offset == kTextOffset);
    CHECK(probes[0].instruction == "stp x29, x30, [sp, #-0x10]!");
    REQUIRE(probes[0].verdicts.size() == 2);
    CHECK(probes[0].verdicts[0].kind == VerdictKind::Step);
    CHECK(probes[0].verdicts[1].kind == VerdictKind::Emulate);
    CHECK(probes[1].place.kind == ProbePlace::Kind::Indirect);
}

TEST_CASE("a list names what is refused, what resolves and what loops for ever", "[list]") {
    Listing l;
    REQUIRE(l.lister.add_path("/bin/x"));
    REQUIRE(l.add("uprobe:/bin/x:swap+4"));
    const ListReport report = l.lister.report();
    const ListCounts counts = list_counts(report);
    CHECK(counts.total() == 4);
    CHECK(counts.indirect == 1);  // ns::f is a resolver, too
    CHECK(counts.refused == 1);
    CHECK(counts.aliases == 2);
    CHECK(list_verdicts(report, 0).refused == 1);
    const auto& probes = report.binaries.front().probes;
    CHECK(probes[1].demangled == "ns::f(int)");
    CHECK(probes[2].verdicts[0].kind == VerdictKind::Reject);
    CHECK(probes[3].verdicts[0].kind == VerdictKind::Step);
    CHECK(probes[3].warning.find("loop for ever") != std::string::npos);
    const std::string text = written(list_document(report), {});
    for (const char* word : {"also_push", "ns::f(int)", "refused", "IFUNC", "loop for ever"})
        CHECK(text.find(word) != std::string::npos);
}

TEST_CASE("every spec that a list prints means the same place", "[list]") {
    Listing l;
    const auto bytes = with_symbols({{"old@V1", kBase + 0x100},
                                     {"plus+4", kBase + 0x108},
                                     {"_ZN2ns1fEi", kBase + 0x110},
                                     {"0x7", kBase + 0x118},
                                     {"a:b, c", kBase + 0x120}});
    l.root.write("bin/y", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    for (const char* spec :
         {"uprobe:/bin/y:*", "uprobe:/bin/y:old+4", "uretprobe:/bin/y:old@V1",
          "uprobe:/bin/y:plus+4", "uprobe:/bin/y:\"plus+4\"+4", "uprobe:/bin/y:cpp:\"ns::f(int)\"",
          "uprobe:/bin/y:cpp:\"ns::f(int)\"+4", "uprobe:/bin/y:\"0x7\"+4", "uprobe:/bin/y:0x104",
          "uprobe:/bin/y:264", "p:a/b /bin/y:0x10c(0x80)", "uprobe:/bin/y:\"a:b, c\"+4"}) {
        INFO(spec);
        Lister first(kernels(), l.files);
        const auto specs = parse_probe_specs(spec, SpecUse::List);
        REQUIRE(specs);
        REQUIRE(first.add(specs->front()));
        const ListReport printed = first.report();
        REQUIRE(printed.binaries.size() == 1);
        REQUIRE_FALSE(printed.binaries.front().probes.empty());
        for (const ListedProbe& probe : printed.binaries.front().probes) {
            INFO(probe.spec);
            const auto again = parse_probe_specs(probe.spec, SpecUse::List);
            REQUIRE(again);
            REQUIRE(again->size() == 1);
            Lister second(kernels(), l.files);
            REQUIRE(second.add(again->front()));
            const ListReport read = second.report();
            REQUIRE(read.binaries.front().probes.size() == 1);
            const ListedProbe& found = read.binaries.front().probes.front();
            CHECK(found.place.offset == probe.place.offset);
            CHECK(found.place.name == probe.place.name);
            CHECK(found.place.semaphore == probe.place.semaphore);
            CHECK(found.spec_kind == probe.spec_kind);
            CHECK(found.spec == probe.spec);
        }
    }
}

TEST_CASE("folders are searched for arm64 programs, and the rest is counted", "[list]") {
    Listing l;
    l.root.write("bin/script", "#!/bin/sh\n");
    l.root.write("bin/more/y", program());
    l.root.write("bin/more/damaged", program().substr(0, 70));
    REQUIRE(l.lister.add_path("/bin"));
    const ListReport report = l.lister.report();
    REQUIRE(report.binaries.size() == 2);
    CHECK(report.binaries[0].path == "/bin/more/y");
    CHECK(report.binaries[1].path == "/bin/x");
    CHECK(report.skipped.not_elf == 1);
    REQUIRE(report.skipped.unreadable.size() == 1);
    CHECK(report.skipped.unreadable[0].path == "/bin/more/damaged");
    const auto json = nlohmann::json::parse(list_report_json(report));
    CHECK(json["schema"] == "uprobesim.list/1");
    CHECK(json["binaries"][1]["probes"][0]["name"] == "also_push");
    CHECK(json["left_out"]["not_elf"] == 1);
}

TEST_CASE("a name without a path is looked up in the root", "[list]") {
    Listing l;
    REQUIRE(l.add("uprobe:x:push"));
    const ListReport report = l.lister.report();
    REQUIRE(report.binaries.size() == 1);
    CHECK(report.binaries.front().path == "/bin/x");
    CHECK(report.binaries.front().probes.front().spec == "uprobe:/bin/x:push");
    const auto missing = l.add("uprobe:nosuch:push");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().what.find("neither a program") != std::string::npos);
}

TEST_CASE("a path with wildcards lists every file that it matches", "[list]") {
    Listing l;
    l.root.write("bin/more/x1", program());
    l.root.write("bin/more/x2", program());
    REQUIRE(l.add("uprobe:/bin/*/x?:push"));
    std::filesystem::create_symlink("x1", l.root.path() + "/bin/more/x3");
    Lister linked(kernels(), l.files);
    REQUIRE(linked.add(parse_probe_specs("uprobe:/bin/*/x?:push", SpecUse::List)->front()));
    const ListReport report = linked.report();
    REQUIRE(report.binaries.size() == 2);
    CHECK(report.binaries[0].path == "/bin/more/x1");
    CHECK(report.binaries[1].path == "/bin/more/x2");
    const auto missing = l.add("uprobe:/bin/*/x1:pull");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().what == "there is no function 'pull' in /bin/more/x1");
    const auto none = l.add("uprobe:/bin/none*:push");
    REQUIRE_FALSE(none);
    CHECK(none.error().what == "no file matches the path");
}
