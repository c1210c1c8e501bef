// SPDX-License-Identifier: GPL-2.0-or-later
// One line for each exception from EL0: time, pc, decoded syndrome, and its cost until the return
// to EL0. If the task blocks or ends in the exception, the line is printed after that.
#pragma once

#include <array>
#include <map>
#include <string>

#include "kernel_model/hooks/trap_observer.h"
#include "sim/base/error.h"
#include "sim/profile/exception_class.h"
#include "tools/format/line_output.h"
#include "tools/views/code_places.h"

namespace uprobesim {

// Which classes are logged: "brk,step,svc"; the names are those of reports, with step for
// software-step and abort for both kinds.
class ExceptionFilter {
public:
    ExceptionFilter() { shown_.fill(true); }
    static Result<ExceptionFilter> parse(const std::string& text, const char* option);
    bool shows(ExceptionClass ec) const { return shown_[static_cast<std::size_t>(ec)]; }

private:
    std::array<bool, kExceptionClassCount> shown_{};
};

class ExceptionLog final : public TrapObserver {
public:
    ExceptionLog(LineOutput& output, const ExceptionFilter& filter)
        : output_(output), filter_(filter) {}

    void use(FileSystem& files) { places_.use(files); }
    void charged(TaskId task, ExceptionClass ec, CentiCycles cycles, Account) override;
    void charged(TaskId task, KernelPath path, std::uint64_t units, CentiCycles cycles,
                 Account) override;
    void waited(TaskId task, SharedLine line, CentiCycles cycles, Account) override;
    void trapped(const Task& task, const Stop& stop, const ExceptionRegisters& registers) override;
    void exit_work(const Task&) override {}
    bool returning(const Task& task) override;
    void task_ended(const Task& task, const TaskEnd& end) override;
    // The run is over: exceptions without a return to EL0 are written too.
    void finish();

private:
    struct Taken {
        std::string before{};  // time, CPU, task
        std::string why{};  // "SVC in AArch64: SVC #0"; empty: an interrupt, which has no syndrome
        std::string place{};
        std::optional<ExceptionClass> ec{};  // known when it is charged
        CentiCycles own{};                   // entry and return
        CentiCycles kernel{};
        CentiCycles waited{};  // for lines that other CPUs use
        bool ended = false;    // with its task
    };
    std::string begin(const Task& task) const;
    void tell(const Taken& taken);

    LineOutput& output_;
    ExceptionFilter filter_;
    CodePlaces places_;
    std::map<TaskId, Taken> open_;
};

}  // namespace uprobesim
