// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/views/trace_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kernel_model/task/scheduler.h"
#include "tools/format/text_width.h"
#include "tools/simulation/run_counts.h"

namespace uprobesim {
namespace {

std::string verdict_text(const Uprobe& uprobe) {
    if (uprobe.verdict.kind != VerdictKind::Emulate) return "step";
    return std::string(handler_name(uprobe.verdict.handler));
}

}  // namespace

bool TraceView::cut() {
    if (cut_ns_) return false;
    cut_ns_ = last_ns_;
    end_everything();
    return false;
}

TraceView::Lane* TraceView::find(TaskId task) {
    if (last_lane_ != nullptr && last_lane_->task == task) return last_lane_;
    const auto found = lanes_.find(task);
    return found == lanes_.end() ? nullptr : last_lane_ = &found->second;
}

void TraceView::begin(const Scheduler& scheduler) {
    scheduler_ = &scheduler;
    counters_.begin(now_ns());
    user_label_ = writer_->label({"user", "EL0"});
    slot_label_ = writer_->label({"user", "EL0, in the slot"});
}

void TraceView::name_lane(Lane& lane, const Task& task) {
    const std::string name = visible(task.comm);
    if (lane.task.value == 0) {
        const auto id = static_cast<std::uint32_t>(task.id.value);
        const auto pid = static_cast<std::uint32_t>(task.process->pid);
        lane.track = writer_->add({TraceTrack::Kind::Task, id, pid}, name);
        lane.task = task.id;
    } else {
        writer_->rename(lane.track, name);
    }
    lane.comm = task.comm;
    lane.on_cpu = writer_->label({"task", name, {{"task", fmt::format("{}", task.id.value)}}});
    lane.wakes = writer_->label({"wakeup", fmt::format("wakes {} {}", name, task.id.value)});
}

TraceView::Lane& TraceView::lane_of(const Task& task) {
    if (scheduler_ == nullptr) begin(*task.scheduler);
    Lane* const known = find(task.id);
    Lane& lane = known != nullptr ? *known : lanes_[task.id];
    if (lane.ended) {  // the id's next owner, after an execve of another thread
        close_all(lane, lane.last_ns);
        lane.ended = false;
    }
    if (lane.task.value == 0 || lane.comm != task.comm) name_lane(lane, task);
    last_lane_ = &lane;
    return lane;
}

LabelId TraceView::label_of(ExceptionClass ec) {
    std::optional<LabelId>& label = exception_labels_[static_cast<std::size_t>(ec)];
    if (!label) label = writer_->label({"exception", std::string(exception_class_name(ec))});
    return *label;
}

LabelId TraceView::new_label(KernelPath path) {
    const LabelId label = writer_->label({"path", std::string(kernel_path_info(path).name)});
    path_labels_[static_cast<std::size_t>(path)] = label;
    return label;
}

TraceView::TracedProbe& TraceView::traced(const Uprobe& uprobe) {
    if (last_probe_ != nullptr && last_probe_->uprobe == &uprobe) return *last_probe_;
    const auto [found, is_new] = probes_.try_emplace(&uprobe);
    TracedProbe& probe = *(last_probe_ = &found->second);
    if (!is_new) return probe;
    const std::string name = visible(probe_name(uprobe)), verdict = verdict_text(uprobe);
    const auto label = [&](const std::string& how) {
        return writer_->label({"probe", name, {{"probe", name}, {"verdict", how}}});
    };
    probe.uprobe = &uprobe;
    probe.hit = label(verdict);
    probe.returns = label("return");
    probe.steps = verdict == "step";
    return probe;
}

// What was charged just now took until now.
TraceView::Span TraceView::span_of(CentiCycles cycles) {
    const CentiCycles now = scheduler_->now();
    const std::uint64_t begin = ns_of(now < cycles ? CentiCycles() : now - cycles);
    return {begin, remember(now)};
}

// A task that goes to another CPU may come to one whose clock is behind.
std::uint64_t TraceView::at(Lane& lane, std::uint64_t ns) {
    return lane.last_ns = std::max(lane.last_ns, ns);
}

void TraceView::open(Lane& lane, Level level, std::uint64_t ns, LabelId label,
                     const TraceFlow& flow) {
    writer_->begin(lane.track, at(lane, ns), label, {}, flow);
    lane.open.push_back(level);
}

void TraceView::close_one(Lane& lane, std::uint64_t ns) {
    const Level level = lane.open.back();
    lane.open.pop_back();
    if (level == Level::User) return writer_->end(lane.track, at(lane, ns), {});
    CentiCycles& sum = level == Level::Hit ? lane.hit_cycles : lane.exception_cycles;
    const TraceArgument cycles{"cycles", in_cycles(std::exchange(sum, {}))};
    writer_->end(lane.track, at(lane, ns), {&cycles, 1});
    if (level == Level::Hit) count_hits(*std::exchange(lane.hit, nullptr), lane.last_ns);
}

void TraceView::close_above_hit(Lane& lane, std::uint64_t ns) {
    while (!lane.open.empty() && lane.open.back() != Level::Hit) close_one(lane, ns);
}

void TraceView::close_all(Lane& lane, std::uint64_t ns) {
    while (!lane.open.empty()) close_one(lane, ns);
}

// The first that is heard of a task after it was woken.
TraceFlow TraceView::wakeup_of(Lane& lane) {
    const std::uint64_t id = std::exchange(lane.wakeup, 0);
    return {.id = id, .ends = true, .name = "wakeup"};
}

void TraceView::leaf(Lane& lane, const Span& span, LabelId label, TraceArguments arguments) {
    const std::uint64_t begin = at(lane, span.begin_ns), end = at(lane, span.end_ns);
    if (lane.wakeup == 0) return writer_->leaf(lane.track, begin, end, label, arguments);
    writer_->begin(lane.track, begin, label, arguments, wakeup_of(lane));
    writer_->end(lane.track, end, {});
}

void TraceView::count_hits(TracedProbe& probe, std::uint64_t ns) {
    const std::uint64_t more = probe.uprobe->hits - probe.counted;
    if (more == 0) return;
    probe.counted += more;
    counters_.add_hits(ns, more);
}

void TraceView::add_cpu(CpuLane& cpu, unsigned id) {
    cpu.track = writer_->add({TraceTrack::Kind::Cpu, id, 0}, fmt::format("CPU {}", id));
    cpu.known = true;
}

void TraceView::take_cpu(CpuLane& cpu, const Lane& lane, const Span& span) {
    if (!cpu.known) add_cpu(cpu, scheduler_->here().id);
    if (cpu.open) writer_->end(cpu.track, cpu.last_ns, {});
    cpu.last_ns = std::max(cpu.last_ns, span.begin_ns);
    writer_->begin(cpu.track, cpu.last_ns, lane.on_cpu, {}, {});
    cpu.open = true;
    cpu.task = lane.task;
    counters_.count_waiting(span.begin_ns, *scheduler_);
}

void TraceView::on_cpu(const Lane& lane, const Span& span, bool was_idle) {
    last_ns_ = std::max(last_ns_, span.end_ns);
    CpuLane& cpu = cpus_[scheduler_->here().id];
    if (!cpu.open || was_idle || cpu.task != lane.task) [[unlikely]]
        take_cpu(cpu, lane, span);
    cpu.last_ns = std::max(cpu.last_ns, span.end_ns);
}

// An exception of a hit: its first one opens it, the one after the step ends the flow to there.
TraceFlow TraceView::begin_hit(Lane& lane, ExceptionClass ec, CentiCycles cycles,
                               std::uint64_t ns) {
    const auto place = hit_place(*uprobes_, *lane.trapped, lane.pc);
    if (!place) return {};
    if (place->steps) {
        // The first fetch from a slot is an abort on the way there.
        const bool ends_step = ec == ExceptionClass::SoftwareStep || ec == ExceptionClass::Brk;
        if (!ends_step) return {};
        return {.id = std::exchange(lane.flow, 0), .ends = true};
    }
    if (lane.hit != nullptr) return {};
    TracedProbe& probe = traced(*place->uprobe);
    open(lane, Level::Hit, ns, place->returns ? probe.returns : probe.hit);
    lane.hit = &probe;
    lane.hit_cycles = cycles;
    if (place->returns || !probe.steps) return {};
    return {.id = lane.flow = ++flows_};
}

void TraceView::charged(TaskId task, ExceptionClass ec, CentiCycles cycles, Account account) {
    Lane* lane = find(task);
    if (lane == nullptr || !goes_on()) return;
    const Span span = span_of(cycles);
    on_cpu(*lane, span);
    if (account == Account::ProbeHit && lane->hit != nullptr) lane->hit_cycles += cycles;
    // Interrupts are not announced.
    const bool interrupts =
        ec == ExceptionClass::Irq && !lane->open.empty() && lane->open.back() == Level::User;
    const bool announced = std::exchange(lane->expects, false);
    if (!announced && !interrupts) {
        lane->exception_cycles += cycles;
        const TraceArgument argument{"cycles", in_cycles(cycles)};
        return leaf(*lane, span, label_of(ec), {&argument, 1});
    }
    close_above_hit(*lane, span.begin_ns);
    TraceFlow flow;
    if (announced && account == Account::ProbeHit)
        flow = begin_hit(*lane, ec, cycles, span.begin_ns);
    open(*lane, Level::Exception, span.begin_ns, label_of(ec), flow);
    lane->exception_cycles = cycles;
    (void)at(*lane, span.end_ns);
}

void TraceView::charged(TaskId task, KernelPath path, std::uint64_t units, CentiCycles cycles,
                        Account account) {
    Lane* lane = find(task);
    if (lane == nullptr || !goes_on()) return;
    const Span span = span_of(cycles);
    on_cpu(*lane, span, path == KernelPath::IdleExit);
    lane->exception_cycles += cycles;
    if (account == Account::ProbeHit && lane->hit != nullptr) lane->hit_cycles += cycles;
    // Units are named by literals.
    const std::array arguments = {TraceArgument{"cycles", in_cycles(cycles)},
                                  TraceArgument{kernel_path_info(path).unit.data(), units}};
    leaf(*lane, span, label_of(path), {arguments.data(), units != 0 ? 2u : 1u});
}

// The running task, if there is one, does it in the slice that it has open.
void TraceView::woken(const Task& task) {
    if (scheduler_ == nullptr || !goes_on()) return;
    const std::uint64_t now = now_ns();
    counters_.count_waiting(now, *scheduler_);
    Lane* const lane = find(task.id);
    const Task* const waker = scheduler_->here().running;
    if (lane == nullptr || waker == nullptr || waker == &task) return;
    Lane* const by = find(waker->id);
    if (by == nullptr || by->open.empty()) return;
    lane->wakeup = ++flows_;
    writer_->instant(by->track, at(*by, now), lane->wakes, {.id = lane->wakeup, .name = "wakeup"});
}

// The slices of the leg are there already, one after the other: what is left of its exception until
// the return is the waiting.
void TraceView::waited(TaskId task, SharedLine, CentiCycles cycles, Account account) {
    Lane* lane = find(task);
    if (lane == nullptr || !goes_on()) return;
    lane->exception_cycles += cycles;
    if (account == Account::ProbeHit && lane->hit != nullptr) lane->hit_cycles += cycles;
}

void TraceView::trapped(const Task& task, const Stop& stop, const ExceptionRegisters&) {
    if (!goes_on()) return;
    Lane& lane = lane_of(task);
    const std::uint64_t now = now_ns();
    on_cpu(lane, {now, now});
    close_above_hit(lane, now);
    lane.trapped = &task;
    lane.pc = stop.pc;
    lane.expects = true;
}

bool TraceView::returning(const Task& task) {
    if (!goes_on()) return true;
    Lane& lane = lane_of(task);
    const std::uint64_t now = now_ns();
    on_cpu(lane, {now, now});
    if (!lane.open.empty() && lane.open.back() == Level::User) return true;
    close_above_hit(lane, now);
    const bool steps = is_stepping(task);
    if (!steps) close_all(lane, now);
    open(lane, Level::User, now, steps ? slot_label_ : user_label_, wakeup_of(lane));
    return true;
}

void TraceView::task_ended(const Task& task, const TaskEnd&) {
    if (Lane* lane = find(task.id)) lane->ended = true;
}

void TraceView::end_everything() {
    for (auto& [id, lane] : lanes_) close_all(lane, lane.ended ? lane.last_ns : last_ns_);
    for (const CpuLane& cpu : cpus_) {
        if (cpu.open) writer_->end(cpu.track, cpu.last_ns, {});
    }
    counters_.end();
}

void TraceView::end() {
    if (!cut_ns_) end_everything();
}

void TraceView::finish() {
    writer_->finish();
}

}  // namespace uprobesim
