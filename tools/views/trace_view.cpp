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

constexpr std::uint64_t kRateWindowNs = 1'000'000;
constexpr std::uint64_t kSecondNs = 1'000'000'000;

TraceTrack counter_track(std::uint32_t id) {
    return {TraceTrack::Kind::Counter, id, 0};
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
    if (last_lane_ != nullptr && last_lane_->task == task) return last_lane_;
    const auto found = lanes_.find(task);
    return found == lanes_.end() ? nullptr : last_lane_ = &found->second;
}

void TraceView::begin_counters(std::uint64_t ns) {
    hits_track_ = writer_->add(counter_track(0), "probe hits");
    rate_track_ = writer_->add(counter_track(1), "probe hits a second");
    waiting_track_ = writer_->add(counter_track(2), "tasks waiting for a CPU");
    for (const TrackId track : {hits_track_, rate_track_, waiting_track_})
        writer_->count(track, ns, 0);
    counted_ns_ = waiting_ns_ = rate_.begin_ns = ns;
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
    if (scheduler_ == nullptr) {
        scheduler_ = task.scheduler;
        begin_counters(now_ns());
    }
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

LabelId TraceView::label_of(KernelPath path) {
    std::optional<LabelId>& label = path_labels_[static_cast<std::size_t>(path)];
    if (!label) label = writer_->label({"path", std::string(kernel_path_info(path).name)});
    return *label;
}

const TraceView::ProbeLabels& TraceView::labels_of(const Uprobe& uprobe) {
    const auto known = probe_labels_.find(&uprobe);
    if (known != probe_labels_.end()) return known->second;
    const std::string probe = visible(probe_name(uprobe)), verdict = verdict_text(uprobe);
    const auto label = [&](const std::string& how) {
        return writer_->label({"probe", probe, {{"probe", probe}, {"verdict", how}}});
    };
    return probe_labels_[&uprobe] = {label(verdict), label("return"), verdict == "step"};
}

std::uint64_t TraceView::ns_of(CentiCycles at) {
    for (const auto& [cycles, ns] : known_ns_) {
        if (cycles == at && ns != 0) return ns;
    }
    const std::uint64_t ns = scheduler_->to_ns(at);
    known_ns_ = {std::pair{at, ns}, known_ns_[0]};
    return ns;
}

// What was charged just now took until now.
TraceView::Span TraceView::span_of(CentiCycles cycles) {
    const CentiCycles now = scheduler_->now();
    const std::uint64_t begin = ns_of(now < cycles ? CentiCycles() : now - cycles);
    return {begin, ns_of(now)};
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

void TraceView::count_hits(const Uprobe& uprobe, std::uint64_t ns) {
    std::uint64_t& counted = counted_[&uprobe];
    if (counted == uprobe.hits) return;
    const std::uint64_t more = uprobe.hits - counted;
    hits_ += more;
    counted = uprobe.hits;
    counted_ns_ = std::max(counted_ns_, ns);
    writer_->count(hits_track_, counted_ns_, hits_);
    count_rate(counted_ns_, more);
}

// A window's rate stands at its begin. After one without hits there is none until the next hit.
void TraceView::count_rate(std::uint64_t ns, std::uint64_t hits) {
    if (ns >= rate_.begin_ns + kRateWindowNs) {
        writer_->count(rate_track_, rate_.begin_ns, rate_.hits * (kSecondNs / kRateWindowNs));
        const std::uint64_t windows = (ns - rate_.begin_ns) / kRateWindowNs;
        if (windows > 1) writer_->count(rate_track_, rate_.begin_ns + kRateWindowNs, 0);
        rate_.begin_ns += windows * kRateWindowNs;
        rate_.hits = 0;
    }
    rate_.hits += hits;
}

void TraceView::count_waiting(std::uint64_t ns) {
    std::uint64_t waiting = 0;
    for (const SimCpu& cpu : scheduler_->cpus()) waiting += cpu.queue.size();
    if (waiting == waiting_) return;
    waiting_ = waiting;
    waiting_ns_ = std::max(waiting_ns_, ns);
    writer_->count(waiting_track_, waiting_ns_, waiting);
}

void TraceView::on_cpu(const Lane& lane, const Span& span, bool was_idle) {
    last_ns_ = std::max(last_ns_, span.end_ns);
    const std::size_t id = scheduler_->here().id;
    if (cpus_.size() <= id) cpus_.resize(id + 1);
    CpuLane& cpu = cpus_[id];
    if (!cpu.track)
        cpu.track = writer_->add({TraceTrack::Kind::Cpu, static_cast<std::uint32_t>(id), 0},
                                 fmt::format("CPU {}", id));
    if (cpu.open && (was_idle || cpu.task != lane.task)) {
        writer_->end(*cpu.track, cpu.last_ns, {});
        cpu.open = false;
    }
    if (!cpu.open) {
        cpu.last_ns = std::max(cpu.last_ns, span.begin_ns);
        writer_->begin(*cpu.track, cpu.last_ns, lane.on_cpu, {}, {});
        cpu.open = true;
        cpu.task = lane.task;
        count_waiting(span.begin_ns);
    }
    cpu.last_ns = std::max(cpu.last_ns, span.end_ns);
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
    if (announced && account == Account::ProbeHit && lane->place) {
        // The first fetch from a slot is an abort on the way there.
        const bool ends_step = ec == ExceptionClass::SoftwareStep || ec == ExceptionClass::Brk;
        if (lane->place->steps && ends_step) {
            flow = {.id = std::exchange(lane->flow, 0), .ends = true};
        } else if (!lane->place->steps && lane->hit == nullptr) {
            const Uprobe& uprobe = *lane->place->uprobe;
            const ProbeLabels& labels = labels_of(uprobe);
            const bool returns = lane->place->returns;
            open(*lane, Level::Hit, span.begin_ns, returns ? labels.returns : labels.hit);
            lane->hit = &uprobe;
            lane->hit_cycles = cycles;
            if (!returns && labels.steps) flow.id = lane->flow = ++flows_;
        }
    }
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
    count_waiting(now);
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
    lane.place = hit_place(*uprobes_, task, stop.pc);
    lane.expects = true;
}

bool TraceView::returning(const Task& task) {
    if (!goes_on()) return true;
    Lane& lane = lane_of(task);
    const std::uint64_t now = now_ns();
    on_cpu(lane, {now, now});
    if (!lane.open.empty() && lane.open.back() == Level::User) return true;
    close_above_hit(lane, now);
    Cpu& cpu = *task.process->mm->machine().cpu;
    const auto place = hit_place(*uprobes_, task, VAddr(cpu.read(task.context, Reg::Pc)));
    const bool steps = place && place->steps;
    if (!steps) close_all(lane, now);
    open(lane, Level::User, now, steps ? slot_label_ : user_label_, wakeup_of(lane));
    return true;
}

void TraceView::task_ended(const Task& task, const TaskEnd&) {
    if (Lane* lane = find(task.id)) lane->ended = true;
}

void TraceView::end_everything() {
    for (auto& [id, lane] : lanes_) close_all(lane, lane.ended ? lane.last_ns : last_ns_);
    for (std::size_t id = 0; id < cpus_.size(); ++id) {
        if (cpus_[id].open) writer_->end(*cpus_[id].track, cpus_[id].last_ns, {});
    }
    if (rate_.hits != 0) count_rate(rate_.begin_ns + kRateWindowNs, 0);
}

void TraceView::end() {
    if (!cut_ns_) end_everything();
}

void TraceView::finish() {
    writer_->finish();
}

}  // namespace uprobesim
