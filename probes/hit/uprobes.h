// SPDX-License-Identifier: GPL-2.0-or-later
// The uprobe core: probes by (file, offset), breakpoints in every process that maps the file, and
// hits in the kernel's own sequence (the phases of probes/README.md). It charges kernel paths by
// name; their costs are in the kernel profile.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel_model/hooks/trap_client.h"
#include "kernel_model/kernel/kernel.h"
#include "probes/hit/handler_work.h"
#include "probes/hit/place_miss.h"
#include "probes/hit/registration_work.h"
#include "probes/slots/shared_slots.h"
#include "probes/target/spec.h"
#include "probes/verdict/verdict.h"
#include "sim/base/error.h"

namespace uprobesim {

// A uprobe: one per (inode, offset), with any number of consumers.
struct Uprobe {
    std::uint32_t id = 0;  // in order of the command line, then of the offset
    std::string binary;    // guest path as given
    std::string symbol;    // "main", "main+4", "fn_4a10", "0x4a10", of USDT "demo:tick"
    bool usdt = false;
    std::string spec;  // the spec that made it
    FileKey file;
    std::uint64_t offset = 0;  // in the file
    // Of the counter that tells the program, in the file (ref_ctr_offset).
    std::optional<std::uint64_t> semaphore;
    // The instruction: the file's when it was added, and when its first breakpoint was placed.
    std::uint32_t word = 0;
    bool prepared = false;    // UPROBE_COPY_INSN: it is settled
    std::string instruction;  // disassembled
    Verdict verdict;
    std::uint32_t consumers = 0;
    std::uint32_t return_consumers = 0;  // of return events only
    std::uint32_t events = 0;            // one for each spec that names the place
    HandlerWork handlers;

    std::uint64_t hits = 0;     // that ran consumers
    std::uint64_t stepped = 0;  // executed in a slot, completed or not
    std::uint64_t emulated = 0;
    std::uint64_t returns = 0;  // that ran return handlers
    // Of calls that were under way when the probe was taken away: their trampoline was still there,
    // but no handler.
    std::uint64_t late_returns = 0;
    std::uint64_t missed = 0;  // hits whose return could not be probed (nmissed)
    std::uint64_t placed = 0;  // breakpoints placed
    PlaceMissCounts not_placed{};
    CentiCycles cycles;  // charged to Account::ProbeHit for its hits and returns
    LineUse shared;      // of lines that other CPUs use; the waiting is in `cycles`
};

struct RefusedProbe {
    std::string symbol;
    std::uint64_t offset = 0;
    std::string instruction;
    std::string reason;
};

// The result of one spec.
struct AttachSummary {
    std::string spec;
    std::uint64_t attached = 0;
    // Of a wildcard, in the path or the name; without one a refusal is an error.
    std::vector<RefusedProbe> refused;
};

class XolArea;
struct ProbePlace;
struct ProcessProbes;
class PlaceWatch;
class Registering;

class Uprobes final : public TrapClient {
public:
    // The kernel profile defines which instructions are emulated and how slots are copied.
    explicit Uprobes(Kernel& kernel);
    ~Uprobes() override;
    Uprobes(const Uprobes&) = delete;
    Uprobes& operator=(const Uprobes&) = delete;

    // Registers probes; before the first program starts. Of a path with wildcards in all files that
    // match, unless there is a file of that name. Errors: no such file, no such place (see
    // find_places), an offset that is not a multiple of 4, a refused instruction, one that no
    // program would get past, a handler for returns on a probe that has none. No handler: the
    // kernel profile's consumer.
    Result<AttachSummary> add(const ProbeSpec& spec, const ProbeHandler* handler = nullptr);
    const std::vector<std::unique_ptr<Uprobe>>& uprobes() const { return uprobes_; }

    // Before the first program starts: what was added is registered by attach() only, as though
    // there were no uprobe until then.
    void wait_for_attach() { registered_ = false; }
    bool registered() const { return registered_; }
    // What was added, apart: until it is attached, what was added for another run of the same start
    // can take its place.
    struct Set {
        std::vector<std::unique_ptr<Uprobe>> uprobes{};
        std::map<FileKey, std::map<std::uint64_t, Uprobe*>> by_file{};
    };
    // Returns the present one.
    Set exchange(Set set);
    // Registers them all with the processes that run (register_for_each_vma), between two turns of
    // the run loop. The work is of whoever registers, and no guest is charged for it.
    RegistrationWork attach();
    // Takes them away. Calls that are under way still return through the trampoline; steps that
    // have begun are finished.
    RegistrationWork detach();

    // A place that a spec names, refused instructions included.
    struct Place {
        FileKey file;
        std::uint64_t offset = 0;
    };
    Result<Place> place_of(const ProbeSpec& spec);
    // Told of mappings of files; null: nobody is.
    void watch_places(PlaceWatch* watch) { places_ = watch; }

