// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel with a real file tree in a temporary directory and one program given as instruction
// words.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <vector>

#include "kernel_model/kernel/kernel.h"
#include "kernel_model/proc/proc_files.h"
#include "kernel_model/run/run_loop.h"
#include "kernel_model/syscall/dispatch.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tests/kernel_model/loader/loader_support.h"
#include "tests/support/host.h"

namespace uprobesim::test {

// Encodings from the Arm ARM's A64 base instruction pages.
namespace a64 {
constexpr std::uint32_t kSvc = 0xd4000001, kNop = 0xd503201f, kRet = 0xd65f03c0;
constexpr std::uint32_t movz(unsigned d, unsigned imm, unsigned shift = 0) {
    return 0xd2800000u | (shift / 16) << 21 | imm << 5 | d;
}
constexpr std::uint32_t movn(unsigned d, unsigned imm) {
    return 0x92800000u | imm << 5 | d;
}
constexpr std::uint32_t movk(unsigned d, unsigned imm, unsigned shift) {
    return 0xf2800000u | (shift / 16) << 21 | imm << 5 | d;
}
constexpr std::uint32_t mov(unsigned d, unsigned m) {
    return 0xaa0003e0u | m << 16 | d;
}
constexpr std::uint32_t brk(unsigned imm) {
    return 0xd4200000u | imm << 5;
}
constexpr std::uint32_t b(int words) {
    return 0x14000000u | (static_cast<std::uint32_t>(words) & 0x3ffffffu);
}
constexpr std::uint32_t br(unsigned n) {
    return 0xd61f0000u | n << 5;
}
constexpr std::uint32_t ldr(unsigned t, unsigned n) {
    return 0xf9400000u | n << 5 | t;
}
constexpr std::uint32_t str(unsigned t, unsigned n) {
    return 0xf9000000u | n << 5 | t;
}
constexpr std::uint32_t adr(unsigned d, int bytes) {
    const auto imm = static_cast<std::uint32_t>(bytes);
    return 0x10000000u | (imm & 3) << 29 | (imm >> 2 & 0x7ffff) << 5 | d;
}
constexpr std::uint32_t mrs(unsigned t, unsigned op0, unsigned op1, unsigned crn, unsigned crm,
                            unsigned op2) {
    return 0xd5300000u | (op0 & 1) << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5 | t;
}
}  // namespace a64

class GuestTree {
public:
    GuestTree() { std::filesystem::create_directories(path() + "/bin"); }
    const std::string& path() const { return folder_.path(); }

    // A static program: `words` at its entry, 0x400100.
    void add_program(const std::string& name, const std::vector<std::uint32_t>& words) {
        TestElf elf;
        elf.size = 0x100 + words.size() * 4;
        elf.segments.front().file_size = elf.segments.front().memory_size = elf.size;
        std::vector<std::byte> bytes = elf.bytes();
        std::memcpy(bytes.data() + 0x100, words.data(), words.size() * 4);
        std::ofstream file(path() + name, std::ios::binary);
        file.write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
        file.close();
        std::filesystem::permissions(path() + name, std::filesystem::perms::all);
    }

private:
    TempFolder folder_;
};

inline MachineProfile profile_at(double hz) {
    MachineProfile profile;
    profile.frequency_hz.value = hz;
    profile.counter_hz.value = 50e6;
    return profile;
}

struct KernelFixture {
    static constexpr std::uint64_t kEntry = 0x400100;
    GuestTree tree;
    Machine machine;
    std::unique_ptr<FileSystem> files;
    std::unique_ptr<Kernel> kernel;
    std::unique_ptr<RunLoop> run_loop;

    explicit KernelFixture(const std::vector<std::uint32_t>& words = {a64::movz(8, 94), a64::kSvc},
                           TrapClient* client = nullptr, MachineProfile priced = profile_at(1e9))
        : machine(std::move(priced), KernelProfile{}, std::uint64_t{64} << 20, 1,
                  std::make_unique<FlatCore>()) {
        tree.add_program("/bin/guest", words);
        auto made = FileSystem::create(machine, std::make_unique<SpecialFiles>(machine),
                                       {.root = tree.path(), .binds = {}, .scratch = {}});
        REQUIRE(made);
        files = std::move(*made);
        kernel = std::make_unique<Kernel>(machine, *files);
        run_loop = std::make_unique<RunLoop>(*kernel);
        if (client != nullptr) kernel->attach(*client);
        const auto started =
            kernel->processes().start({.arguments = {"/bin/guest"}, .environment = {}});
        if (!started) FAIL(started.error().error.line());
    }
    Process& process() { return *kernel->processes().all().at(1000); }
    Task& task() { return *process().tasks.at(TaskId{1000}); }
    std::uint64_t x(unsigned n) { return machine.cpu->read(task().context, xreg(n)); }
    std::uint64_t pc() { return machine.cpu->read(task().context, Reg::Pc); }
    std::uint64_t exceptions(ExceptionClass ec) {
        return machine.ledger.total().exceptions[static_cast<std::size_t>(ec)];
    }
    std::uint64_t times(KernelPath path) {
        return machine.ledger.total().paths[static_cast<std::size_t>(path)].times;
    }
};

// exit_group(x0)
inline std::vector<std::uint32_t> with_exit(std::vector<std::uint32_t> words) {
    words.push_back(a64::movz(8, 94));
    words.push_back(a64::kSvc);
    return words;
}

}  // namespace uprobesim::test
