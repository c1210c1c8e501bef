// SPDX-License-Identifier: GPL-2.0-or-later
// What a program finds when it starts: the System V stack layout, the kernel's auxiliary vector,
// Linux's addresses.
#include "kernel_model/loader/exec.h"

#include <catch2/catch.hpp>

#include "kernel_model/loader/script.h"
#include "tests/kernel_model/loader/loader_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {
struct ExecFixture {
    std::unique_ptr<Machine> machine = make_machine();
    FlatFiles files{machine->memory};
    Process process;
    Errno error{};

    ExecFixture() {
        process.pid = 1000;
        process.limits[3].soft = 8 << 20;
        process.mm = std::make_unique<Mm>(*machine);
    }
    Result<LoadedProgram> load(const std::string& path, std::vector<std::string> arguments = {"p"},
                               std::vector<std::string> environment = {}) {
        const auto loaded = load_program(
            *machine, files, process,
            {.path = path,
             .arguments = std::move(arguments),
             .environment = std::move(environment),
             .credentials = std::make_shared<Credentials>(Credentials::of_user(1234, 1234))});
        if (loaded) return *loaded;
        error = *loaded.error().number;
        return tl::make_unexpected(loaded.error().error);
    }
    UserMemory user() { return UserMemory(*process.mm, kTask); }
    std::uint64_t word(VAddr at) { return user().get<std::uint64_t>(at).value(); }
    std::string text(std::uint64_t at) { return user().read_string(VAddr(at), 65536).value(); }
    std::map<std::uint64_t, std::uint64_t> auxv() const {
        std::map<std::uint64_t, std::uint64_t> found;
        for (std::size_t i = 0; i + 1 < process.auxv.size(); i += 2)
            found[process.auxv[i]] = process.auxv[i + 1];
        return found;
    }
};

TestElf pie(const std::string& interpreter) {
    TestElf elf;
    elf.type = 3;
    elf.entry = 0x100;
    elf.segments = {{.vaddr = 0, .file_size = 0x200, .memory_size = 0x200, .align = 0x10000},
                    {.flags = 6,
                     .offset = 0x1f0,
                     .vaddr = 0x111f0,
                     .file_size = 0x10,
                     .memory_size = 0x3000,
                     .align = 0x10000}};
    if (!interpreter.empty()) {
        elf.segments.push_back(
            {.type = 3, .flags = 4, .offset = 0x1c0, .file_size = interpreter.size() + 1});
        elf.texts[0x1c0] = interpreter;
    }
    return elf;
}
}  // namespace

TEST_CASE_METHOD(ExecFixture, "the stack holds argc, argv, envp, auxv, 16-byte aligned",
                 "[loader]") {
    files.add("/bin/p", TestElf{}.bytes());
    const auto loaded = load("/bin/p", {"p", "-x", ""}, {"A=1", "LONG=" + std::string(5000, 'v')});
    REQUIRE(loaded);
    CHECK(loaded->entry == VAddr(0x400100));
    VAddr sp = loaded->sp;
    CHECK(sp.value % 16 == 0);
    CHECK(word(sp) == 3);
    CHECK(text(word(sp + 8)) == "p");
    CHECK(text(word(sp + 16)) == "-x");
    CHECK(text(word(sp + 24)).empty());
    CHECK(word(sp + 32) == 0);
    CHECK(text(word(sp + 40)) == "A=1");
    CHECK(text(word(sp + 48)).size() == 5005);
    CHECK(word(sp + 56) == 0);
    for (std::size_t i = 0; i < process.auxv.size(); ++i)
        REQUIRE(word(sp + 64 + 8 * i) == process.auxv[i]);

    auto aux = auxv();
    CHECK(aux[3] == 0x400040);          // AT_PHDR
    CHECK(aux[4] == 56);                // AT_PHENT
    CHECK(aux[5] == 1);                 // AT_PHNUM
    CHECK(aux[6] == 4096);              // AT_PAGESZ
    CHECK(aux[7] == 0);                 // AT_BASE
    CHECK(aux[9] == 0x400100);          // AT_ENTRY
    CHECK(aux[11] == 1234);             // AT_UID
    CHECK((aux[16] & 0x800) != 0);      // HWCAP_CPUID
    CHECK((aux[16] & 0x100) == 0);      // no LSE atomics in Armv8.0
    CHECK(aux[17] == 100);              // AT_CLKTCK
    CHECK(text(aux[15]) == "aarch64");  // AT_PLATFORM
    CHECK(text(aux[31]) == "/bin/p");   // AT_EXECFN
    CHECK_FALSE(aux.contains(33));      // no vDSO
    CHECK(word(VAddr(aux[25])) != 0);   // AT_RANDOM
    // The program's name ends 8 bytes below the top; strings lie as ps(1) expects them.
    CHECK(aux[31] + 7 + 8 == std::uint64_t{1} << 39);
    CHECK(process.argument_area.begin == VAddr(word(sp + 8)));
    CHECK(process.argument_area.end == process.environment_area.begin);
    CHECK(process.stack_start == sp);
}

TEST_CASE_METHOD(ExecFixture, "the stack mapping is the strings' pages and 128 KiB", "[loader]") {
    files.add("/bin/p", TestElf{}.bytes());
    REQUIRE(load("/bin/p"));
    CHECK_THAT(process.mm->maps_text(),
               Catch::Contains("7ffffdf000-8000000000 rw-p 00000000 00:00 0"));
    CHECK_THAT(process.mm->maps_text(), Catch::Contains(" [stack]\n"));
}

