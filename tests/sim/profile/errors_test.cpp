// SPDX-License-Identifier: GPL-2.0-or-later
// Every kind of mistake in a profile is one UserError naming file, line and key.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/cost/core_table.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tests/support/host.h"

using namespace uprobesim;
using Catch::Matchers::Contains;

namespace {

const std::string kHead = "name = \"t\"\nbased-on = \"kunpeng916\"\n";  // lines 1 and 2

UserError machine_error(const std::string& text, const std::vector<Setting>& settings = {}) {
    const auto machine = parse_machine_profile(text, "my.toml", settings);
    REQUIRE_FALSE(machine.has_value());
    return machine.error();
}
UserError kernel_error(const std::string& text, const std::vector<Setting>& settings = {}) {
    const auto kernel = parse_kernel_profile(text, "my.toml", settings);
    REQUIRE_FALSE(kernel.has_value());
    return kernel.error();
}

std::string cpi(const std::string& fields) {
    return kHead + "kernel-cpi = { " + fields + " }\n";
}
constexpr const char* kRest = "source = \"s\", confidence = \"low\"";

}  // namespace

TEST_CASE("text that is not TOML is refused with its line", "[sim][profile]") {
    const UserError e = machine_error("name = \"x\"\nthis is not toml\n");
    CHECK(e.where == "my.toml:2");
    CHECK_THAT(e.what, Contains("not TOML"));
}

TEST_CASE("a misspelt figure is refused and the right key is suggested", "[sim][profile]") {
    const UserError e = machine_error(
        kHead + fmt::format("kernel-cip = {{ value = 1, unit = \"x\", {} }}\n", kRest));
    CHECK(e.where == "my.toml:3");
    CHECK_THAT(e.what, Contains("unknown key 'kernel-cip'"));
    CHECK_THAT(e.hint, Contains("kernel-cpi"));
}

TEST_CASE("a misspelt operation is refused and the right one is suggested", "[sim][profile]") {
    const UserError e = machine_error(
        kHead +
        fmt::format(
            "[ops]\nisb = {{ value = 1, unit = \"cycles\", {} }}\nic-ivua = {{ value = 1, unit = "
            "\"cycles\", {} }}\n",
            kRest, kRest));
    CHECK(e.where == "my.toml:5");
    CHECK_THAT(e.what, Contains("'ops.ic-ivua'"));
    CHECK_THAT(e.hint, Contains("ic-ivau"));
}

TEST_CASE("a row outside its table is told where it belongs", "[sim][profile]") {
    const UserError op = machine_error(
        kHead + fmt::format("ic-ivau = {{ value = 1, unit = \"cycles\", {} }}\n", kRest));
    CHECK(op.where == "my.toml:3");
    CHECK_THAT(op.what, Contains("'ic-ivau'"));
    CHECK_THAT(op.hint, Contains("[ops]"));
    const std::string kernel = "name = \"t\"\nbased-on = \"v6.12\"\n";
    const UserError path =
        kernel_error(kernel + fmt::format("\"uprobe.lookup\" = {{ insns = 1, {} }}\n", kRest));
    CHECK(path.where == "my.toml:3");
    CHECK_THAT(path.hint, Contains("[paths]"));
    const UserError access = kernel_error(
        kernel +
        fmt::format("\"uprobe.lookup\" = {{ list = [\"write mmap-lock at 6\"], {} }}\n", kRest));
    CHECK_THAT(access.hint, Contains("[accesses]"));
}

