// SPDX-License-Identifier: GPL-2.0-or-later
// The server of gdb's remote protocol: at each stop it answers packets until one says how the guest
// goes on.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "kernel_model/files/file_system.h"
#include "tools/gdb/debugger.h"
#include "tools/gdb/gdb_options.h"
#include "tools/gdb/target/guest_files.h"
#include "tools/gdb/wire/gdb_line.h"
#include "tools/gdb/wire/packet.h"

namespace uprobesim {

class GdbServer final : private DebugFront {
public:
    // `gives_up`: whether a signal wants the run to end.
    static Result<std::unique_ptr<GdbServer>> open(const GdbOptions& options,
                                                   GdbLine::GivesUp gives_up);

    DebugHook& hook() { return debugger_; }
    // After the hook's begin().
    void use(FileSystem& files, const Uprobes& uprobes);
    void program_started(Process& process) { debugger_.program_started(process); }
    // If nothing else keeps the run from being made again.
    void refuse_reverse(const std::string& why) {
        if (no_reverse_.empty()) no_reverse_ = why;
    }
    // The run is over. True: it is to be made again.
    bool runs_again() const { return debugger_.begins_anew(); }
    // It is over for good: gdb is told, if it waits.
    void finish();

private:
    GdbServer(std::unique_ptr<GdbLine> line, const GdbOptions& options, GdbLine::GivesUp gives_up)
        : line_(std::move(line)),
          no_reverse_(options.no_reverse),
          gives_up_(std::move(gives_up)),
          debugger_(*this) {}

    void stopped(Task& task, const StopReason& reason) override;
    void exited(std::int32_t pid, ExitKind kind, int status) override;
    bool interrupted() override;
    bool passes(Signal signal) const override;
    bool wants(StopKind event) const override;

    // --- server.cpp: the line
    void serve();
    void send(std::string_view payload);
    std::optional<GdbInput> receive(bool waits);
    void skip_repeated(const GdbPacket& packet);
    void say(std::string_view text);  // on gdb's console
    void leave();
    // Nothing: the packet has no reply, as it lets the guest go on.
    std::optional<std::string> answer(const std::string& packet);
    std::string event_text() const;

    // --- resuming.cpp: how the guest goes on
    std::optional<std::string> resume(std::string_view words);
    std::optional<std::string> resume_one(const std::string& packet);
    std::optional<std::string> go_back(bool one);
    std::optional<std::string> detach(std::string_view process);
    std::optional<std::string> kill(std::string_view process);

    // --- replies.cpp: what is asked of the guest
    std::string select(std::string_view words);
    std::string registers();
    std::string set_registers_to(std::string_view digits);
    std::string one_register(std::string_view number);
    std::string set_one_register(std::string_view words);
    std::string read_memory(std::string_view words);
    std::string write_memory(std::string_view words, bool binary);
    std::string change_breakpoint(std::string_view words, bool adds);
    std::string is_alive(std::string_view thread);
    std::string query(std::string_view packet);
    std::string set(std::string_view packet);
    std::string supported(std::string_view features);
    std::string pass_signals(std::string_view list);
    std::string thread_info(std::string_view thread);
    std::string monitor(std::string_view digits);
    // --- transfers.cpp
    std::string transfer(std::string_view words);
    std::optional<std::string> object(std::string_view name, std::string_view annex);

    Kernel& kernel() { return debugger_.kernel(); }
    Cpu& cpu() { return *kernel().machine().cpu; }
    // Those that gdb knows.
    std::vector<Task*> threads();
    Task* find(const GdbThread& thread);
    Task* selected() { return find(general_); }
    GdbThread id_of(const Task& task) const;

    std::unique_ptr<GdbLine> line_;
    std::string no_reverse_;
    GdbLine::GivesUp gives_up_;
    Debugger debugger_;
    PacketReader reader_;
    GuestFiles guest_files_;
    FileSystem* files_ = nullptr;
    const Uprobes* uprobes_ = nullptr;
    std::optional<GdbInput> held_;  // was read, and is the next one
    std::string last_sent_;
    bool acknowledges_ = true;
    bool waited_for_ = false;  // gdb waits for a stop
    bool goes_on_ = false;     // the packet that was answered says so
    bool there_ = true;        // gdb is
    std::string last_stop_;    // for '?'
    GdbThread current_, general_, resumed_;
    std::set<unsigned> passed_;                    // gdb's numbers of signals
    std::set<std::string, std::less<>> features_;  // of gdb
};

}  // namespace uprobesim
