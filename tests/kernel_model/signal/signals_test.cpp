// SPDX-License-Identifier: GPL-2.0-or-later
// Offsets and magic numbers are those of the arm64 user ABI: siginfo_t, ucontext_t, struct
// sigcontext and its records.
#include "kernel_model/signal/signals.h"

#include "tests/kernel_model/kernel/kernel_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

constexpr std::uint64_t kHandler = KernelFixture::kEntry + 8 * 4;
constexpr std::size_t kUsr1 = 10, kSegv = 11;

// Eight words of "main": nops and an exit with status 3; then the handler.
std::vector<std::uint32_t> program(std::vector<std::uint32_t> handler) {
    std::vector<std::uint32_t> words{a64::kNop, a64::kNop,       a64::kNop,        a64::kNop,
                                     a64::kNop, a64::movz(0, 3), a64::movz(8, 94), a64::kSvc};
    words.insert(words.end(), handler.begin(), handler.end());
    return words;
}

struct SignalFixture : KernelFixture {
    explicit SignalFixture(std::vector<std::uint32_t> handler = {a64::kRet},
                           TrapClient* client = nullptr)
        : KernelFixture(program(std::move(handler)), client) {}
    void handle(std::size_t signal, std::uint64_t flags, std::uint64_t mask = 0) {
        process().actions[signal] = {
            .handler = kHandler, .flags = flags, .restorer = 0, .mask = mask};
    }
    void send(Signal s) {
        kernel->signals().send(task(), {.signal = s, .code = abi::kSiUser, .pid = 77, .uid = 5});
    }
    template <class T = std::uint64_t>
    T at(std::uint64_t address) {
        return UserMemory(*process().mm, task().id).get<T>(VAddr(address)).value();
    }
    std::uint64_t sp() { return machine.cpu->read(task().context, Reg::Sp); }
    // Runs until `n` more instructions are retired.
    ExitSummary go(std::uint64_t n) {
        return run_loop->run({.max_insns = kernel->counters().retired().value + n});
    }
};

struct Refuser : TrapClient {
    int asked = 0;
    bool owns_brk(const Task&, std::uint16_t) const override { return false; }
    bool owns_step(const Task&) const override { return false; }
    bool owns_page(const Process&, VAddr) const override { return false; }
    void on_brk(Task&, std::uint16_t) override {}
    void on_step(Task&) override {}
    void notify_resume(Task&) override {}
    bool deny_signal(Task&) override { return ++asked == 1; }
    void leg_over(TaskId, std::uint32_t, const LineUse&) override {}
    void on_map(Process&, const Vma&) override {}
    std::uint64_t on_unmap(Process&, VRange) override { return 0; }
    void on_executable(Process&, VRange) override {}
    void on_clone(Task&, Task&, bool) override {}
    void on_exec(Process&) override {}
    void on_task_exit(Task&) override {}
    void on_memory_end(Task&, Mm&) override {}
};

}  // namespace