TEST_CASE("a figure's mistakes name the figure's field", "[sim][profile]") {
    struct Case {
        std::string fields;
        std::string what;
    };
    const std::string unit = "unit = \"cycles/instruction\"";
    const std::vector<Case> cases = {
        {fmt::format("value = 1, unit = \"ns\", {}", kRest), "'kernel-cpi.unit' is 'ns'"},
        {fmt::format("value = -1, unit = \"ns\", {}", kRest), "'kernel-cpi.unit' is 'ns'"},
        {fmt::format("value = \"1\", {}, {}", unit, kRest),
         "'kernel-cpi.value' is a string, not a number"},
        {fmt::format("value = -1, {}, {}", unit, kRest), "'kernel-cpi.value' is -1"},
        {fmt::format("value = inf, {}, {}", unit, kRest),
         "'kernel-cpi.value' is not a finite number"},
        {fmt::format("value = nan, {}, {}", unit, kRest),
         "'kernel-cpi.value' is not a finite number"},
        {fmt::format("value = 1e300, {}, {}", unit, kRest), "'kernel-cpi.value' is 1e+300"},
        {fmt::format("{}, {}", unit, kRest), "missing 'kernel-cpi.value'"},
        {fmt::format("value = 1, {}", kRest), "missing 'kernel-cpi.unit'"},
        {fmt::format("value = 1, {}, confidence = \"low\"", unit), "missing 'kernel-cpi.source'"},
        {fmt::format("value = 1, {}, source = \"s\"", unit), "missing 'kernel-cpi.confidence'"},
        {fmt::format("value = 1, {}, source = \"\", confidence = \"low\"", unit),
         "'kernel-cpi.source' is empty"},
        {fmt::format("value = 1, {}, source = 3, confidence = \"low\"", unit),
         "'kernel-cpi.source' is an integer"},
        {fmt::format("value = 1, {}, source = \"s\", confidence = \"sure\"", unit),
         "'kernel-cpi.confidence' is 'sure'"},
        {fmt::format("value = 1, {}, source = \"@nobody\", confidence = \"low\"", unit),
         "'@nobody'"},
        {fmt::format("value = 1, {}, {}, why = \"\"", unit, kRest), "unknown key 'kernel-cpi.why'"},
    };
    for (const Case& c : cases) {
        INFO(c.fields);
        const UserError e = machine_error(cpi(c.fields));
        CHECK(e.where == "my.toml:3");
        CHECK_THAT(e.what, Contains(c.what));
    }
}

TEST_CASE("a figure that is a bare number is refused", "[sim][profile]") {
    const UserError e = machine_error(kHead + "kernel-cpi = 1.5\n");
    CHECK(e.where == "my.toml:3");
    CHECK_THAT(e.what, Contains("'kernel-cpi' is a number, not a table"));
}

TEST_CASE("a machine profile that stands alone must give every figure", "[sim][profile]") {
    const UserError e = machine_error("name = \"t\"\ndescription = \"d\"\ncore = \"cortex-a72\"\n");
    CHECK_THAT(e.where, Contains("my.toml:"));
    CHECK_THAT(e.what, Contains("missing figure 'frequency'"));
    CHECK_THAT(e.hint, Contains("Hz"));
}

TEST_CASE("a kernel path's mistakes name the path", "[sim][profile]") {
    struct Case {
        std::string row;
        std::string what;
    };
    const std::vector<Case> cases = {
        {"\"brk.entri\" = { insns = 1, source = \"s\", confidence = \"low\" }",
         "unknown key 'paths.brk.entri'"},
        {"\"brk.entry\" = { source = \"s\", confidence = \"low\" }",
         "missing 'paths.brk.entry.insns'"},
        {"\"brk.entry\" = { insns = -1, source = \"s\", confidence = \"low\" }",
         "'paths.brk.entry.insns' is -1"},
        {"\"brk.entry\" = { insns = 1, unit = \"byte\", source = \"s\", confidence = \"low\" }",
         "'paths.brk.entry.unit'"},
        {"\"brk.entry\" = { insns = 1, insns-per-unit = 1, source = \"s\", confidence = \"low\" }",
         "no unit"},
        {"\"sys.read.file\" = { insns = 1, unit = \"page\", source = \"s\", confidence = \"low\" }",
         "is 'page'"},
        {"\"sys.read.file\" = { insns = 1, source = \"s\", confidence = \"low\" }",
         "'paths.sys.read.file.unit'"},
        {"\"brk.entry\" = { insns = 1, ops = { isbb = 1 }, source = \"s\", confidence = \"low\" }",
         "unknown key 'paths.brk.entry.ops.isbb'"},
        {"\"brk.entry\" = { insns = 1, ops = { isb = true }, source = \"s\", confidence = \"low\" "
         "}",
         "is a boolean"},
        {"\"brk.entry\" = 7", "'paths.brk.entry' is an integer, not a table"},
    };
    for (const Case& c : cases) {
        INFO(c.row);
        const UserError e =
            kernel_error("name = \"t\"\nbased-on = \"v6.12\"\n[paths]\n" + c.row + "\n");
        CHECK(e.where == "my.toml:4");
        CHECK_THAT(e.what, Contains(c.what));
    }
}

