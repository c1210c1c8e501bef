// SPDX-License-Identifier: GPL-2.0-or-later
// The attributes of a kept scratch directory's files (mode, owner, times, inode number) by name,
// and the removed names of the root. They are stored in a log (docs/scratch.md): a line is appended
// before its change is made, so that the last whole state can be read after any end of the
// simulator.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "kernel_model/files/host/host.h"
#include "sim/base/error.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

class ScratchState {
public:
    // The name in the scratch directory, which the guest does not see, and what is copied up,
    // until it is whole.
    static constexpr std::string_view kFolder = ".uprobesim", kCopy = ".uprobesim/copy";

    using Names = std::map<std::string, std::shared_ptr<FileStatus>>;

    // Reads what is there and begins a log of its own. An error: another run has the directory, or
    // the state cannot be read or written. `failed`: told when the disk takes no more.
    static Result<std::unique_ptr<ScratchState>> open(const HostDirectory& scratch,
                                                      const std::string& path,
                                                      std::function<void(Errno)> failed);

    // What it remembers is charged to this memory from now on.
    void account(PhysicalMemory& memory);

    const Names& names() const { return names_; }
    const std::set<std::string>& hidden() const { return hidden_; }

    // Each before the change is made on the host.
    void made(const std::string& guest, std::shared_ptr<FileStatus> status);
    void removed(const std::string& guest);
    void moved(const std::string& from, const std::string& to);
    void hide(const std::string& guest);
    // The host refused the last change: the state is what it was before.
    void undo();
    // It did not: what the name had is not kept any longer.
    void settle() { undo_ = nullptr; }

    void changed(const std::shared_ptr<FileStatus>& status);
    // The same in a while: with the next line, or at the next flush.
    void touched(const std::shared_ptr<FileStatus>& status);
    void flush();

private:
    explicit ScratchState(HostFd folder) : folder_(std::move(folder)) {}
    SysResult<void> read(const HostDirectory& scratch);
    SysResult<void> forget_lost(const HostDirectory& scratch);
    bool rewrite();
    void append(std::string_view line);
    void commit();
    void shorten();
    SysResult<void> apply(const std::string& line, bool last, const HostDirectory& scratch);
    void remember(const std::string& guest);
    void put_name(const std::string& guest, std::shared_ptr<FileStatus> status);
    Names::iterator drop_name(Names::iterator at);
    void drop_name(const std::string& guest);
    void settle_charge();
    void rename_names(const std::string& from, const std::string& to);

    HostFd folder_, log_;
    std::function<void(Errno)> failed_;
    Names names_;
    std::set<std::string> hidden_;
    // The last change, to be undone if the host refuses it.
    std::function<void()> undo_;
    std::map<std::uint64_t, std::shared_ptr<FileStatus>> files_;  // while reading
    std::map<std::uint64_t, std::shared_ptr<FileStatus>> touched_;
    std::string pending_;
    std::uint64_t text_bytes_ = 0;  // of all names
    MemoryCharge charge_;
    std::uint64_t log_bytes_ = 0, whole_bytes_ = 0;
    bool broken_ = false;  // a line could not be written whole
};

}  // namespace uprobesim
