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
#include "tools/views/trace_counters.h"
#include "tools/views/trace_writer.h"

namespace uprobesim {

class TraceView final : public TrapObserver {
public:
    // The trace ends at the event with which it has more than `limit` bytes.
    TraceView(std::unique_ptr<TraceWriter> writer, std::uint64_t limit)
        : writer_(std::move(writer)), counters_(*writer_), limit_(limit) {}

    void use(const Uprobes& uprobes) { uprobes_ = &uprobes; }
    void charged(TaskId task, ExceptionClass ec, CentiCycles cycles, Account account) override;
    void waited(TaskId task, SharedLine line, CentiCycles cycles, Account account) override;
    void charged(TaskId task, KernelPath path, std::uint64_t units, CentiCycles cycles,
                 Account account) override;
    void trapped(const Task& task, const Stop& stop, const ExceptionRegisters&) override;
    bool reads_registers() const override { return false; }
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
    struct TracedProbe {
        const Uprobe* uprobe = nullptr;
        LabelId hit = 0, returns = 0;
        bool steps = false;
        std::uint64_t counted = 0;  // hits
    };
    enum class Level : std::uint8_t { Hit, Exception, User };
    struct Lane {  // a task's
        TrackId track = 0;
        TaskId task;
        std::string comm;    // as the task has it
        LabelId on_cpu = 0;  // of its slices on a CPU's track
        LabelId wakes = 0;   // of the moments in which it is woken, on the waker's track
        std::uint64_t last_ns = 0;
        std::vector<Level> open;
        const Task* trapped = nullptr;  // by the exception that was taken last, at `pc`
        VAddr pc;
        TracedProbe* hit = nullptr;  // of the open hit
        CentiCycles hit_cycles, exception_cycles;
        std::uint64_t flow = 0;    // of the open hit; 0: it does not step
        std::uint64_t wakeup = 0;  // flow of a wake-up that it has not gone on after; 0: none
        bool expects = false;      // trapped, and not charged yet
        bool ended = false;
    };
    struct CpuLane {
        TrackId track = 0;
        bool known = false;  // the track
        bool open = false;
        TaskId task;
        std::uint64_t last_ns = 0;
    };
    struct Span {
        std::uint64_t begin_ns, end_ns;
    };
    void begin(const Scheduler& scheduler);
    void name_lane(Lane& lane, const Task& task);
    Lane& lane_of(const Task& task);
    Lane* find(TaskId task);
    LabelId label_of(ExceptionClass ec);
    LabelId label_of(KernelPath path) {
        const std::optional<LabelId>& known = path_labels_[static_cast<std::size_t>(path)];
        return known ? *known : new_label(path);
    }
    LabelId new_label(KernelPath path);
    TracedProbe& traced(const Uprobe& uprobe);
    std::uint64_t ns_of(CentiCycles at) const {
        return at == known_cycles_ ? known_ns_ : scheduler_->to_ns(at);
    }
    std::uint64_t now_ns() { return remember(scheduler_->now()); }
    std::uint64_t remember(CentiCycles at) {
        known_ns_ = ns_of(at);
        known_cycles_ = at;
        return known_ns_;
    }
    Span span_of(CentiCycles cycles);
    static std::uint64_t at(Lane& lane, std::uint64_t ns);
    void open(Lane& lane, Level level, std::uint64_t ns, LabelId label, const TraceFlow& flow = {});
    TraceFlow wakeup_of(Lane& lane);
    void close_one(Lane& lane, std::uint64_t ns);
    void close_above_hit(Lane& lane, std::uint64_t ns);
    void close_all(Lane& lane, std::uint64_t ns);
    void leaf(Lane& lane, const Span& span, LabelId label, TraceArguments arguments);
    void on_cpu(const Lane& lane, const Span& span, bool was_idle = false);
    // Apart, so that a charge to the task that runs saves no registers for it.
    [[gnu::noinline]] void take_cpu(CpuLane& cpu, const Lane& lane, const Span& span);
    void add_cpu(CpuLane& cpu, unsigned id);
    TraceFlow begin_hit(Lane& lane, ExceptionClass ec, CentiCycles cycles, std::uint64_t ns);
    void count_hits(TracedProbe& probe, std::uint64_t ns);
    void end_everything();
    bool goes_on() {
        // What was written stays more than the limit, once it is.
        return writer_->bytes() <= limit_ || cut();
    }
    [[gnu::noinline]] bool cut();

    std::unique_ptr<TraceWriter> writer_;
    TraceCounters counters_;
    std::uint64_t limit_;
    const Uprobes* uprobes_ = nullptr;
    const Scheduler* scheduler_ = nullptr;
    std::map<TaskId, Lane> lanes_;
    Lane* last_lane_ = nullptr;  // that was asked for
    std::array<CpuLane, Scheduler::kMaxCpus> cpus_{};
    // Labels that have been told, by what they are of.
    std::array<std::optional<LabelId>, kExceptionClassCount> exception_labels_{};
    std::array<std::optional<LabelId>, kKernelPathCount> path_labels_{};
    std::map<const Uprobe*, TracedProbe> probes_;
    TracedProbe* last_probe_ = nullptr;  // that was asked for
    LabelId user_label_ = 0, slot_label_ = 0;
    std::uint64_t flows_ = 0, last_ns_ = 0;
    // The last time that was converted: a charge begins where the one before ended.
    CentiCycles known_cycles_;
    std::uint64_t known_ns_ = 0;
    std::optional<std::uint64_t> cut_ns_;
};

}  // namespace uprobesim
