// SPDX-License-Identifier: GPL-2.0-or-later
// Pseudo terminals: /dev/ptmx, /dev/pts/N, and controlling terminals of sessions
// (drivers/tty/pty.c, tty_jobctrl.c).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "kernel_model/files/tty/terminal.h"

namespace uprobesim {

struct Process;

struct Pty {
    Pty(std::uint32_t number, Terminal::SignalGroup signal)
        : index(number), terminal(std::move(signal)) {}
    std::uint32_t index;
    Terminal terminal;
    bool locked = true;
    bool master_open = true;
    std::uint32_t slaves = 0;
    bool slave_closed = false;     // no slave is open, but one was
    std::uint32_t generation = 0;  // slaves of earlier generations are hung up
    FileStatus slave_status;
};

class PtyFile;

class Terminals {
public:
    // `signal_process`: to one process, by pid.
    Terminals(Terminal::SignalGroup signal_group, Terminal::SignalGroup signal_process)
        : signal_group_(std::move(signal_group)), signal_process_(std::move(signal_process)) {}

    // ENOSPC: there are as many as kernel.pty.max allows.
    SysResult<std::shared_ptr<PtyFile>> open_master(const FileStatus& status,
                                                    const FileStatus& slave_status);
    std::shared_ptr<PtyFile> open_slave(Pty& pty);
    Pty* find(std::uint32_t index) const;
    std::vector<std::uint32_t> indexes() const;
    // The controlling terminal of a session; null: it has none.
    Pty* of_session(std::int32_t session) const;

    // Hangs up all open slaves, and sends SIGHUP to the session's leader (__tty_hangup).
    void hang_up(Pty& pty);
    void master_closed(Pty& pty);
    // Its last end was closed: the number is free.
    void ended(const Pty& pty);
    // disassociate_ctty at the exit of a session leader: signals the foreground group.
    void leader_ended(std::int32_t session);
    void signal_group(std::int32_t group, Signal signal) const { signal_group_(group, signal); }

private:
    static constexpr std::uint32_t kMaxCount = 4096;  // kernel.pty.max
    Terminal::SignalGroup signal_group_, signal_process_;
    std::map<std::uint32_t, std::weak_ptr<Pty>> ptys_;
    std::set<std::uint32_t> free_;  // numbers below the highest that was used
    std::map<std::int32_t, std::int32_t>
        lost_foreground_;  // by session: group to signal when its leader ends
};

class PtyFile final : public File {
public:
    enum class End { Master, Slave };
    PtyFile(Terminals& terminals, std::shared_ptr<Pty> pty, End end, const FileStatus& status);
    PtyFile(const PtyFile&) = delete;
    PtyFile& operator=(const PtyFile&) = delete;
    ~PtyFile() override;

    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override;
    SysResult<std::uint64_t> write(std::uint64_t, std::span<const std::byte> from) override;
    bool stream() const override { return true; }
    std::uint64_t record_bytes() const override { return 65536; }
    SysResult<FileStatus> status() override { return master() ? status_ : pty_->slave_status; }
    FileStatus* own_status() override { return master() ? &status_ : &pty_->slave_status; }
    std::uint32_t poll() override;
    WaitQueue* waiters() override {
        return master() ? &pty_->terminal.master_waits : &pty_->terminal.slave_waits;
    }
    bool signals_owner() override { return true; }
    FileCosts costs() const override {
        return {.read = KernelPath::SysReadPipe, .write = KernelPath::SysWritePipe};
    }
    Splices splices() const override { return {.from = true, .to = true}; }
    PtyFile* terminal() override { return this; }
    // The master's share includes the buffers of both sides (tty_struct, n_tty_data, tty_buffer).
    std::uint64_t kernel_bytes() const override { return master() ? 104 << 10 : kBytes; }

    bool master() const { return end_ == End::Master; }
    bool hung_up() const { return !master() && generation_ != pty_->generation; }
    Pty& pty() const { return *pty_; }

private:
    Terminals& terminals_;
    std::shared_ptr<Pty> pty_;
    End end_;
    FileStatus status_;
    std::uint32_t generation_;
};

}  // namespace uprobesim