TEST_CASE("a kernel profile that lacks a path is refused", "[sim][profile]") {
    const UserError e = kernel_error(
        "name = \"t\"\ndescription = \"d\"\nrelease = \"r\"\ndecode-table = \"6.1\"\nstp = "
        "\"none\"\n"
        "slot-copy = \"always\"\nstep = \"hardware\"\nslots = \"per-hit\"\nlookup = "
        "\"mmap-lock\"\nconsumer = "
        "\"bpf-empty\"\nreturn-instance = "
        "\"refcount\"\nlru-batch = \"31\"\nuprobe-multi = \"yes\"\ntext-busy = "
        "\"refused\"\nbpf-stats = \"no\"\n[paths]\n\"sys.unknown\" = { "
        "insns = 1, source = \"s\", "
        "confidence = "
        "\"low\" }\n");
    CHECK_THAT(e.where, Contains("my.toml:16"));
    CHECK_THAT(e.what, Contains("missing path 'sys.trivial'"));
}

TEST_CASE("a choice that is not one of the known words is refused", "[sim][profile]") {
    for (const char* key :
         {"decode-table", "stp", "slot-copy", "step", "slots", "lookup", "consumer",
          "return-instance", "lru-batch", "uprobe-multi", "text-busy", "bpf-stats"}) {
        const UserError e =
            kernel_error(fmt::format("name = \"t\"\nbased-on = \"v6.12\"\n{} = \"maybe\"\n", key));
        CHECK(e.where == "my.toml:3");
        CHECK_THAT(e.what, Contains(fmt::format("'{}' is 'maybe'", key)));
        CHECK_THAT(e.hint, Contains("one of"));
    }
}

TEST_CASE("a wrong list in emulate-also is refused with its place and the words there are",
          "[sim][profile]") {
    const struct {
        const char* value;
        const char* what;
    } cases[] = {
        {"[\"sub-sp\", \"sub-ps\"]", "'emulate-also' has 'sub-ps'"},
        {"[\"mov\", \"mov\"]", "'mov' twice"},
        {"\"mov\"", "not a list of words"},
        {"[1]", "not a list of words"},
        {"[\"stp\"]", "'stp' is 'none'"},
    };
    for (const auto& c : cases) {
        INFO(c.value);
        const UserError e = kernel_error(
            fmt::format("name = \"t\"\nbased-on = \"v6.12\"\nemulate-also = {}\n", c.value));
        CHECK(e.where == "my.toml:3");
        CHECK_THAT(e.what, Contains(c.what));
        CHECK_FALSE(e.hint.empty());
    }
    CHECK_THAT(kernel_error("name = \"t\"\nbased-on = \"v6.12\"\nemulate-also = [\"add\"]\n").hint,
               Contains("sub-sp, add-sp, mov, mov-wide, stp, paciasp, bti"));
    const auto set = load_kernel_profile("v6.13", {{"kernel.emulate-also", "sub-sp,bit"}});
    REQUIRE_FALSE(set.has_value());
    CHECK(set.error().where == "--set kernel.emulate-also=sub-sp,bit");
    CHECK_THAT(set.error().what, Contains("'bit'"));
    const auto good = load_kernel_profile("v6.13", {{"kernel.emulate-also", "sub-sp,bti"}});
    REQUIRE(good.has_value());
    CHECK(good->emulate_also.has(AlsoEmulated::SubSp));
    CHECK(good->emulate_also.has(AlsoEmulated::Bti));
    CHECK_FALSE(good->emulate_also.has(AlsoEmulated::Mov));
    const auto none = load_kernel_profile("whatif-wider-emulation", {{"kernel.emulate-also", ""}});
    REQUIRE(none.has_value());
    CHECK(none->emulate_also.empty());
}

