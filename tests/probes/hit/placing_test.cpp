// SPDX-License-Identifier: GPL-2.0-or-later
// What placing costs, against EL1 instructions that real kernels executed (Debian 6.12.117 and
// 6.1, arm64, in QEMU; a file of 1700 pages in the page cache, mapped whole by a static program):
// the figures of a row are medians over 5 to 48 system calls. `pages` hold the probes, `stride`
// pages apart.
#include <cmath>

#include "kernel_model/abi/mman.h"
#include "probes/hit/probe_state.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tests/probes/hit/probed_run.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

constexpr std::uint64_t kPages = 1700;

// A program beside a file of NOPs with probes, as /bin/probed.
struct Placing {
    ProbedRun run;
    std::shared_ptr<FileBacking> file;

    static ProbedRun on(const char* kernel) {
        const auto machine = load_machine_profile("kunpeng916", {});
        const auto profile = load_kernel_profile(kernel, {});
        REQUIRE(machine);
        REQUIRE(profile);
        return {with_exit({a64::movz(0, 0)}), Probed{}, *machine, *profile};
    }
    static std::vector<std::string> specs(unsigned probes, unsigned pages, unsigned stride) {
        std::vector<std::string> all;
        for (unsigned i = 0; i < probes; ++i) {
            const std::uint64_t page = std::uint64_t{i % pages} * stride;
            all.push_back(fmt::format("uprobe:/bin/probed:{:#x}",
                                      page * kPageSize + 0x200 + std::uint64_t{4} * (i / pages)));
        }
        return all;
    }

    Placing(unsigned probes, unsigned pages, unsigned stride = 1, const char* kernel = "v6.12")
        : run(on(kernel)) {
        run.tree.add_program("/bin/probed", std::vector<std::uint32_t>(kPages * 1024, a64::kNop));
        for (const std::string& spec : specs(probes, pages, stride)) run.add(spec);
        const auto opened = run.files->open(Caller{}, "/bin/probed", 0, 0);
        REQUIRE(opened);
        file = opened->file->backing();
    }
    Mm& mm() { return *run.process().mm; }
    VRange map(Prot prot, bool shared = false) {
        // Where fault-around begins with the file's first page, and on a boundary of page tables.
        const auto at = mm().map({.hint = VAddr(std::uint64_t{1} << 32),
                                  .length = kPages * kPageSize,
                                  .prot = prot,
                                  .shared = shared,
                                  .file = file});
        REQUIRE(at);
        return {*at, *at + kPages * kPageSize};
    }
    std::uint64_t placed() const {
        std::uint64_t sum = 0;
        for (const auto& probe : run.uprobes->uprobes()) sum += probe->placed;
        return sum;
    }
    // The EL1 instructions of what was charged to the account so far.
    double insns(Account account = Account::ProbePlace) const {
        double sum = 0;
        for (std::size_t p = 0; p < kKernelPathCount; ++p) {
            const PathCount& c = run.machine.ledger.charges(account).paths[p];
            const PathCost& cost = run.machine.kernel_profile.paths[p];
            sum += static_cast<double>(c.times) * cost.insns +
                   static_cast<double>(c.units) * cost.insns_per_unit;
        }
        return sum;
    }
    std::uint64_t times(KernelPath path) { return run.times(path); }
    template <class Function>
    double insns_of(Function&& work) {
        const double before = insns();
        work();
        return insns() - before;
    }
};

// `tolerance` in percent of the measured call.
void check_row(const char* what, double ours, double measured, double tolerance) {
    INFO(what << ": " << ours << ", measured " << measured << ", "
              << 100 * (ours - measured) / measured << " %");
    CHECK(std::abs(ours - measured) <= tolerance / 100 * measured);
}

