// SPDX-License-Identifier: GPL-2.0-or-later
// A run on a time line: for each simulated CPU the tasks that it ran, for each task nested slices
// of the probe hit, EL0 or the exception, and the kernel's paths; who wakes whom; counters of hits,
// of hits a second and of tasks that wait for a CPU.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel_model/hooks/trap_observer.h"
#include "sim/profile/exception_class.h"
#include "sim/profile/kernel_path.h"
#include "tools/views/hit_place.h"
#include "tools/views/trace_writer.h"

namespace uprobesim {

class TraceView final : public TrapObserver {
public:
    // The trace ends at the event with which it has more than `limit` bytes.
    TraceView(std::unique_ptr<TraceWriter> writer, std::uint64_t limit)
        : writer_(std::move(writer)), limit_(limit) {}

    void use(const Uprobes& uprobes) { uprobes_ = &uprobes; }
    void charged(TaskId task, ExceptionClass ec, CentiCycles cycles, Account account) override;
    void waited(TaskId task, SharedLine line, CentiCycles cycles, Account account) override;
    void charged(TaskId task, KernelPath path, std::uint64_t units, CentiCycles cycles,
                 Account account) override;
    void trapped(const Task& task, const Stop& stop, const ExceptionRegisters&) override;
    void exit_work(const Task&) override {}
    bool returning(const Task& task) override;
    void woken(const Task& task) override;
    void task_ended(const Task& task, const TaskEnd&) override;
    // The run is over, and its probes are still there: open slices end.
    void end();
    // Throws HostError where the file could not be written.
    void finish();
    // The simulated time at which the limit was reached.
    const std::optional<std::uint64_t>& cut_ns() const { return cut_ns_; }

private:
    enum class Level : std::uint8_t { Hit, Exception, User };
    struct Lane {  // a task's
        TrackId track = 0;
        TaskId task;
        std::string comm;    // as the task has it
        LabelId on_cpu = 0;  // of its slices on a CPU's track
        LabelId wakes = 0;   // of the moments in which it is woken, on the waker's track
        std::uint64_t last_ns = 0;
        std::vector<Level> open;
        std::optional<HitPlace> place;  // of the exception that was taken last
        const Uprobe* hit = nullptr;    // of the open hit
        CentiCycles hit_cycles, exception_cycles;
        std::uint64_t flow = 0;    // of the open hit; 0: it does not step
        std::uint64_t wakeup = 0;  // flow of a wake-up that it has not gone on after; 0: none
        bool expects = false;      // trapped, and not charged yet
        bool ended = false;
    };
    struct CpuLane {
        std::optional<TrackId> track;
        bool open = false;
        TaskId task;
        std::uint64_t last_ns = 0;
    };
    struct Span {
        std::uint64_t begin_ns, end_ns;
    };
    struct ProbeLabels {
        LabelId hit, returns;
        bool steps;
    };
    struct Rate {  // of hits, in windows of simulated time
        std::uint64_t begin_ns = 0, hits = 0;
    };
    void begin_counters(std::uint64_t ns);
    void name_lane(Lane& lane, const Task& task);
    Lane& lane_of(const Task& task);
    Lane* find(TaskId task);
    LabelId label_of(ExceptionClass ec);
    LabelId label_of(KernelPath path);
    const ProbeLabels& labels_of(const Uprobe& uprobe);
    std::uint64_t ns_of(CentiCycles at);
    std::uint64_t now_ns() { return ns_of(scheduler_->now()); }
    Span span_of(CentiCycles cycles);
    static std::uint64_t at(Lane& lane, std::uint64_t ns);
    void open(Lane& lane, Level level, std::uint64_t ns, LabelId label, const TraceFlow& flow = {});
    TraceFlow wakeup_of(Lane& lane);
    void close_one(Lane& lane, std::uint64_t ns);
    void close_above_hit(Lane& lane, std::uint64_t ns);
    void close_all(Lane& lane, std::uint64_t ns);
    void leaf(Lane& lane, const Span& span, LabelId label, TraceArguments arguments);
    void on_cpu(const Lane& lane, const Span& span, bool was_idle = false);
    void count_hits(const Uprobe& uprobe, std::uint64_t ns);
    void count_rate(std::uint64_t ns, std::uint64_t hits);
    void end_everything();
    void count_waiting(std::uint64_t ns);
    bool goes_on();

    std::unique_ptr<TraceWriter> writer_;
    std::uint64_t limit_;
    const Uprobes* uprobes_ = nullptr;
    const Scheduler* scheduler_ = nullptr;
    std::map<TaskId, Lane> lanes_;
    Lane* last_lane_ = nullptr;  // that was asked for
    std::vector<CpuLane> cpus_;
    // Labels that have been told, by what they are of.
    std::array<std::optional<LabelId>, kExceptionClassCount> exception_labels_{};
    std::array<std::optional<LabelId>, kKernelPathCount> path_labels_{};
    std::map<const Uprobe*, ProbeLabels> probe_labels_;
    LabelId user_label_ = 0, slot_label_ = 0;
    TrackId hits_track_ = 0, rate_track_ = 0, waiting_track_ = 0;
    std::map<const Uprobe*, std::uint64_t> counted_;
    Rate rate_;
    std::uint64_t hits_ = 0, flows_ = 0, last_ns_ = 0, counted_ns_ = 0;
    std::uint64_t waiting_ = 0, waiting_ns_ = 0;
    // The last two times that were converted: a charge begins where the one before ended.
    std::array<std::pair<CentiCycles, std::uint64_t>, 2> known_ns_{};
    std::optional<std::uint64_t> cut_ns_;
};

}  // namespace uprobesim