TEST_CASE("the names of before 0.2 are refused with today's", "[sim][profile]") {
    CHECK_THAT(kernel_error("name = \"t\"\nbased-on = \"v6.13\"\nsimulate-also = [\"mov\"]\n").hint,
               Contains("did you mean 'emulate-also'"));
    CHECK_THAT(kernel_error("name = \"t\"\nbased-on = \"v6.13\"\n[paths]\n"
                            "\"uprobe.simulate.nop\" = { insns = 1, source = \"x\", confidence = "
                            "\"low\" }\n")
                   .hint,
               Contains("uprobe.emulate.nop"));
    for (const auto& [before, now] : {std::pair{"kernel.simulate-also", "kernel.emulate-also"},
                                      std::pair{"kernel.paths.uprobe.simulate.adr.insns",
                                                "kernel.paths.uprobe.emulate.adr.insns"}}) {
        const auto set = load_kernel_profile("v6.13", {{before, "1"}});
        REQUIRE_FALSE(set.has_value());
        CHECK_THAT(set.error().hint, Contains(now));
    }
}

TEST_CASE("a profile based on an unknown one says which there are", "[sim][profile]") {
    const UserError e = kernel_error("name = \"t\"\nbased-on = \"v5.0\"\n");
    CHECK(e.where == "my.toml:2");
    CHECK_THAT(e.what, Contains("no kernel profile named 'v5.0'"));
    CHECK_THAT(e.hint, Contains("next-20241104"));
}

TEST_CASE("profiles based on each other in a circle are refused", "[sim][profile]") {
    const TempFolder folder;
    folder.write("a.toml", "name = \"a\"\nbased-on = \"b.toml\"\n");
    const std::string b = folder.write("b.toml", "name = \"b\"\nbased-on = \"a.toml\"\n");
    const auto kernel = load_kernel_profile(b, {});
    REQUIRE_FALSE(kernel.has_value());
    CHECK_THAT(kernel.error().where, Contains("a.toml:2"));
    CHECK_THAT(kernel.error().what, Contains("circle"));
}

TEST_CASE(
    "a file may be based on a file in its folder, or on the built-in profile of the same name",
    "[sim][profile]") {
    const TempFolder folder;
    std::filesystem::create_directories(folder.path() + "/kernels");
    folder.write("kernels/base.toml",
                 "name = \"base\"\nbased-on = \"v6.12\"\nslot-copy = \"if-changed\"\n");
    const std::string same =
        folder.write("kernels/v6.12.toml", "name = \"mine\"\nbased-on = \"base.toml\"\n");
    const auto kernel = load_kernel_profile(same, {});
    REQUIRE(kernel.has_value());
    CHECK(kernel->name == "mine");
    CHECK(kernel->slot_copy == SlotCopyPolicy::IfChanged);
}

TEST_CASE("a mistake in the file a profile is based on is reported there", "[sim][profile]") {
    const TempFolder folder;
    folder.write("base.toml", "name = \"base\"\nbased-on = \"v6.12\"\n\nstp = \"what\"\n");
    const std::string top = folder.write("top.toml", "name = \"top\"\nbased-on = \"base.toml\"\n");
    const auto kernel = load_kernel_profile(top, {});
    REQUIRE_FALSE(kernel.has_value());
    CHECK_THAT(kernel.error().where, Contains("base.toml:4"));
}

TEST_CASE("a file that is not there, a folder and a device are refused", "[sim][profile]") {
    for (const char* path : {"/nonexistent/x.toml", "/tmp/", "/dev/zero"}) {
        const auto machine = load_machine_profile(path, {});
        REQUIRE_FALSE(machine.has_value());
        CHECK(machine.error().where == path);
    }
}