struct Row {
    const char* kernel;
    unsigned probes, pages, stride;
    double mmap, munmap;  // 0: not measured
};
// Without uprobes: mmap 5466 and 5509; munmap of 16, 112, 160, 1600 touched pages.
constexpr double kMmap612 = 5466, kMmap61 = 5509.5;
double munmap_without(const Row& row) {
    const bool new_one = std::string_view(row.kernel) == "v6.12";
    const unsigned pages = row.stride == 1 ? (row.pages + 15) / 16 * 16 : row.pages * 16;
    switch (pages) {
        case 16: return new_one ? 21372 : 22333;
        case 112: return new_one ? 66088 : 71038;
        case 160: return new_one ? 88404 : 95375.5;
        default: return new_one ? 760707 : 816238.5;
    }
}
constexpr Row kRows[] = {
    {"v6.12", 1, 1, 1, 25909.5, 23375},
    {"v6.12", 2, 1, 1, 31084, 24684},
    {"v6.12", 10, 1, 1, 72458.5, 33685},
    {"v6.12", 20, 1, 1, 124179.5, 0},
    {"v6.12", 50, 1, 1, 314879, 0},
    {"v6.12", 100, 1, 1, 644587.5, 30300},
    {"v6.12", 1000, 1, 1, 6327585, 31445},
    {"v6.12", 2, 2, 1, 31749.5, 24449},
    {"v6.12", 10, 10, 1, 78477, 33169},
    {"v6.12", 10, 10, 16, 181475.5, 100901},
    {"v6.12", 100, 10, 1, 645072, 35435},
    {"v6.12", 100, 10, 16, 748070.5, 103163.5},
    {"v6.12", 100, 100, 1, 715088, 132866},
    {"v6.12", 100, 100, 16, 1781983, 836095},
    {"v6.12", 1000, 100, 1, 6398707, 137611},
    {"v6.12", 1000, 100, 16, 7464609, 840806},
    {"v6.1", 10, 1, 1, 69111, 0},
    {"v6.1", 100, 1, 1, 596659, 33894},
    {"v6.1", 1000, 1, 1, 5873870, 33894},
    {"v6.1", 10, 10, 1, 74709, 33281},
    {"v6.1", 100, 10, 1, 596913, 38549},
    {"v6.1", 100, 100, 1, 670671, 131792},
};

// What map, touch every probed page, unmap takes more than without probes.
struct NetRow {
    const char* kernel;
    unsigned probes, pages, stride;
    double net;
};
constexpr NetRow kNetRows[] = {
    {"v6.12", 1, 1, 1, 8606.5},     {"v6.12", 2, 1, 1, 15073.5},     {"v6.12", 10, 1, 1, 65454},
    {"v6.12", 20, 1, 1, 128435.5},  {"v6.12", 50, 1, 1, 318018},     {"v6.12", 100, 1, 1, 634221},
    {"v6.12", 2, 2, 1, 15517.5},    {"v6.12", 2, 2, 16, 15491.5},    {"v6.12", 10, 10, 1, 70971.5},
    {"v6.12", 10, 10, 16, 69359.5}, {"v6.12", 100, 10, 1, 639827.5}, {"v6.12", 100, 10, 16, 638221},
    {"v6.12", 100, 100, 1, 692397}, {"v6.12", 100, 100, 16, 676223}, {"v6.1", 1, 1, 1, 8247},
    {"v6.1", 10, 1, 1, 60712},      {"v6.1", 100, 1, 1, 588264},     {"v6.1", 10, 10, 1, 65707},
    {"v6.1", 100, 10, 1, 593182},   {"v6.1", 100, 100, 1, 636220.5},
};

}  // namespace

TEST_CASE("mmap and munmap of a probed file take what they took on real kernels", "[placing]") {
    for (const Row& row : kRows) {
        INFO(row.kernel << ", " << row.probes << " probes in " << row.pages << " pages, stride "
                        << row.stride);
        Placing p(row.probes, row.pages, row.stride, row.kernel);
        const bool new_one = std::string_view(row.kernel) == "v6.12";
        // The page tables that mmap makes for its first breakpoint are not in the model: 1.5
        // thousand instructions, which the program's own first touch would take otherwise.
        const bool few = row.probes <= 2;
        VRange range;
        const double mmap = p.insns_of([&] { range = p.map(kText); });
        CHECK(p.placed() == row.probes);
        check_row("mmap", mmap + (new_one ? kMmap612 : kMmap61), row.mmap, few ? 7 : 5);
        const double munmap = p.insns_of([&] { REQUIRE(p.mm().unmap(range)); });
        if (row.munmap != 0) check_row("munmap", munmap + munmap_without(row), row.munmap, 5);
    }
}