TEST_CASE("the signal frame is laid out as arm64's", "[signals]") {
    SignalFixture f({a64::kNop, a64::b(-1)});
    f.handle(kUsr1, abi::kSaSigInfo, signal_bit(Signal::Usr2));
    f.task().sigmask = signal_bit(Signal::Hup);
    UserRegisters regs = f.machine.cpu->read_all(f.task().context);
    for (unsigned i = 0; i < 31; ++i) regs.x[i] = 0x1000 + i;
    regs.pstate = 0x60000000;
    f.machine.cpu->write_all(f.task().context, regs);
    FpState fp;
    fp.v[31] = {0x1111, 0x2222};
    fp.fpcr = 0x400000;
    f.machine.cpu->write_fp(f.task().context, fp);
    f.send(Signal::Usr1);
    f.go(1);

    const std::uint64_t frame = f.sp();
    CHECK(frame % 16 == 0);
    CHECK(f.x(0) == 10);
    CHECK(f.x(1) == frame);
    CHECK(f.x(2) == frame + 128);
    CHECK(f.x(29) == frame + 4688);
    CHECK(f.at<std::int32_t>(frame) == 10);                    // si_signo
    CHECK(f.at<std::int32_t>(frame + 8) == 0);                 // si_code: SI_USER
    CHECK(f.at<std::int32_t>(frame + 16) == 77);               // si_pid
    CHECK(f.at<std::uint32_t>(frame + 20) == 5);               // si_uid
    CHECK(f.at(frame + 128 + 40) == signal_bit(Signal::Hup));  // uc_sigmask
    const std::uint64_t context = frame + 128 + 176;
    CHECK(f.at(context) == 0);
    for (unsigned i = 0; i < 31; ++i) CHECK(f.at(context + 8 + 8 * i) == 0x1000 + i);
    CHECK(f.at(context + 256) == regs.sp);
    CHECK(f.at(context + 264) == KernelFixture::kEntry);
    CHECK(f.at(context + 272) == 0x60000000);
    const std::uint64_t records = context + 288;
    CHECK(f.at<std::uint32_t>(records) == 0x46508001);  // FPSIMD_MAGIC
    CHECK(f.at<std::uint32_t>(records + 4) == 528);
    CHECK(f.at<std::uint32_t>(records + 12) == 0x400000);
    CHECK(f.at(records + 16 + 31 * 16) == 0x1111);
    CHECK(f.at(records + 24 + 31 * 16) == 0x2222);
    CHECK(f.at(records + 528) == 0);           // the end
    CHECK(f.at(frame + 4688) == 0x1000 + 29);  // frame record: fp, lr
    CHECK(f.at(frame + 4696) == 0x1000 + 30);
    CHECK(f.at<std::uint32_t>(f.x(30)) == 0xd2801168);  // mov x8, #139
    CHECK(f.at<std::uint32_t>(f.x(30) + 4) == 0xd4000001);
    CHECK(f.task().sigmask ==
          (signal_bit(Signal::Hup) | signal_bit(Signal::Usr2) | signal_bit(Signal::Usr1)));
    CHECK(f.times(KernelPath::SignalDeliver) == 1);
}

TEST_CASE("returning from a handler restores everything", "[signals]") {
    SignalFixture f({a64::movz(5, 9), 0xeb1f03ff /* cmp xzr, xzr */, a64::kRet});
    f.handle(kUsr1, 0);
    f.machine.cpu->write(f.task().context, xreg(5), 42);
    f.send(Signal::Usr1);
    f.go(5);  // handler and the two words of the way back
    CHECK(f.x(5) == 42);
    CHECK(f.pc() == KernelFixture::kEntry);
    CHECK(f.machine.cpu->read(f.task().context, Reg::Pstate) == 0);
    CHECK(f.task().sigmask == 0);
    CHECK(f.times(KernelPath::SignalReturn) == 1);
    CHECK(f.run_loop->run({}).status == 3);
}

TEST_CASE("a fault's frame carries its address and syndrome", "[signals]") {
    KernelFixture f({a64::movz(1, 8), a64::str(0, 1)});
    f.process().actions[kSegv] = {
        .handler = KernelFixture::kEntry, .flags = abi::kSaSigInfo, .restorer = 0x5000, .mask = 0};
    f.run_loop->run({.max_insns = 2});
    UserMemory memory(*f.process().mm, f.task().id);
    const std::uint64_t frame = f.machine.cpu->read(f.task().context, Reg::Sp);
    CHECK(memory.get<std::int32_t>(VAddr(frame + 8)) == 1);           // SEGV_MAPERR
    CHECK(memory.get<std::uint64_t>(VAddr(frame + 16)) == 8);         // si_addr
    CHECK(memory.get<std::uint64_t>(VAddr(frame + 128 + 176)) == 8);  // fault_address
    const std::uint64_t second = frame + 128 + 176 + 288 + 528;
    CHECK(memory.get<std::uint32_t>(VAddr(second)) == 0x45535201);  // ESR_MAGIC
    // A write; the program is in the same gigabyte as address 8, nothing in the same 2 MiB: level
    // 2.
    CHECK(memory.get<std::uint64_t>(VAddr(second + 8)) == 0x92000046);
}