TEST_CASE("a setting with an unknown key names near keys", "[sim][profile]") {
    const UserError machine = machine_error(kHead, {{"machine.ops.ic-ivu", "0"}});
    CHECK_THAT(machine.where, Contains("--set machine.ops.ic-ivu=0"));
    CHECK_THAT(machine.hint, Contains("machine.ops.ic-ivau"));
    const UserError kernel = kernel_error("name = \"t\"\nbased-on = \"v6.12\"\n",
                                          {{"kernel.paths.uprobe.lokup.insns", "0"}});
    CHECK_THAT(kernel.hint, Contains("kernel.paths.uprobe.lookup.insns"));
    CHECK_THAT(machine_error(kHead, {{"cpu.x", "0"}}).what, Contains("unknown setting 'cpu.x'"));
    CHECK_THAT(kernel_error("name = \"t\"\nbased-on = \"v6.12\"\n",
                            {{"kernel.paths.brk.entry.insns-per-unit", "1"}})
                   .what,
               Contains("unknown setting"));
}

TEST_CASE("a setting that is no number in range is refused", "[sim][profile]") {
    for (const char* value : {"", "abc", "1x", "nan", "inf", "-1", "1e99"}) {
        INFO(value);
        const UserError e = machine_error(kHead, {{"machine.ops.isb", value}});
        CHECK_THAT(e.where, Contains(fmt::format("machine.ops.isb={}", value)));
    }
}

TEST_CASE("a flag or count out of its range is refused, in a file and by --set", "[sim][profile]") {
    struct Case {
        const char* key;
        const char* unit;
        const char* value;
        const char* range;
    };
    const std::vector<Case> cases = {
        {"idc", "flag", "2", "a whole number from 0 to 1"},
        {"dic", "flag", "0.5", "a whole number from 0 to 1"},
        {"kpti", "flag", "2", "a whole number from 0 to 1"},
        {"bhb", "flag", "0.1", "a whole number from 0 to 1"},
        {"vdso-clock", "flag", "3", "a whole number from 0 to 1"},
        {"debug-exceptions-to-el2", "flag", "2", "a whole number from 0 to 1"},
        {"debug-register-traps", "traps/step", "5", "from 0 to 4"},
        {"debug-register-traps", "traps/step", "-0.5", "from 0 to 4"},
        {"debug-trap", "cycles", "-1", "from 0 to"},
        {"shareability-cores", "cores", "0", "a whole number from 1 to"},
        {"shareability-cores", "cores", "2.5", "a whole number from 1 to"},
        {"dsb-ish-per-core", "cycles/core", "-1", "from 0 to"},
    };
    for (const Case& c : cases) {
        INFO(c.key << " " << c.value);
        const UserError in_file =
            machine_error(kHead + fmt::format("{} = {{ value = {}, unit = \"{}\", {} }}\n", c.key,
                                              c.value, c.unit, kRest));
        CHECK(in_file.where == "my.toml:3");
        CHECK_THAT(in_file.what, Contains(fmt::format("'{}.value' is {}", c.key, c.value)));
        CHECK_THAT(in_file.hint, Contains(c.range));
        const UserError by_set =
            machine_error(kHead, {{fmt::format("machine.{}", c.key), c.value}});
        CHECK_THAT(by_set.where, Contains(fmt::format("--set machine.{}={}", c.key, c.value)));
        CHECK_THAT(by_set.hint, Contains(c.range));
    }
}

TEST_CASE("a flag in another unit, or written as true, is refused", "[sim][profile]") {
    const UserError unit =
        machine_error(kHead + fmt::format("idc = {{ value = 1, unit = \"cycles\", {} }}\n", kRest));
    CHECK_THAT(unit.what, Contains("'idc.unit' is 'cycles'"));
    CHECK_THAT(unit.hint, Contains("'flag'"));
    const UserError type = machine_error(
        kHead + fmt::format("idc = {{ value = true, unit = \"flag\", {} }}\n", kRest));
    CHECK_THAT(type.what, Contains("'idc.value' is a boolean, not a number"));
    const UserError cores = machine_error(
        kHead +
        fmt::format("shareability-cores = {{ value = 4, unit = \"sockets\", {} }}\n", kRest));
    CHECK_THAT(cores.hint, Contains("'cores'"));
    CHECK_THAT(machine_error(kHead, {{"machine.idc", "true"}}).what,
               Contains("'true' is not a number"));
    CHECK_THAT(machine_error(kHead, {{"machine.shareability-core", "4"}}).hint,
               Contains("machine.shareability-cores"));
}