TEST_CASE("over a mapping's life its probes take what they took on real kernels", "[placing]") {
    for (const NetRow& row : kNetRows) {
        INFO(row.kernel << ", " << row.probes << " probes in " << row.pages << " pages, stride "
                        << row.stride);
        Placing p(row.probes, row.pages, row.stride, row.kernel);
        const double all = p.insns_of([&] { REQUIRE(p.mm().unmap(p.map(kText))); });
        // The faults that the program has been saved.
        const PathCost& fault =
            p.run.machine.kernel_profile.paths[static_cast<std::size_t>(KernelPath::FaultFileRead)];
        const double faults = static_cast<double>(p.times(KernelPath::FaultFileRead)) *
                              (fault.insns + 15 * fault.insns_per_unit);
        check_row("net", all - faults, row.net, 5);
    }
}

TEST_CASE("private mappings that are not writable get breakpoints, others do not", "[placing]") {
    constexpr Prot kReadWriteExecute{.read = true, .write = true, .exec = true};
    const struct {
        const char* name = nullptr;
        Prot prot;
        bool shared = false;
        std::uint64_t placed = 0;
    } cases[] = {{"r-x", kText, false, 10},          {"r--", kReadOnly, false, 10},
                 {"--x", {.exec = true}, false, 10}, {"---", {}, false, 10},
                 {"rw-", kReadWrite, false, 0},      {"rwx", kReadWriteExecute, false, 0},
                 {"r-x shared", kText, true, 0}};
    for (const auto& c : cases) {
        INFO(c.name);
        Placing p(10, 10);
        p.map(c.prot, c.shared);
        CHECK(p.placed() == c.placed);
    }
}

TEST_CASE("mprotect places nothing, not even where it makes text of data", "[placing]") {
    Placing p(10, 10);
    const VRange range = p.map(kReadWrite);
    const double extra = p.insns_of([&] { REQUIRE(p.mm().protect(range, kText)); });
    CHECK(p.placed() == 0);
    CHECK(extra == 0);
    // What cuts the mapping finds them missing.
    REQUIRE(p.mm().protect({range.end - kPageSize, range.end}, {}));
    CHECK(p.placed() == 10);
}

TEST_CASE("copies for a mapping that cannot be executed are synchronised by mprotect",
          "[placing]") {
    Placing p(10, 5);
    VRange range;
    const double mmap = p.insns_of([&] { range = p.map(kReadOnly); });
    check_row("mmap", mmap + kMmap612, 64930.5, 5);
    CHECK(p.times(KernelPath::UprobePlacePage) == 0);
    REQUIRE(p.mm().protect(range, kText));
    CHECK(p.times(KernelPath::UprobePlacePage) == 5);
    REQUIRE(p.mm().protect(range, kReadOnly));
    REQUIRE(p.mm().protect(range, kText));
    CHECK(p.times(KernelPath::UprobePlacePage) == 5);
}

TEST_CASE("breakpoints are found again when their mapping is cut or joined", "[placing]") {
    // mprotect of the last page, to nothing and back, more than with one page copied by a debugger.
    const struct {
        unsigned probes, pages;
        double split, merge;
    } rows[] = {{1, 1, 7726 - 5739.5, 7659 - 5741},
                {10, 1, 22098 - 5739.5, 21991 - 5741},
                {10, 10, 22095 - 5739.5, 22011 - 5741},
                {100, 10, 165365 - 5739.5, 164879 - 5741}};
    for (const auto& row : rows) {
        INFO(row.probes << " probes in " << row.pages << " pages");
        Placing p(row.probes, row.pages);
        const VRange range = p.map(kText);
        const VRange last{range.end - kPageSize, range.end};
        check_row("split", p.insns_of([&] { REQUIRE(p.mm().protect(last, {})); }), row.split, 5);
        CHECK(p.times(KernelPath::UprobePlaceAgain) == row.probes);
        check_row("merge", p.insns_of([&] { REQUIRE(p.mm().protect(last, kText)); }), row.merge,
                  row.probes == 1 ? 10 : 5);
        CHECK(p.placed() == row.probes);
    }
}

TEST_CASE("a mapping over the end of another has the rest looked through", "[placing]") {
    Placing p(100, 10);
    const VRange range = p.map(kText);
    // 176880.5 with 100 probes, 10943.5 with a page copied by a debugger.
    const double extra = p.insns_of([&] {
        REQUIRE(p.mm().map({.hint = range.end - 2 * kPageSize,
                            .length = kPageSize,
                            .prot = kReadWrite,
                            .fixed = true,
                            .file = p.file}));
    });
    CHECK(p.times(KernelPath::UprobePlaceAgain) == 100);
    check_row("mmap", extra, 176880.5 - 10943.5, 5);
}

