// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/target/registers.h"

#include "tests/sim/cpu/cpu_fixture.h"

using namespace uprobesim;

TEST_CASE("registers have gdb's numbers and sizes", "[gdb]") {
    CpuFixture f;
    f.x(3, 0x1122334455667788);
    f.cpu->write(f.task, Reg::Pstate, 0x60000000);
    FpState fp;
    fp.v[5] = {1, 2};
    fp.fpcr = 0x400000;
    f.cpu->write_fp(f.task, fp);
    const std::string all = register_bytes(*f.cpu, f.task);
    // 33 of 8 bytes, cpsr, 32 of 16, fpsr, fpcr, tpidr: as gdb's aarch64 features have them.
    CHECK(all.size() == 33 * 8 + 4 + 32 * 16 + 4 + 4 + 8);
    CHECK(register_bytes(*f.cpu, f.task, 3) == std::string("\x88\x77\x66\x55\x44\x33\x22\x11"));
    CHECK(register_bytes(*f.cpu, f.task, 33) == std::string("\0\0\0\x60", 4));
    CHECK(register_bytes(*f.cpu, f.task, 34 + 5)->at(8) == 2);
    CHECK_FALSE(register_bytes(*f.cpu, f.task, 69));
    CHECK(set_register(*f.cpu, f.task, 34 + 7, std::string(16, 'a')));
    CHECK(f.cpu->read_fp(f.task).v[7][1] == 0x6161616161616161);
    CHECK_FALSE(set_register(*f.cpu, f.task, 1, "short"));
    CHECK(set_registers(*f.cpu, f.task, all));
    CHECK(register_bytes(*f.cpu, f.task) == all);
    CHECK_FALSE(set_registers(*f.cpu, f.task, all.substr(1)));
}