TEST_CASE("a core table that lacks a class is refused", "[sim][profile][core]") {
    const std::string text =
        "name = \"c\"\ndescription = \"d\"\nissue-width = { value = 2, unit = \"micro-ops/cycle\", "
        "source = \"s\", "
        "confidence = \"low\" }\n[pipes]\nP = { value = 1, unit = \"pipes\", source = \"s\", "
        "confidence = \"low\" }\n"
        "[classes]\nint-alu = { latency = 1, uses = { P = 1 }, source = \"s\", confidence = "
        "\"low\" }\n[forms]\n";
    const auto core = parse_core_table(text, "core.toml");
    REQUIRE_FALSE(core.has_value());
    CHECK_THAT(core.error().where, Contains("core.toml:6"));
    CHECK_THAT(core.error().what, Contains("missing 'classes.int-shift'"));
}

TEST_CASE("an access to a line that is not one is refused with what it should be",
          "[sim][profile]") {
    const auto refused = [](const std::string& access) {
        return kernel_error(
            "name = \"t\"\nbased-on = \"v6.12\"\n[accesses]\n\"uprobe.lookup\" = { list = [\"" +
            access + "\"], source = \"s\", confidence = \"low\" }\n");
    };
    CHECK(refused("write mmap-lock").where == "my.toml:4");
    CHECK_THAT(refused("write mmap-lock").what, Contains("'write mmap-lock' is no access"));
    CHECK_THAT(refused("steal mmap-lock at 3").hint, Contains("read, write, lock"));
    CHECK_THAT(refused("write mmap-lok at 3").hint, Contains("mmap-lock"));
    CHECK_THAT(refused("write mmap-lock at -3").hint, Contains("as in"));
    CHECK_THAT(refused("lock siglock at 3").hint, Contains("for 34"));
    CHECK_THAT(refused("read mmap-lock at 3 for 4").hint, Contains("as in"));
    CHECK_THAT(refused("write mmap-lock at 9\", \"write mmap-lock at 3").what, Contains("order"));
    CHECK_THAT(refused("take slot-bitmap at 3").what, Contains("'find'"));
    CHECK_THAT(kernel_error("name = \"t\"\nbased-on = \"v6.12\"\n",
                            {{"kernel.accesses.uprobe.lookup", "write here at 1"}})
                   .where,
               Contains("--set kernel.accesses.uprobe.lookup"));
}

TEST_CASE("a machine says all of what sharing lines costs, or nothing", "[sim][profile]") {
    const auto own = parse_machine_profile(
        kHead +
            "[contention]\njitter = { value = 0, unit = \"share\", source = \"s\", confidence = "
            "\"low\" }\n",
        "my.toml", {{"machine.contention.cpus-per-cluster", "2"}});
    REQUIRE(own.has_value());
    CHECK(own->contention->jitter.value == 0);
    CHECK(own->contention->cpus[static_cast<std::size_t>(Tier::Cluster)].value == 2);
    CHECK(own->contention->transfer[static_cast<std::size_t>(Tier::Cluster)].value == 39.2);
    CHECK_THAT(machine_error(kHead + "[contention]\nhand-over = 1\n").what,
               Contains("'contention.hand-over'"));
    CHECK_THAT(machine_error(kHead, {{"machine.contention.cpus-per-die", "0"}}).where,
               Contains("contention.cpus-per-die"));
}

TEST_CASE("settings take the accesses of a path away or replace them", "[sim][profile]") {
    const auto kernel = load_kernel_profile(
        "v6.12",
        {{"kernel.accesses.uprobe.lookup", ""},
         {"kernel.accesses.uprobe.slot.get", "find slot-bitmap at 1,take slot-bitmap at 2"}});
    REQUIRE(kernel.has_value());
    CHECK(kernel->accesses[static_cast<std::size_t>(KernelPath::UprobeLookup)].list.empty());
    const auto& list = kernel->accesses[static_cast<std::size_t>(KernelPath::UprobeSlotGet)].list;
    REQUIRE(list.size() == 2);
    CHECK(list[1].kind == AccessKind::Take);
    CHECK(list[1].at == 2);
}
