// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/tty/pty.h"

#include "kernel_model/abi/calls/devices.h"
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/poll.h"

namespace uprobesim {

SysResult<std::shared_ptr<PtyFile>> Terminals::open_master(const FileStatus& status,
                                                           const FileStatus& slave_status) {
    if (ptys_.size() >= kMaxCount) return tl::make_unexpected(Errno::NoSpc);
    const auto index = free_.empty() ? static_cast<std::uint32_t>(ptys_.size())
                                     : free_.extract(free_.begin()).value();
    auto pty = std::make_shared<Pty>(index, signal_group_);
    pty->slave_status = slave_status;
    pty->slave_status.rdevice = abi::kPtsMajor << 8 | index;
    ptys_[index] = pty;
    auto file = std::make_shared<PtyFile>(*this, pty, PtyFile::End::Master, status);
    file->name = "/dev/ptmx";
    return file;
}

std::shared_ptr<PtyFile> Terminals::open_slave(Pty& pty) {
    auto file = std::make_shared<PtyFile>(*this, ptys_.at(pty.index).lock(), PtyFile::End::Slave,
                                          pty.slave_status);
    file->name = "/dev/pts/" + std::to_string(pty.index);
    return file;
}

Pty* Terminals::find(std::uint32_t index) const {
    const auto it = ptys_.find(index);
    const auto pty = it == ptys_.end() ? nullptr : it->second.lock();
    return pty != nullptr && pty->master_open ? pty.get() : nullptr;
}

std::vector<std::uint32_t> Terminals::indexes() const {
    std::vector<std::uint32_t> found;
    for (const auto& [index, pty] : ptys_) {
        if (find(index) != nullptr) found.push_back(index);
    }
    return found;
}

Pty* Terminals::of_session(std::int32_t session) const {
    for (const auto& [index, weak] : ptys_) {
        if (const auto pty = weak.lock();
            pty != nullptr && session != 0 && pty->terminal.session == session)
            return pty.get();
    }
    return nullptr;
}

void Terminals::ended(const Pty& pty) {
    ptys_.erase(pty.index);
    free_.insert(pty.index);
}

void Terminals::master_closed(Pty& pty) {
    pty.master_open = false;
    hang_up(pty);
}

void Terminals::hang_up(Pty& pty) {
    Terminal& terminal = pty.terminal;
    ++pty.generation;
    pty.slaves = 0;
    pty.slave_closed = true;
    const std::int32_t session = std::exchange(terminal.session, 0);
    const std::int32_t foreground = std::exchange(terminal.foreground, 0);
    terminal.slave_waits.wake();
    terminal.master_waits.wake();
    if (session == 0) return;
    signal_process_(session, Signal::Hup);
    signal_process_(session, Signal::Cont);
    if (foreground != 0) lost_foreground_[session] = foreground;
}

void Terminals::leader_ended(std::int32_t session) {
    if (Pty* const pty = of_session(session)) {
        pty->terminal.session = 0;
        if (const auto foreground = std::exchange(pty->terminal.foreground, 0); foreground != 0)
            signal_group_(foreground, Signal::Hup);
    }
    const auto lost = lost_foreground_.find(session);
    if (lost == lost_foreground_.end()) return;
    signal_group_(lost->second, Signal::Hup);
    signal_group_(lost->second, Signal::Cont);
    lost_foreground_.erase(lost);
}

PtyFile::PtyFile(Terminals& terminals, std::shared_ptr<Pty> pty, End end, const FileStatus& status)
    : terminals_(terminals),
      pty_(std::move(pty)),
      end_(end),
      status_(status),
      generation_(pty_->generation) {
    flags = abi::kORdwr;
    if (master()) return;
    ++pty_->slaves;
    pty_->slave_closed = false;
}

PtyFile::~PtyFile() {
    if (master()) terminals_.master_closed(*pty_);
    if (!master() && !hung_up() && --pty_->slaves == 0) {
        pty_->slave_closed = true;
        pty_->terminal.master_waits.wake();
    }
    if (pty_.use_count() == 1) terminals_.ended(*pty_);
}

SysResult<std::uint64_t> PtyFile::read(std::uint64_t, std::span<std::byte> to) {
    if (hung_up() || to.empty()) return std::uint64_t{0};
    Terminal& terminal = pty_->terminal;
    if (!master() && !terminal.has_discipline()) return tl::make_unexpected(Errno::NotSup);
    if (!master()) return terminal.take(to);
    if (pty_->slave_closed && terminal.output_bytes() == 0 && !terminal.has_news())
        return tl::make_unexpected(Errno::Io);
    return terminal.take_output(to);
}

SysResult<std::uint64_t> PtyFile::write(std::uint64_t, std::span<const std::byte> from) {
    if (hung_up()) return tl::make_unexpected(Errno::Io);
    if (!master() && !pty_->terminal.has_discipline()) return tl::make_unexpected(Errno::NotSup);
    if (!master()) return pty_->terminal.print(from);
    // What is typed waits for the next one who opens the slave.
    return pty_->terminal.type(from);
}

std::uint32_t PtyFile::poll() {
    const Terminal& terminal = pty_->terminal;
    if (hung_up()) return abi::kPollReadable | abi::kPollWritable | abi::kPollErr | abi::kPollHup;
    if (master()) {
        return (terminal.output_bytes() > 0 ? abi::kPollReadable : 0) |
               (terminal.has_news() ? abi::kPollReadable | abi::kPollPri : 0) |
               (terminal.can_type() ? abi::kPollWritable : 0) |
               (pty_->slave_closed ? abi::kPollHup : 0);
    }
    const auto& characters = terminal.settings().characters;
    std::size_t wanted = 1;
    if (!terminal.canonical() && characters[abi::Vtime] == 0 && characters[abi::Vmin] != 0)
        wanted = characters[abi::Vmin];
    return (terminal.readable() >= wanted ? abi::kPollReadable : 0) |
           (terminal.can_print() ? abi::kPollWritable : 0);
}

}  // namespace uprobesim
