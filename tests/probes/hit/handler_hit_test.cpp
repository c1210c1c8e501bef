// SPDX-License-Identifier: GPL-2.0-or-later
// What handlers are charged in a run.
#include "probes/hit/steady_hit.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tests/probes/hit/probed_run.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

constexpr std::uint32_t kMovFpSp = 0x910003fd;  // mov x29, sp
constexpr std::uint32_t kClearFp = 0xd280001d;  // movz x29, #0

MachineProfile machine() {
    auto profile = load_machine_profile("kunpeng916", {});
    REQUIRE(profile);
    return std::move(*profile);
}
KernelProfile kernel(const char* name = "v6.12") {
    auto profile = load_kernel_profile(name, {});
    REQUIRE(profile);
    return std::move(*profile);
}

// `depth` frame records below each other, then a call of the last two words.
std::vector<std::uint32_t> nested(unsigned depth, std::uint32_t chain_end = kClearFp) {
    std::vector<std::uint32_t> words = {chain_end};
    for (unsigned i = 0; i < depth; ++i) words.insert(words.end(), {kPush, kMovFpSp});
    words.insert(words.end(), {bl(3), a64::movz(8, 94), a64::kSvc, a64::kNop, a64::kRet});
    return words;
}
std::string target_of(const std::vector<std::uint32_t>& words, const std::string& kind) {
    return kind + ":/bin/guest:" + std::to_string(ProbedRun::kText + 4 * (words.size() - 2));
}

struct StackUse {
    std::uint64_t frames = 0;
    std::uint64_t cut = 0;
};
StackUse stack_use(const std::vector<std::uint32_t>& words, const std::string& handler,
                   const std::string& kind = "uprobe") {
    ProbedRun run(words, Probed{{}, {}, {target_of(words, kind) + "==" + handler}}, machine(),
                  kernel());
    REQUIRE(run.run().kind == ExitKind::Exited);
    const auto paths = run.machine.ledger.total().paths;
    const PathCount& walk = paths[static_cast<std::size_t>(KernelPath::BpfStackId)];
    CHECK(walk.times == 1);
    return {walk.units + 1, paths[static_cast<std::size_t>(KernelPath::BpfStackCut)].times};
}

}  // namespace

TEST_CASE("a user stack costs by its real depth, up to what the handler keeps", "[hit][handlers]") {
    // The pc and each frame record are a frame.
    CHECK(stack_use(nested(0), "ustack:10").frames == 1);
    CHECK(stack_use(nested(1), "ustack:10").frames == 2);
    const StackUse all = stack_use(nested(9), "ustack:10");
    CHECK(all.frames == 10);
    CHECK(all.cut == 0);
    const StackUse cut = stack_use(nested(10), "ustack:10");
    CHECK(cut.frames == 10);
    CHECK(cut.cut == 1);
    CHECK(stack_use(nested(4), "ustack:10", "uretprobe").frames == 5);
}

TEST_CASE("a frame pointer that leads nowhere ends the stack", "[hit][handlers]") {
    // movz x29, #8; an odd one; the program's own text, whose words are no addresses above it.
    CHECK(stack_use(nested(0, 0xd280011d), "ustack:10").frames == 1);
    CHECK(stack_use(nested(0, 0xd280003d), "ustack:10").frames == 1);
    CHECK(stack_use(nested(3, 0xd280011d), "ustack:10").frames == 4);
}

TEST_CASE("a handler is charged at each hit, a return's at each return", "[hit][handlers]") {
    const std::vector<std::uint32_t> words = {a64::movz(19, 5), bl(5),     0xf1000673, cbnz(19, -2),
                                              a64::movz(8, 94), a64::kSvc, a64::kNop,  a64::kRet};
    const std::string at = ":/bin/guest:" + std::to_string(ProbedRun::kText + 24);
    for (const char* kind : {"uprobe", "uretprobe"}) {
        INFO(kind);
        ProbedRun run(words, Probed{{}, {}, {kind + at + "==printf:1", kind + at + "==hist"}},
                      machine(), kernel());
        REQUIRE(run.run().kind == ExitKind::Exited);
        CHECK(run.times(KernelPath::BpfPerfOutput) == 5);
        CHECK(run.times(KernelPath::BpfPerfOutputWakeup) == 5);
        CHECK(run.times(KernelPath::BpfPercpuHashUpdate) == 5);
        CHECK(run.times(KernelPath::UprobeConsumers) == 5);
        CHECK(run.probe(0).consumers == 2);
        CHECK(run.probe(0).hits == 5);
    }
}

TEST_CASE("a pair is two consumers: one at the entry, one at the return", "[hit][handlers]") {
    const auto words = nested(1);
    ProbedRun run(words, Probed{{}, {}, {target_of(words, "uretprobe") + "==latency-pair"}},
                  machine(), kernel());
    REQUIRE(run.run().kind == ExitKind::Exited);
    CHECK(run.probe(0).consumers == 2);
    CHECK(run.probe(0).return_consumers == 1);
    CHECK(run.times(KernelPath::BpfHashInsert) == 1);
    CHECK(run.times(KernelPath::BpfHashDelete) == 1);
}

