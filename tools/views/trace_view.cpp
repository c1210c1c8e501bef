// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/views/trace_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kernel_model/task/scheduler.h"
#include "tools/format/text_width.h"

namespace uprobesim {
namespace {

constexpr TraceTrack kHits{TraceTrack::Kind::Counter, 0, 0};

TraceTrack cpu_track(std::size_t cpu) {
    return {TraceTrack::Kind::Cpu, static_cast<std::uint32_t>(cpu), 0};
}

std::string verdict_text(const Uprobe& uprobe) {
    if (uprobe.verdict.kind != VerdictKind::Emulate) return "step";
    return std::string(handler_name(uprobe.verdict.handler));
}

}  // namespace

bool TraceView::goes_on() {
    if (cut_ns_) return false;
    if (writer_->bytes() <= limit_) return true;
    cut_ns_ = last_ns_;
    end_everything();
    return false;
}

TraceView::Lane* TraceView::find(TaskId task) {
    const auto found = lanes_.find(task);
    return found == lanes_.end() ? nullptr : &found->second;
}

TraceView::Lane& TraceView::lane_of(const Task& task) {
    if (scheduler_ == nullptr) {
        scheduler_ = task.scheduler;
        writer_->describe(kHits, "probe hits");
        writer_->count(kHits, scheduler_->now_ns(), 0);
    }
    Lane& lane = lanes_[task.id];
    if (lane.ended) {  // the id's next owner, after an execve of another thread
        close_all(lane, lane.last_ns);
        lane.ended = false;
    }
    std::string name = visible(task.comm);
    if (lane.track.process == 0 || lane.name != name) {
        lane.track = {TraceTrack::Kind::Task, static_cast<std::uint32_t>(task.id.value),
                      static_cast<std::uint32_t>(task.process->pid)};
        lane.name = std::move(name);
        writer_->describe(lane.track, lane.name);
    }
    return lane;
}

// What was charged just now took until now.
TraceView::Span TraceView::span_of(CentiCycles cycles) const {
    const CentiCycles now = scheduler_->now();
    return {scheduler_->to_ns(now < cycles ? CentiCycles() : now - cycles), scheduler_->to_ns(now)};
}

// A task that goes to another CPU may come to one whose clock is behind.
std::uint64_t TraceView::at(Lane& lane, std::uint64_t ns) {
    return lane.last_ns = std::max(lane.last_ns, ns);
}

void TraceView::open(Lane& lane, Level level, std::uint64_t ns, const TraceSlice& slice) {
    writer_->begin(lane.track, at(lane, ns), slice);
    lane.open.push_back(level);
}

void TraceView::close_one(Lane& lane, std::uint64_t ns) {
    TraceArguments more;
    const Level level = lane.open.back();
    lane.open.pop_back();
    if (level == Level::Exception)
        more.push_back({"cycles", in_cycles(std::exchange(lane.exception_cycles, {}))});
    if (level == Level::Hit)
        more.push_back({"cycles", in_cycles(std::exchange(lane.hit_cycles, {}))});
    writer_->end(lane.track, at(lane, ns), more);
    if (level == Level::Hit) count_hits(*std::exchange(lane.hit, nullptr), lane.last_ns);
}

void TraceView::close_above_hit(Lane& lane, std::uint64_t ns) {
    while (!lane.open.empty() && lane.open.back() != Level::Hit) close_one(lane, ns);
}

void TraceView::close_all(Lane& lane, std::uint64_t ns) {
    while (!lane.open.empty()) close_one(lane, ns);
}

void TraceView::leaf(Lane& lane, const Span& span, const TraceSlice& slice) {
    writer_->begin(lane.track, at(lane, span.begin_ns), slice);
    writer_->end(lane.track, at(lane, span.end_ns), {});
}

void TraceView::count_hits(const Uprobe& uprobe, std::uint64_t ns) {
    std::uint64_t& counted = counted_[&uprobe];
    if (counted == uprobe.hits) return;
    hits_ += uprobe.hits - counted;
    counted = uprobe.hits;
    counted_ns_ = std::max(counted_ns_, ns);
    writer_->count(kHits, counted_ns_, hits_);
}

void TraceView::on_cpu(const Lane& lane, const Span& span, bool was_idle) {
    last_ns_ = std::max(last_ns_, span.end_ns);
    const std::size_t id = scheduler_->here().id;
    if (cpus_.size() <= id) cpus_.resize(id + 1);
    CpuLane& cpu = cpus_[id];
    const TraceTrack track = cpu_track(id);
    const TaskId task{static_cast<std::int32_t>(lane.track.id)};
    if (!std::exchange(cpu.described, true)) writer_->describe(track, fmt::format("CPU {}", id));
    if (cpu.open && (was_idle || cpu.task != task)) {
        writer_->end(track, cpu.last_ns, {});
        cpu.open = false;
    }
    if (!cpu.open) {
        cpu.last_ns = std::max(cpu.last_ns, span.begin_ns);
        writer_->begin(track, cpu.last_ns,
                       {"task", lane.name, {{"task", std::uint64_t{lane.track.id}}}});
        cpu.open = true;
        cpu.task = task;
    }
    cpu.last_ns = std::max(cpu.last_ns, span.end_ns);
}

void TraceView::charged(TaskId task, ExceptionClass ec, CentiCycles cycles, Account account) {
    Lane* lane = find(task);
    if (lane == nullptr || !goes_on()) return;
    const Span span = span_of(cycles);
    on_cpu(*lane, span);
    const std::string_view name = exception_class_name(ec);
    if (account == Account::ProbeHit && lane->hit != nullptr) lane->hit_cycles += cycles;
    // Interrupts are not announced.
    const bool interrupts =
        ec == ExceptionClass::Irq && !lane->open.empty() && lane->open.back() == Level::User;
    const bool announced = std::exchange(lane->expects, false);
    if (!announced && !interrupts) {
        lane->exception_cycles += cycles;
        return leaf(*lane, span, {"exception", name, {{"cycles", in_cycles(cycles)}}});
    }
    close_above_hit(*lane, span.begin_ns);
    TraceSlice slice{"exception", name};
    if (announced && account == Account::ProbeHit && lane->place) {
        // The first fetch from a slot is an abort on the way there.
        const bool ends_step = ec == ExceptionClass::SoftwareStep || ec == ExceptionClass::Brk;
        if (lane->place->steps && ends_step) {
            slice.flow = std::exchange(lane->flow, 0);
            slice.ends_flow = true;
        } else if (!lane->place->steps && lane->hit == nullptr) {
            const Uprobe& uprobe = *lane->place->uprobe;
            const std::string probe = visible(probe_name(uprobe));
            const std::string verdict = lane->place->returns ? "return" : verdict_text(uprobe);
            open(*lane, Level::Hit, span.begin_ns,
                 {"probe", probe, {{"probe", probe}, {"verdict", verdict}}});
            lane->hit = &uprobe;
            lane->hit_cycles = cycles;
            if (!lane->place->returns && verdict == "step") slice.flow = lane->flow = ++flows_;
        }
    }
    open(*lane, Level::Exception, span.begin_ns, slice);
    lane->exception_cycles = cycles;
    (void)at(*lane, span.end_ns);
}

void TraceView::charged(TaskId task, KernelPath path, std::uint64_t units, CentiCycles cycles,
                        Account account) {
    Lane* lane = find(task);
    if (lane == nullptr || !goes_on()) return;
    const Span span = span_of(cycles);
    on_cpu(*lane, span, path == KernelPath::IdleExit);
    const KernelPathInfo& info = kernel_path_info(path);
    lane->exception_cycles += cycles;
    if (account == Account::ProbeHit && lane->hit != nullptr) lane->hit_cycles += cycles;
    TraceSlice slice{"path", info.name, {{"cycles", in_cycles(cycles)}}};
    if (units != 0) slice.arguments.push_back({info.unit, units});
    leaf(*lane, span, slice);
}

void TraceView::trapped(const Task& task, const Stop& stop, const ExceptionRegisters&) {
    if (!goes_on()) return;
    Lane& lane = lane_of(task);
    const std::uint64_t now = task.scheduler->now_ns();
    on_cpu(lane, {now, now});
    close_above_hit(lane, now);
    lane.place = hit_place(*uprobes_, task, stop.pc);
    lane.expects = true;
}

bool TraceView::returning(const Task& task) {
    if (!goes_on()) return true;
    Lane& lane = lane_of(task);
    const std::uint64_t now = task.scheduler->now_ns();
    on_cpu(lane, {now, now});
    if (!lane.open.empty() && lane.open.back() == Level::User) return true;
    close_above_hit(lane, now);
    Cpu& cpu = *task.process->mm->machine().cpu;
    const auto place = hit_place(*uprobes_, task, VAddr(cpu.read(task.context, Reg::Pc)));
    const bool steps = place && place->steps;
    if (!steps) close_all(lane, now);
    open(lane, Level::User, now, {"user", steps ? "EL0, in the slot" : "EL0"});
    return true;
}

void TraceView::task_ended(const Task& task, const TaskEnd&) {
    if (Lane* lane = find(task.id)) lane->ended = true;
}

void TraceView::end_everything() {
    for (auto& [id, lane] : lanes_) close_all(lane, lane.ended ? lane.last_ns : last_ns_);
    for (std::size_t id = 0; id < cpus_.size(); ++id) {
        if (cpus_[id].open) writer_->end(cpu_track(id), cpus_[id].last_ns, {});
    }
}

void TraceView::finish() {
    if (!cut_ns_) end_everything();
    writer_->finish();
}

}  // namespace uprobesim