TEST_CASE_METHOD(ExecFixture,
                 "a position-independent program and its loader lie where Linux puts them",
                 "[loader]") {
    files.add("/bin/p", pie("/lib/ld.so").bytes());
    auto loader = pie("");
    loader.entry = 0x104;
    files.add("/lib/ld.so", loader.bytes());
    const auto loaded = load("/bin/p");
    REQUIRE(loaded);
    auto aux = auxv();
    CHECK(aux[9] == 0x5555550100);  // 64 KiB aligned, as the segments ask
    CHECK(aux[3] == 0x5555550040);
    CHECK(aux[7] == 0x7ff8000000 - 0x15000);
    CHECK(loaded->entry == VAddr(0x7ff8000000 - 0x15000 + 0x104));
    CHECK(process.mm->brk_start() == VAddr(0x5555565000));
    CHECK(process.exe == "/bin/p");
}

TEST_CASE_METHOD(ExecFixture, "memory beyond the file's bytes is zero", "[loader]") {
    files.add("/bin/p", pie("").bytes());
    const auto loaded = load("/bin/p");
    REQUIRE(loaded);
    const std::uint64_t base = loaded->entry.value - 0x100;
    CHECK(base % 0x10000 == 0);
    CHECK(user().get<std::uint8_t>(VAddr(base + 0x111ff)) == 0x1ff % 251);
    for (const std::uint64_t at : {0x11200U, 0x11fffU, 0x12000U, 0x14000U})
        CHECK(user().get<std::uint8_t>(VAddr(base + at)) == 0);
    CHECK(process.mm->brk_start() == Mm::kDynBase);
    // The partial page was cleared by the kernel's own store: a fault from EL1, a copy of the file
    // page.
    const auto total = machine->ledger.total();
    CHECK(total.exceptions[static_cast<std::size_t>(ExceptionClass::DataAbortSameEl)] >= 1);
    CHECK(total.paths[static_cast<std::size_t>(KernelPath::FaultFileCow)].times == 1);
}

TEST_CASE_METHOD(ExecFixture,
                 "scripts run their interpreter with the rest of the line as one argument",
                 "[loader]") {
    files.add("/bin/sh", TestElf{}.bytes());
    files.add_text("/s", "#! /bin/sh -e x \necho\n");
    const auto loaded = load("/s", {"s", "arg"});
    REQUIRE(loaded);
    CHECK(process.arguments == std::vector<std::string>{"/bin/sh", "-e x", "/s", "arg"});
    CHECK(word(loaded->sp) == 4);
    CHECK(text(auxv()[31]) == "/s");
    CHECK(process.exe == "/bin/sh");
}

TEST_CASE_METHOD(ExecFixture, "what cannot be run says why, and what execve would answer",
                 "[loader]") {
    files.add("/bin/p", pie("/lib/none.so").bytes());
    files.add("/bin/plain", TestElf{}.bytes(), 0100644);
    files.add("/dir", {}, 0040755);
    files.add_text("/text", "hello\n");
    files.add_text("/loop", "#!/loop\n");
    files.add_text("/blank", "#!  \n");
    const auto failure = [&](const std::string& path, std::vector<std::string> arguments = {"p"}) {
        const auto loaded = load(path, std::move(arguments));
        return loaded ? std::string("loaded") : loaded.error().line();
    };
    CHECK_THAT(failure("/none"), Catch::Contains("/none: no such file"));
    CHECK(error == Errno::NoEnt);
    CHECK_THAT(failure("/bin/p"), Catch::Contains("/lib/none.so") && Catch::Contains("/bin/p"));
    CHECK(error == Errno::NoEnt);
    CHECK_THAT(failure("/bin/plain"), Catch::Contains("not executable"));
    CHECK(error == Errno::Acces);
    CHECK_THAT(failure("/dir"), Catch::Contains("not a regular file"));
    CHECK(error == Errno::Acces);
    CHECK_THAT(failure("/text"), Catch::Contains("not an ELF file"));
    CHECK(error == Errno::NoExec);
    CHECK_THAT(failure("/loop"), Catch::Contains("too deeply"));
    CHECK(error == Errno::Loop);
    CHECK_THAT(failure("/blank"), Catch::Contains("#!"));
    CHECK(error == Errno::NoExec);
    files.add("/bin/q", TestElf{}.bytes());
    CHECK_THAT(failure("/bin/q", {"q", std::string(140000, 'x')}), Catch::Contains("too long"));
    CHECK(error == Errno::TooBig);
    // Nothing was mapped by all these.
    CHECK(process.mm->vmas().empty());
}

TEST_CASE("the first line of a script is read as Linux reads it", "[loader]") {
    const auto line = [](std::string_view head) { return parse_script_line(head).value(); };
    CHECK(line("#!/bin/sh\n").interpreter == "/bin/sh");
    CHECK_FALSE(line("#!/bin/sh\n").argument);
    CHECK_FALSE(line("#!/bin/sh  \n").argument);
    CHECK(line("#!\t/usr/bin/env  python3 -u\t\nx").argument == "python3 -u");
    CHECK(line("#!/bin/sh").interpreter == "/bin/sh");
    CHECK_FALSE(parse_script_line("#!\n"));
    CHECK_FALSE(parse_script_line("#!" + std::string(254, 'x')));  // cut off by the buffer
    CHECK(line("#!" + std::string(200, 'x') + " " + std::string(53, 'y')).interpreter ==
          std::string(200, 'x'));
}