TEST_CASE("SA_RESTORER says where handlers return to", "[signals]") {
    SignalFixture f({a64::kNop, a64::b(-1)});
    f.handle(kUsr1, abi::kSaRestorer);
    f.process().actions[kUsr1].restorer = 0x123450;
    f.send(Signal::Usr1);
    f.go(1);
    CHECK(f.x(30) == 0x123450);
}

TEST_CASE("default actions end the process or do nothing", "[signals]") {
    for (const Signal s : {Signal::Chld, Signal::Urg, Signal::Winch, Signal::Cont}) {
        SignalFixture f;
        f.send(s);
        CHECK(f.run_loop->run({}).status == 3);
    }
    SignalFixture f;
    f.send(Signal::Term);
    const ExitSummary end = f.run_loop->run({});
    CHECK(end.kind == ExitKind::Signalled);
    CHECK(end.status == 15);
    CHECK(end.detail == "SIGTERM at pc 0x400100, sent by process 77");
    CHECK(f.times(KernelPath::SignalFatal) == 1);
}

TEST_CASE("a stopped process that no other process can continue is a deadlock", "[signals]") {
    SignalFixture f;
    f.send(Signal::Stop);
    CHECK(f.run_loop->run({}).kind == ExitKind::Deadlock);
    f.send(Signal::Cont);
    CHECK(f.run_loop->run({}).status == 3);
}

// get_signal, "the job control signals do nothing in an orphaned pgrp".
TEST_CASE("a stop from a terminal does nothing to an orphaned process group", "[signals]") {
    for (const Signal signal : {Signal::Tstp, Signal::Ttin, Signal::Ttou}) {
        SignalFixture f;
        f.send(signal);
        CHECK(f.run_loop->run({}).status == 3);
    }
}

TEST_CASE("a blocked signal waits, a forced one does not", "[signals]") {
    SignalFixture f;
    f.handle(kSegv, 0);
    f.task().sigmask = signal_bit(Signal::Segv) | signal_bit(Signal::Term);
    f.send(Signal::Term);
    CHECK_FALSE(f.task().tif_sigpending);
    f.kernel->signals().force(f.task(),
                              {.signal = Signal::Segv, .code = abi::kSegvMaperr, .address = 16});
    const ExitSummary end = f.run_loop->run({});
    CHECK(end.status == 11);
    CHECK(end.detail == "SIGSEGV at pc 0x400100, address 0x10");
}

TEST_CASE("a frame that does not fit on the stack is SIGSEGV", "[signals]") {
    SignalFixture f;
    f.handle(kUsr1, 0);
    f.handle(kSegv, 0);
    f.machine.cpu->write(f.task().context, Reg::Sp, 0x100);
    f.send(Signal::Usr1);
    CHECK(f.run_loop->run({}).status == 11);
}

TEST_CASE("the alternate stack takes the frame that the stack cannot", "[signals]") {
    SignalFixture f({a64::kNop, a64::b(-1)});
    const auto page =
        f.process().mm->map({.length = 0x8000, .prot = {.read = true, .write = true}});
    REQUIRE(page);
    f.task().altstack = {.sp = *page, .size = 0x8000, .flags = 0};
    f.handle(kUsr1, abi::kSaOnStack);
    f.machine.cpu->write(f.task().context, Reg::Sp, 0x100);
    f.send(Signal::Usr1);
    f.go(1);
    CHECK(f.sp() == page->value + 0x8000 - 16 - 4688);
}

TEST_CASE("rt_sigreturn without a frame is SIGSEGV", "[signals]") {
    for (const std::uint64_t sp :
         {std::uint64_t{0}, std::uint64_t{8}, std::uint64_t{0x400100}, ~std::uint64_t{15}}) {
        KernelFixture f({a64::movz(8, 139), a64::kSvc});
        f.machine.cpu->write(f.task().context, Reg::Sp, sp);
        CHECK(f.run_loop->run({}).status == 11);
    }
}

TEST_CASE("rt_sigreturn does not let a frame choose the exception level", "[signals]") {
    SignalFixture f({a64::kRet});
    f.handle(kUsr1, 0);
    f.send(Signal::Usr1);
    f.go(1);
    UserMemory memory(*f.process().mm, f.task().id);
    REQUIRE(memory.put(VAddr(f.sp() + 128 + 176 + 272), std::uint64_t{0x3c5}));  // EL1h, all masked
    CHECK(f.run_loop->run({}).status == 11);
}

