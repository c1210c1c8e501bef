// SPDX-License-Identifier: GPL-2.0-or-later
// A run on a time line: for each simulated CPU the tasks that it ran, for each task nested slices
// of the probe hit, EL0 or the exception, and the kernel's paths, and the number of hits so far.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel_model/hooks/trap_observer.h"
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
    void charged(TaskId task, KernelPath path, std::uint64_t units, CentiCycles cycles,
                 Account account) override;
    void trapped(const Task& task, const Stop& stop, const ExceptionRegisters&) override;
    void exit_work(const Task&) override {}
    bool returning(const Task& task) override;
    void task_ended(const Task& task, const TaskEnd&) override;
    // The run is over: open slices end. Throws HostError where the file could not be written.
    void finish();
    // The simulated time at which the limit was reached.
    const std::optional<std::uint64_t>& cut_ns() const { return cut_ns_; }

private:
    enum class Level : std::uint8_t { Hit, Exception, User };
    struct Lane {  // a task's
        TraceTrack track;
        std::string name;
        std::uint64_t last_ns = 0;
        std::vector<Level> open;
        std::optional<HitPlace> place;  // of the exception that was taken last
        const Uprobe* hit = nullptr;    // of the open hit
        CentiCycles hit_cycles, exception_cycles;
        std::uint64_t flow = 0;  // of the open hit; 0: it does not step
        bool expects = false;    // trapped, and not charged yet
        bool ended = false;
    };
    struct CpuLane {
        bool described = false, open = false;
        TaskId task;
        std::uint64_t last_ns = 0;
    };
    struct Span {
        std::uint64_t begin_ns, end_ns;
    };
    Lane& lane_of(const Task& task);
    Lane* find(TaskId task);
    Span span_of(CentiCycles cycles) const;
    static std::uint64_t at(Lane& lane, std::uint64_t ns);
    void open(Lane& lane, Level level, std::uint64_t ns, const TraceSlice& slice);
    void close_one(Lane& lane, std::uint64_t ns);
    void close_above_hit(Lane& lane, std::uint64_t ns);
    void close_all(Lane& lane, std::uint64_t ns);
    void leaf(Lane& lane, const Span& span, const TraceSlice& slice);
    void on_cpu(const Lane& lane, const Span& span, bool was_idle = false);
    void count_hits(const Uprobe& uprobe, std::uint64_t ns);
    void end_everything();
    bool goes_on();

    std::unique_ptr<TraceWriter> writer_;
    std::uint64_t limit_;
    const Uprobes* uprobes_ = nullptr;
    const Scheduler* scheduler_ = nullptr;
    std::map<TaskId, Lane> lanes_;
    std::vector<CpuLane> cpus_;
    std::map<const Uprobe*, std::uint64_t> counted_;
    std::uint64_t hits_ = 0, flows_ = 0, last_ns_ = 0, counted_ns_ = 0;
    std::optional<std::uint64_t> cut_ns_;
};

}  // namespace uprobesim
