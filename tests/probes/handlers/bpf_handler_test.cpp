// SPDX-License-Identifier: GPL-2.0-or-later
// BPF object files: what clang has made of tests/probes/bpf/programs.bpf.c, and objects that no
// kernel would load.
#include "probes/handlers/bpf_handler.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/base/entropy.h"
#include "sim/base/input_file.h"
#include "tests/probes/bpf/bpf_assembler.h"

using namespace uprobesim;
using namespace uprobesim::test;
using Catch::Matchers::Contains;

namespace {

const std::string kCompiled = UPROBESIM_BPF_OBJECTS "/programs.bpf.o";

std::vector<std::byte> compiled_bytes() {
    const auto file = InputFile::open(kCompiled, {"object", 1 << 20});
    REQUIRE(file);
    return *file->bytes();
}

BpfProgram compiled(const std::string& name) {
    const auto read = read_bpf_programs(kCompiled);
    if (!read) FAIL(read.error().line());
    const auto found = std::find_if(read->programs.begin(), read->programs.end(),
                                    [&](const BpfProgram& p) { return p.name == name; });
    REQUIRE(found != read->programs.end());
    return *found;
}

// "hash.insert+12" for each part but the instructions.
std::vector<std::string> calls(const BpfProgram& program) {
    std::vector<std::string> all;
    for (const HandlerPart& part : program.handler->parts) {
        if (part.use.path == KernelPath::BpfInsn || part.use.path == KernelPath::BpfFrame ||
            part.use.path == KernelPath::BpfSaved)
            continue;
        std::string text(kernel_path_info(part.use.path).name.substr(4));
        if (part.use.units != 0) text += "+" + std::to_string(part.use.units);
        all.push_back(std::move(text));
    }
    std::sort(all.begin(), all.end());
    return all;
}

std::uint64_t insns(const BpfProgram& program) {
    for (const HandlerPart& part : program.handler->parts) {
        if (part.use.path == KernelPath::BpfInsn) return part.use.units;
    }
    return 0;
}

std::string all_notes(const BpfProgram& program) {
    std::string text;
    for (const std::string& note : program.handler->notes) text += note + "\n";
    return text;
}

BpfElf object(BpfAsm code, const std::string& section = "uprobe") {
    return {{{section, "program", std::move(code)}}, {}};
}

BpfProgram only(const BpfElf& elf) {
    const auto read = bpf_programs(elf.bytes(), "test.bpf.o");
    if (!read) FAIL(read.error().line());
    REQUIRE(read->programs.size() == 1);
    return read->programs.front();
}

std::string refusal(const std::vector<std::byte>& bytes) {
    const auto read = bpf_programs(bytes, "test.bpf.o");
    REQUIRE_FALSE(read);
    std::string line = read.error().line();
    CHECK(line.find('\n') == line.npos);
    return line;
}

std::string refusal(const BpfElf& elf) {
    return refusal(elf.bytes());
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("the sections of a compiled object name probes as libbpf reads them", "[handlers][bpf]") {
    CHECK(compiled("count").probe == "uprobe:\"/usr/bin/grep\":main");
    CHECK(compiled("report").probe == "uprobe:\"/usr/bin/grep\":usage+4");
    CHECK(compiled("calls").probe == "usdt:\"/usr/bin/demo\":demo:tick");
    CHECK(compiled("unknown").probe == "uprobe:\"/usr/bin/grep\":g*");
    // Without a binary and without a place: the command line's.
    CHECK(compiled("begin").probe.empty());
    CHECK_FALSE(compiled("begin").of_return);
    CHECK(compiled("end").probe.empty());
    CHECK(compiled("end").of_return);
    // libbpf looks a name up, and so do probes.
    CHECK(only(object(BpfAsm().finish(), "uprobe/libc.so.6:malloc")).probe ==
          "uprobe:\"libc.so.6\":malloc");
    const auto read = read_bpf_programs(kCompiled);
    REQUIRE(read);
    REQUIRE(read->left_out.size() == 1);
    CHECK_THAT(read->left_out.front(), Contains("elsewhere is left out"));
}

TEST_CASE("a compiled program is priced by its longest path, with its keys and sizes",
          "[handlers][bpf]") {
    // The key has 20 bytes: 12 more than the price of a key holds. Longest is the new key.
    const BpfProgram count = compiled("count");
    CHECK(calls(count) == Words{"comm", "hash.insert+12", "hash.miss+12", "pid-tgid"});
    CHECK_THAT(all_notes(count), Contains("where all keys are found"));
    // Counted by hand in the listing of llvm-objdump: 20 of one instruction, 2 for the jump, 3 for
    // each map's address, 2 that the verifier puts behind a lookup in vain, less that which an
    // empty program has, too.
    CHECK(insns(count) == 29);
    // Entries that a program deletes are new ones.
    CHECK(calls(compiled("begin")) == Words{"hash.insert", "ktime", "pid-tgid"});
    CHECK(calls(compiled("end")) ==
          Words{"atomic-add", "hash.delete", "hash.lookup", "ktime", "pid-tgid"});
}

TEST_CASE("a branch that a constant decides is not in the price, as the verifier removes it",
          "[handlers][bpf]") {
    const BpfProgram report = compiled("report");
    CHECK(calls(report) ==
          Words{"ktime", "pid-tgid", "read-user-str+20", "ringbuf", "ringbuf.wakeup"});
    CHECK_THAT(all_notes(report), Contains("taken to have 20 characters"));
}

TEST_CASE("functions that a program calls are in its price at each call", "[handlers][bpf]") {
    CHECK(calls(compiled("calls")) ==
          Words{"read-user+8", "read-user+8", "subprogram", "subprogram"});
}

TEST_CASE("what cannot be known of a program is told, a line each", "[handlers][bpf]") {
    const std::string notes = all_notes(compiled("unknown"));
    CHECK_THAT(notes, Contains("the loop back to instruction"));
    CHECK_THAT(notes, Contains("snprintf has no price"));
    CHECK_THAT(notes, Contains("the size of probe_read_user is not a constant"));
    CHECK_THAT(notes, Contains("what the tail call goes to is not known"));
    CHECK_THAT(notes, Contains("uprobe_multi"));

    BpfAsm code;
    code.mov(1, 0).emit(0x8d, 1, 0, 0, 0);  // callx r1
    code.emit(0x85, 0, 2, 0, 77);           // a function of the kernel
    code.helper(9999).finish();
    const std::string rest = all_notes(only(object(code)));
    CHECK_THAT(rest, Contains("instruction 1: what is called by callx is not known"));
    CHECK_THAT(rest,
               Contains("instruction 2: of a function of the kernel only the call is in the"));
    CHECK_THAT(rest, Contains("instruction 3: helper 9999 is not known"));
}

TEST_CASE("links of many probes and sessions are attached as their sections say",
          "[handlers][bpf]") {
    BpfAsm ktime;
    ktime.helper(5).finish();
    const BpfProgram many = only(object(ktime, "uprobe.multi//bin/a:f*"));
    CHECK(many.probe == "uprobe:\"/bin/a\":f*");
    CHECK(many.handler->link == ConsumerLink::UprobeMulti);
    CHECK_FALSE(many.handler->needs_return());
    CHECK(only(object(ktime, "uretprobe.multi.s")).handler->link == ConsumerLink::UprobeMulti);
    CHECK(only(object(ktime, "uprobe//bin/a:f")).handler->link == ConsumerLink::Event);
    // A session's program runs twice: at the entry and at the return.
    for (const char* section : {"uprobe.session//bin/a:f", "uprobe.session.s//bin/a:f"}) {
        const BpfProgram session = only(object(ktime, section));
        CHECK(session.probe == "uretprobe:\"/bin/a\":f");
        CHECK(session.of_return);
        CHECK(session.handler->link == ConsumerLink::UprobeSession);
        CHECK(session.handler->needs_return());
        CHECK(session.handler->at_entry == session.handler->parts);
        CHECK_THAT(all_notes(session), Contains("from 6.13 on, has not been measured"));
    }
    // One that does nothing has a return all the same.
    CHECK(only(object(BpfAsm().finish(), "uprobe.session")).handler->needs_return());
}

TEST_CASE("of a function of the kernel the call is priced, and the rest is told by its name",
          "[handlers][bpf]") {
    BpfAsm code;
    code.kernel_call("bpf_session_cookie").helper(5).kernel_call("bpf_iter_num_next").finish();
    const BpfProgram program = only(object(code));
    CHECK(calls(program) == Words{"kfunc", "kfunc", "ktime"});
    CHECK_THAT(all_notes(program), Contains("instruction 0: of bpf_session_cookie only the call "
                                            "is in the price, which is too low by what it") &&
                                       Contains("instruction 2: of bpf_iter_num_next"));
    // fixup_kfunc_call puts one move in its place.
    BpfAsm cast;
    cast.mov(1, 0).kernel_call("bpf_rdonly_cast").finish();
    const BpfProgram inlined = only(object(cast));
    CHECK(calls(inlined).empty());
    CHECK(insns(inlined) == 2);
    CHECK_THAT(all_notes(inlined), !Contains("bpf_rdonly_cast"));
}

TEST_CASE("a table of a kind that nobody measured is priced by its relatives, and told",
          "[handlers][bpf]") {
    BpfAsm code;
    code.store_imm(10, -8, 0).key(-8).map(1, 0).helper(kLookup).jump_equal(0, 0, 1).mov(1, 1);
    BpfElf elf = object(code.finish());
    elf.maps = {{kLruPercpuHash, 8, 8}};
    const BpfProgram program = only(elf);
    CHECK(calls(program) == Words{"lru-percpu-hash.lookup"});
    CHECK_THAT(all_notes(program), Contains("map 'map0' is of kind lru-percpu-hash, of which none "
                                            "was measured"));
}

TEST_CASE("of a loop is told what a further round takes", "[handlers][bpf]") {
    // Three moves, a call of 70 instructions (6.12), an addition, a jump of two.
    BpfAsm code;
    code.load(6, 1, 0).mov(2, 1).mov(3, 2).mov(4, 3).helper(5).add(6, 1);
    code.emit(0x55, 6, 0, -6, 7).finish();  // if r6 != 7 goto the first move
    const BpfProgram program = only(object(code));
    CHECK(calls(program) == Words{"ktime"});
    CHECK_THAT(all_notes(program),
               Contains("instruction 6: the loop back to instruction 1 is in the price once; each "
                        "further round takes 76 instructions (v6.12)"));
}

TEST_CASE("of two branches the costlier one is priced, whichever is longer", "[handlers][bpf]") {
    BpfAsm code;  // five moves, or one call of 70 instructions
    code.load(6, 1, 0).jump_equal(6, 7, 6);
    for (int i = 0; i < 5; ++i) code.mov(2, i);
    code.emit(0x05, 0, 0, 1, 0).helper(5).finish();
    const BpfProgram program = only(object(code));
    CHECK(calls(program) == Words{"ktime"});
}

TEST_CASE("a program of a BPF object is a handler by its name", "[handlers][bpf]") {
    CHECK(is_bpf_word("./a.bpf.o"));
    CHECK(is_bpf_word("./a.bpf.o:count"));
    CHECK_FALSE(is_bpf_word("./a.bpf.o:/x"));
    CHECK_FALSE(is_bpf_word(".bpf.o"));
    const auto handler = find_handler(kCompiled + ":count");
    REQUIRE(handler);
    CHECK((*handler)->name == kCompiled + ":count");
    const auto which = find_handler(kCompiled);
    REQUIRE_FALSE(which);
    CHECK_THAT(which.error().line(), Contains("several programs") && Contains("count"));
    const auto wrong = find_handler(kCompiled + ":coumt");
    REQUIRE_FALSE(wrong);
    CHECK_THAT(wrong.error().line(), Contains("no program 'coumt'"));
    const SpecAndHandler split = split_handler("uprobe:/bin/a:f==./a.bpf.o:count");
    CHECK(split.spec == "uprobe:/bin/a:f");
    CHECK(split.handler == "./a.bpf.o:count");
}

TEST_CASE("an object that no kernel would load is refused with one line", "[handlers][bpf]") {
    const auto text = [](std::string_view t) {
        const auto* begin = reinterpret_cast<const std::byte*>(t.data());
        return std::vector<std::byte>(begin, begin + t.size());
    };
    CHECK_THAT(refusal(text("")), Contains("it is no ELF file"));
    CHECK_THAT(refusal(text("int main() {}")), Contains("it is no ELF file"));
    BpfAsm fine;
    fine.finish();
    BpfElf foreign = object(fine);
    foreign.machine = EM_AARCH64;
    CHECK_THAT(refusal(foreign), Contains("machine 183, not for BPF"));
    auto big = object(fine).bytes();
    big[EI_DATA] = std::byte{ELFDATA2MSB};
    CHECK_THAT(refusal(big), Contains("big-endian"));
    CHECK_THAT(refusal(object(fine, "kprobe/f")), Contains("it has no uprobe program"));
    CHECK_THAT(refusal(object(fine, "uprobe/:malloc")), Contains("names no file"));
    CHECK_THAT(refusal(BpfElf{}), Contains("it has no BPF program"));

    CHECK_THAT(refusal(object(BpfAsm().mov(0, 0))), Contains("is the last one and no exit"));
    CHECK_THAT(refusal(object(BpfAsm().emit(0xff, 0, 0, 0, 0).finish())),
               Contains("unknown code 0xff"));
    CHECK_THAT(refusal(object(BpfAsm().mov_reg(1, 12).finish())), Contains("unknown code"));
    CHECK_THAT(refusal(object(BpfAsm().jump_equal(1, 0, 99).finish())),
               Contains("jumps out of the function"));
    CHECK_THAT(refusal(object(BpfAsm().jump_equal(1, 0, 1).constant(2, 7).finish())),
               Contains("jumps out of the function"));
    CHECK_THAT(refusal(object(BpfAsm().finish().emit(0x18, 1, 0, 0, 0))), Contains("is cut off"));
    CHECK_THAT(refusal(object(BpfAsm().emit(0x05, 0, 0, -1, 0).exit())),
               Contains("no way to an exit without a loop"));
}

TEST_CASE("functions that call each other, or too deep, are refused", "[handlers][bpf]") {
    BpfElf recursive = object(BpfAsm().call("f").finish());
    recursive.programs.push_back({".text", "f", BpfAsm().call("f").finish()});
    CHECK_THAT(refusal(recursive), Contains("'f' calls itself"));
    // Each function calls the next one ten times: 10^7 calls of the last.
    BpfElf deep = object(BpfAsm().call("f0").finish());
    for (int f = 0; f < 7; ++f) {
        BpfAsm code;
        for (int i = 0; i < 10 && f < 6; ++i) code.call("f" + std::to_string(f + 1));
        deep.programs.push_back({".text", "f" + std::to_string(f), code.finish()});
    }
    CHECK_THAT(refusal(deep), Contains("longer than what the kernel's verifier takes"));
}

TEST_CASE("a program with as many branches as instructions is read in one go", "[handlers][bpf]") {
    // 2^20000 paths, all of the same length.
    BpfAsm code;
    code.load(6, 1, 0);
    for (int i = 0; i < 20'000; ++i) code.jump_equal(6, i, 0);
    const BpfProgram program = only(object(code.finish()));
    CHECK(insns(program) >= 40'000);
    CHECK(insns(program) <= 80'001);
}

TEST_CASE("a damaged object is read or refused", "[handlers][bpf]") {
    const auto whole = compiled_bytes();
    for (std::size_t size = 0; size < whole.size(); size += 97) {
        const auto read = bpf_programs(Bytes(whole).first(size), "cut.bpf.o");
        if (!read) CHECK_FALSE(read.error().line().empty());
    }
    Entropy entropy(1);
    std::size_t refused = 0;
    for (int i = 0; i < 500; ++i) {
        auto bytes = whole;
        for (int change = 0; change < 8; ++change)
            bytes[entropy.next() % bytes.size()] = static_cast<std::byte>(entropy.next());
        if (!bpf_programs(bytes, "damaged.bpf.o")) ++refused;
    }
    CHECK(refused > 0);
    CHECK(refused < 500);
}