TEST_CASE("a session is one consumer whose program runs twice", "[hit][handlers]") {
    const TempFolder folder;
    const std::string session = folder.write(
        "session.toml",
        "description = \"x\"\nlink = \"uprobe-session\"\ncalls = [{ call = \"ktime\" }]\n");
    const auto words = nested(1);
    ProbedRun run(words, Probed{{}, {}, {target_of(words, "uretprobe") + "==" + session}},
                  machine(), kernel());
    REQUIRE(run.run().kind == ExitKind::Exited);
    CHECK(run.probe(0).consumers == 1);
    CHECK(run.probe(0).return_consumers == 1);
    CHECK(run.times(KernelPath::BpfKtime) == 2);
    CHECK(run.times(KernelPath::UprobeConsumers) == 0);
    CHECK(run.times(KernelPath::UprobeConsumersLinks) == 1);
    CHECK(run.times(KernelPath::UprobeConsumersMulti) == 1);
    CHECK(run.times(KernelPath::UretprobeMulti) == 1);
    CHECK(run.times(KernelPath::UretprobeReturn) == 1);
}

TEST_CASE("a handler for returns is refused on a probe that has none", "[hit][handlers]") {
    const auto words = nested(0);
    ProbedRun run(words, Probed{}, machine(), kernel());
    const auto specs = parse_probe_specs(target_of(words, "uprobe"));
    const auto handler = find_handler("latency-pair");
    REQUIRE(specs);
    REQUIRE(handler);
    const auto added = run.uprobes->add(specs->front(), handler->get());
    REQUIRE_FALSE(added);
    CHECK(added.error().hint.find("uretprobe") != std::string::npos);
}

TEST_CASE("without a handler the kernel profile's consumer is charged as ever", "[hit][handlers]") {
    const auto words = nested(0);
    const std::string spec = target_of(words, "uprobe");
    ProbedRun plain(words, Probed{{}, {}, {spec, spec}}, machine(), kernel());
    REQUIRE(plain.run().kind == ExitKind::Exited);
    CHECK(plain.times(KernelPath::UprobeConsumers) == 1);
    CHECK(plain.times(KernelPath::UprobeConsumersFurther) == 0);
    ProbedRun empty(words, Probed{{}, {}, {spec + "==empty"}}, machine(), kernel());
    ProbedRun one(words, Probed{{}, {}, {spec}}, machine(), kernel());
    REQUIRE(empty.run().kind == ExitKind::Exited);
    REQUIRE(one.run().kind == ExitKind::Exited);
    CHECK(empty.probe(0).cycles == one.probe(0).cycles);
    ProbedRun none(words, Probed{{}, {}, {spec + "==none"}}, machine(), kernel());
    REQUIRE(none.run().kind == ExitKind::Exited);
    CHECK(none.probe(0).cycles < one.probe(0).cycles);
}

TEST_CASE("what is said of a hit with handlers without running it is what running it charges",
          "[hit][handlers][estimate]") {
    const std::vector<std::uint32_t> words = {a64::movz(19, 9), bl(5),     0xf1000673, cbnz(19, -2),
                                              a64::movz(8, 94), a64::kSvc, a64::kNop,  a64::kRet};
    const std::string at = ":/bin/guest:" + std::to_string(ProbedRun::kText + 24);
    const TempFolder folder;
    const std::string link = folder.write("link.toml",
                                          "description = \"x\"\nlink = \"uprobe-multi\"\n"
                                          "calls = [{ call = \"ktime\" }]\n");
    const std::string session = folder.write("session.toml",
                                             "description = \"x\"\nlink = \"uprobe-session\"\n"
                                             "calls = [{ call = \"ktime\" }]\n");
    const std::vector<std::pair<std::string, std::string>> sets[] = {
        {{"uprobe", link}},
        {{"uretprobe", link}},
        {{"uretprobe", session}},
        {{"uprobe", "count"}, {"uprobe", link}, {"uretprobe", session}},
        {{"uprobe", "count"}},
        {{"uprobe", "count+hist"}, {"uretprobe", "latency-pair+count"}},
        {{"uprobe", "printf:2"}, {"uprobe", "hist"}},
        {{"uretprobe", "latency-pair"}},
        {{"uprobe", "none"}, {"uretprobe", "count"}, {"uretprobe", "perf-record:1"}}};
    for (const char* name : {"v6.1", "v6.12", "next-20241104+stp"}) {
        KernelProfile profile = kernel(name);
        for (const auto& set : sets) {
            // One after the other with and without runs of programs counted.
            profile.bpf_stats = profile.bpf_stats == BpfStats::No ? BpfStats::Yes : BpfStats::No;
            ProbeConsumers consumers{0, 0};
            Probed probed;
            for (const auto& [kind, handler] : set) {
                const auto found = find_handler(handler);
                REQUIRE(found);
                const bool of_return = kind == "uretprobe";
                const NewConsumers added = consumers_of(found->get(), of_return);
                consumers.entry += added.entry;
                consumers.returns += added.returns;
                consumers.handlers.add(found->get(), of_return);
                probed.specs.push_back(fmt::format("{}{}=={}", kind, at, handler));
            }
            ProbedRun run(words, probed, machine(), profile);
            REQUIRE(run.run().kind == ExitKind::Exited);
            const SteadyHit hit = steady_hit(profile, words[6], consumers);
            for (const PathUse& use : hit.paths) {
                if (use.path < KernelPath::BpfInsn && use.path != KernelPath::UprobeConsumers)
                    continue;
                std::uint64_t times = 0, units = 0;
                for (const PathUse& same : hit.paths) {
                    if (same.path != use.path) continue;
                    ++times;
                    units += same.units;
                }
                const PathCount all =
                    run.machine.ledger.total().paths[static_cast<std::size_t>(use.path)];
                INFO(name << ", " << kernel_path_info(use.path).name);
                CHECK(all.times == 9 * times);
                CHECK(all.units == 9 * units);
            }
        }
    }
}