TEST_CASE("a handler interrupts a wait unless it restarts it", "[signals]") {
    // futex(stack, FUTEX_WAIT, 0, NULL): the word is 0 for ever
    const auto run = [](std::uint64_t flags) {
        KernelFixture f({0xd10043ff /* sub sp, sp, #16 */, 0xf90003ff /* str xzr, [sp] */,
                         0x910003e0 /* mov x0, sp */, a64::movz(1, 0), a64::movz(2, 0),
                         a64::movz(3, 0), a64::movz(8, 98), a64::kSvc, a64::movz(8, 94), a64::kSvc,
                         a64::kRet});
        f.process().actions[14] = {
            .handler = KernelFixture::kEntry + 40, .flags = flags, .restorer = 0, .mask = 0};
        f.kernel->signal_timers().set_real(f.process(), 1'000'000, 0);
        const ExitSummary end = f.run_loop->run({});
        return std::pair(end, f.times(KernelPath::SignalReturn));
    };
    const auto [interrupted, returns] = run(0);
    CHECK(interrupted.kind == ExitKind::Exited);
    CHECK(interrupted.status == (-4 & 0xff));  // EINTR
    CHECK(returns == 1);
    const auto [restarted, again] = run(abi::kSaRestart);
    CHECK(restarted.kind == ExitKind::Deadlock);
    CHECK(again == 1);
}

// The word is 0 for ever; what x0 is after the handler is the exit status.
std::vector<std::uint32_t> futex_call(unsigned operation, bool timed, std::uint32_t word) {
    return {0xd10083ffu /* sub sp, sp, #32 */,
            a64::movz(9, 1000),
            0xa9007fe9u /* stp x9, xzr, [sp]: 1000 s */,
            a64::movz(10, word),
            0xf9000beau /* str x10, [sp, #16] */,
            0x910043e0u /* add x0, sp, #16 */,
            a64::movz(1, operation),
            a64::movz(2, word),
            timed ? 0x910003e3u /* mov x3, sp */ : a64::movz(3, 0),
            a64::movz(8, 98),
            a64::kSvc,
            a64::movz(8, 94),
            a64::kSvc,
            a64::kRet};
}

TEST_CASE("SA_RESTART repeats what returned ERESTARTSYS, not what has a timeout", "[signals]") {
    // kernel/futex/waitwake.c: ERESTARTSYS without a timeout, ERESTART_RESTARTBLOCK with one.
    const auto run = [](bool timed) {
        KernelFixture f(futex_call(0, timed, 0));
        f.process().actions[14] = {.handler = KernelFixture::kEntry + 52,
                                   .flags = abi::kSaRestart,
                                   .restorer = 0,
                                   .mask = 0};
        f.kernel->signal_timers().set_real(f.process(), 1'000'000, 0);
        return f.run_loop->run({});
    };
    CHECK(run(false).kind == ExitKind::Deadlock);
    const ExitSummary timed = run(true);
    CHECK(timed.kind == ExitKind::Exited);
    CHECK(timed.status == (-4 & 0xff));  // EINTR
}