    // The uprobe at an address of a process, placed or not; null: none.
    const Uprobe* at(const Process& process, VAddr pc) const;

    bool owns_brk(const Task&, std::uint16_t imm) const override;
    bool owns_step(const Task&) const override;
    bool owns_page(const Process&, VAddr) const override;
    void on_brk(Task&, std::uint16_t imm) override;
    void on_step(Task&) override;
    void notify_resume(Task&) override;
    bool deny_signal(Task&) override;
    void leg_over(TaskId, std::uint32_t subject, const LineUse& use) override;
    void on_map(Process&, const Vma&) override;
    std::uint64_t on_unmap(Process&, VRange) override;
    void on_executable(Process&, VRange) override;
    void on_clone(Task& parent, Task& child, bool vfork) override;
    void on_exec(Process&) override;
    void on_task_exit(Task&) override;
    void on_memory_end(Task&, Mm&) override;

private:
    struct Image;  // a probed binary, opened once
    // "libc" is looked up.
    Result<ProbeSpec> with_path(const ProbeSpec& spec);
    Result<Image*> image(const std::string& path);
    // `of_many`: of a path with wildcards; a place that is named and refused is noted as those of a
    // wildcard are, and no reason to leave out the other files. The first such is the error.
    Outcome add_in(Image& image, const ProbeSpec& spec, const ProbeHandler* handler,
                   AttachSummary& summary, bool of_many);
    Result<bool> attach(Image& image, const ProbeSpec& spec, const ProbeHandler* handler,
                        const ProbePlace& place, AttachSummary& summary, bool explicit_one);

    friend class Registering;  // registering.cpp
    // placing.cpp
    // Nothing: it is done. Neither charges for what fails: that has not been measured.
    std::optional<PlaceMiss> prepare(Uprobe& uprobe, const Vma& vma);
    std::optional<PlaceMiss> place(Process& process, Task& task, const Vma& vma, VAddr at,
                                   Uprobe& uprobe);
    void free_replaced(Task& task, ProcessProbes& probes);
    std::uint64_t copies_in(Mm& mm, VRange range) const;

    // The semaphore of a uprobe whose breakpoint was placed in the process: now, or when its
    // mapping is made.
    void note_semaphore(Process& process, Task& task, const Uprobe& uprobe);
    void settle_semaphores(Process& process, Task& task, const Vma& vma);
    void increase(Process& process, Task& task, const Vma& vma, const Uprobe& uprobe);

    void handle_breakpoint(Task& task);
    Uprobe* find(Process& process, VAddr pc);
    Uprobe* find_slowly(const Process& process, VAddr pc) const;
    void run_consumers(Task& task, const Uprobe& uprobe);
    void run_return_consumers(Task& task, const Uprobe& uprobe);
    void emulate(Task& task, Uprobe& uprobe, VAddr pc);
    bool prepare_step(Task& task, Uprobe& uprobe, VAddr pc);
    bool take_shared_slot(Task& task, const Uprobe& uprobe);
    bool take_slot(Task& task, const Uprobe& uprobe);
    void leave_slot(Task& task);
    void finish_step(Task& task);
    void hijack(Task& task, Uprobe& uprobe, VAddr pc);
    void handle_trampoline(Task& task);
    // The process's XOL area, created at its first use; null: out of memory.
    XolArea* area_of(Task& task);
    void create_area(Task& task, VAddr where);
    void spend(Task& task, KernelPath path, std::uint64_t units = 0) {
        kernel_.gate().spend(task, path, units, Account::ProbeHit);
    }
    // What is not of a hit: breakpoints come and go, and what hits have left is freed.
    void spend_placing(Task& task, KernelPath path, std::uint64_t units = 0) {
        kernel_.gate().spend(task, path, units, Account::ProbePlace);
    }
    // Lines that each uprobe has are this one's until the return to EL0.
    void hit_of(const Uprobe& uprobe) {
        if (Legs* legs = kernel_.legs(); legs != nullptr) legs->subject(uprobe.id);
    }
    // Returns the cycles charged to the task's account ProbeHit since the last call.
    CentiCycles take_bill(const Task& task) { return kernel_.machine().ledger.take_bill(task.id); }

    Kernel& kernel_;
    bool registered_ = true;
    PlaceWatch* places_ = nullptr;
    std::optional<SharedSlots> shared_slots_;
    std::vector<std::unique_ptr<Uprobe>> uprobes_;
    std::map<FileKey, std::map<std::uint64_t, Uprobe*>> by_file_;
    std::map<std::string, std::unique_ptr<Image>> images_;
};

}  // namespace uprobesim