TEST_CASE("mremap moves breakpoints, it does not look for them", "[placing]") {
    Placing p(10, 10);
    const VRange range = p.map(kText);
    REQUIRE(p.mm().remap(range.begin, range.size(), range.size(),
                         abi::kMremapMaymove | abi::kMremapFixed, VAddr(std::uint64_t{2} << 32)));
    CHECK(p.times(KernelPath::UprobePlaceAgain) == 0);
    CHECK(p.placed() == 10);
    CHECK(has_breakpoint(p.mm(), VAddr((std::uint64_t{2} << 32) + 0x200)));
}

TEST_CASE("while there are uprobes other mappings are looked at", "[placing]") {
    Placing p(1, 1);
    const auto other = p.mm().find(VAddr(ProbedRun::kEntry))->file;
    const auto map = [&](Prot prot) {
        return p.insns_of(
            [&] { REQUIRE(p.mm().map({.length = kPageSize, .prot = prot, .file = other})); });
    };
    CHECK(std::abs(map(kText) - 147) <= 31);  // 147 to 178 with 1 to 1000 uprobes
    CHECK(std::abs(map(kReadWrite) - 104) <= 10);
    CHECK(p.insns_of([&] { REQUIRE(p.mm().map({.length = kPageSize, .prot = kReadWrite})); }) == 0);
    Placing none(0, 1);
    CHECK(none.insns_of([&] { none.map(kText); }) == 0);
}

TEST_CASE("a fork copies the text that has breakpoints, by the pages present", "[placing]") {
    const struct {
        unsigned probes, pages, stride;
        double extra;
    } rows[] = {{1, 1, 1, 68220 - 53101},
                {100, 10, 1, 68167 - 53101},
                {100, 100, 1, 86087.5 - 53562},
                {100, 100, 16, 369022 - 52887}};
    for (const auto& row : rows) {
        INFO(row.probes << " probes in " << row.pages << " pages, stride " << row.stride);
        Placing p(row.probes, row.pages, row.stride);
        p.map(kText);
        ForkedPages copied;
        const auto child = p.mm().fork(copied);
        REQUIRE(child != nullptr);
        const auto& paths = p.run.machine.kernel_profile.paths;
        const auto per_unit = [&](KernelPath path) {
            return paths[static_cast<std::size_t>(path)].insns_per_unit;
        };
        check_row("fork",
                  static_cast<double>(copied.text_entries) * per_unit(KernelPath::SysForkText) +
                      static_cast<double>(copied.text_tables) * per_unit(KernelPath::SysForkTable),
                  row.extra, 5);
    }
}

TEST_CASE("a process that ends frees its copies of pages, its slots and its tasks' state",
          "[placing]") {
    Placing p(10, 2);
    p.map(kText);
    CHECK(p.run.run().kind == ExitKind::Exited);
    const auto& freed = p.run.machine.ledger.charges(Account::ProbePlace)
                            .paths[static_cast<std::size_t>(KernelPath::UprobePlaceFree)];
    CHECK(freed.units == 10);
    CHECK(p.times(KernelPath::UprobeAreaFree) == 0);

    // Exit takes 2479 more after hits out of line, 131 more after hits of an emulated instruction.
    for (const auto& [word, measured] : {std::pair{a64::kNop, 2479.5}, {a64::b(1), 131.0}}) {
        const auto machine = load_machine_profile("kunpeng916", {});
        const auto profile = load_kernel_profile("v6.12", {});
        ProbedRun r(with_exit({word, a64::movz(0, 0)}), Probed{{0}, {}}, *machine, *profile);
        r.run();
        double insns = 0;
        for (const KernelPath path : {KernelPath::UprobeAreaFree, KernelPath::UprobeTaskFree})
            insns += static_cast<double>(r.times(path)) *
                     profile->paths[static_cast<std::size_t>(path)].insns;
        // One page more is unmapped.
        if (r.xol_base() != 0 || r.times(KernelPath::UprobeAreaFree) != 0)
            insns += profile->paths[static_cast<std::size_t>(KernelPath::SysExit)].insns_per_unit;
        check_row("exit", insns, measured, 5);
    }
}