TEST_CASE("real-time signals beyond RLIMIT_SIGPENDING are refused, by user", "[signals]") {
    SignalFixture f;
    f.task().sigmask = ~std::uint64_t{0};
    f.process().limits[11] = {5, 5};
    SignalQueues& signals = f.kernel->signals();
    const auto queue = [&](int number, std::int32_t code) {
        return signals.send(f.process(), {.signal = static_cast<Signal>(number), .code = code}) !=
               Sending::NoRoom;
    };
    CHECK(queue(10, abi::kSiQueue));  // a standard signal counts too
    CHECK(signals.send(f.process(), {.signal = static_cast<Signal>(10), .code = abi::kSiQueue}) ==
          Sending::NotNeeded);  // but only while it was queued
    for (int i = 0; i < 4; ++i) CHECK(queue(40, abi::kSiQueue));
    CHECK(signals.charged(f.process()) == 5);
    CHECK_FALSE(queue(40, abi::kSiQueue));  // EAGAIN
    CHECK_FALSE(queue(41, abi::kSiTkill));
    // kill() arrives without its data; and once, as there is no entry for the second.
    CHECK(queue(42, abi::kSiUser));
    CHECK(queue(42, abi::kSiUser));
    // What the kernel sends as a standard signal is over the limit.
    CHECK(queue(17, abi::kCldExited));
    CHECK(signals.charged(f.process()) == 6);
    CHECK(f.process().pending.size() == 7);
    // Taking one makes room for one.
    REQUIRE(signals.take(f.task(), signal_bit(static_cast<Signal>(40))));
    REQUIRE(signals.take(f.task(), signal_bit(static_cast<Signal>(40))));
    CHECK(queue(40, abi::kSiQueue));
    CHECK_FALSE(queue(40, abi::kSiQueue));
    // Another user's count is apart.
    set_credentials(f.task(), Credentials::of_user(1000, 1000));
    CHECK(queue(40, abi::kSiQueue));
    // So is a timer's, which has its signal from its making on.
    set_credentials(f.task(), {});
    CHECK(signals.charge(f.process(), false) == nullptr);
}

TEST_CASE("a child has the page that handlers return to, whatever it maps", "[signals]") {
    SignalFixture f;
    f.handle(kUsr1, 0);
    f.send(Signal::Usr1);
    f.go(1);
    const VAddr page = f.process().sigreturn_page;
    REQUIRE(page != VAddr(0));
    ForkedPages copied;
    const auto child = f.process().mm->fork(copied);
    REQUIRE(child);
    const Vma* vma = child->find(page);
    REQUIRE(vma != nullptr);
    CHECK(vma->name == "[sigpage]");
    CHECK(child->map({.length = 4096, .prot = {.read = true, .write = true}}) != page);
}

TEST_CASE("an unaligned load-acquire is SIGBUS, BUS_ADRALN, with its address", "[signals]") {
    // mov x1, sp; add x1, x1, #1; ldar x2, [x1]; then the handler: exit(si_code)
    KernelFixture f({0x910003e1u, 0x91000421u, 0xc8dffc22u, a64::kNop,
                     0xb9400820u /* ldr w0, [x1, #8] */, a64::movz(8, 94), a64::kSvc});
    f.process().actions[7] = {
        .handler = KernelFixture::kEntry + 16, .flags = abi::kSaSigInfo, .restorer = 0, .mask = 0};
    const std::uint64_t sp = f.machine.cpu->read(f.task().context, Reg::Sp);
    const ExitSummary end = f.run_loop->run({});
    CHECK(end.status == abi::kBusAdraln);
    CHECK(f.task().fault_address == sp + 1);
}

TEST_CASE("the probe layer may put a signal off", "[signals]") {
    Refuser client;
    KernelFixture f({a64::b(0), a64::b(0)}, &client);
    constexpr std::uint64_t kSecond = KernelFixture::kEntry + 4;
    f.process().actions[kUsr1] = {.handler = kSecond, .flags = 0, .restorer = 0, .mask = 0};
    f.kernel->signals().send(f.task(), {.signal = Signal::Usr1, .code = abi::kSiUser});
    f.run_loop->run({.max_insns = 10});
    CHECK(client.asked == 1);
    CHECK(f.pc() == KernelFixture::kEntry);
    CHECK(f.task().pending.size() == 1);
    f.task().tif_uprobe = true;  // the end of its step
    f.run_loop->run({.max_insns = 20});
    CHECK(client.asked == 2);
    CHECK(f.pc() == kSecond);
    CHECK(f.task().pending.empty());
}

TEST_CASE("standard signals queue once, real-time ones each time, the lowest first", "[signals]") {
    SignalFixture f;
    f.task().sigmask = ~std::uint64_t{0};
    f.send(Signal::Usr2);
    f.send(Signal::Usr1);
    f.send(Signal::Usr1);
    const auto rt = static_cast<Signal>(40);
    f.send(rt);
    f.send(rt);
    CHECK(f.task().pending.size() == 4);
    f.task().sigmask = 0;
    f.kernel->signals().recalculate(f.task());
    CHECK(f.run_loop->run({}).status == 10);
}
