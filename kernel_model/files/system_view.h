// SPDX-License-Identifier: GPL-2.0-or-later
// The state of the running system that /proc shows. Implemented by the kernel.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

namespace uprobesim {

struct CpuTime;
struct FileLocks;
struct Process;
struct Task;

class Ipc;
class KernelLog;
class Keyrings;
class LoopDevices;
class Mounts;
class Network;
class PidTable;
class Sysctls;
class Terminals;

class SystemView {
public:
    virtual ~SystemView() = default;
    virtual const std::map<std::int32_t, std::unique_ptr<Process>>& processes() const = 0;
    virtual Task* current() const = 0;  // the calling task
    virtual const PidTable& ids() const = 0;
    virtual unsigned cpu_count() const = 0;
    virtual std::uint64_t monotonic_ns() const = 0;
    virtual std::uint64_t idle_ns() const = 0;
    virtual CpuTime cpu_time(const Task&) const = 0;
    virtual CpuTime cpu_time(const Process&) const = 0;
    virtual std::uint64_t faults(const Task&) const = 0;
    virtual std::uint64_t faults(const Process&) const = 0;
    virtual std::uint64_t queued_signals(const Process&) const = 0;  // of its user
    virtual const Mounts* mounts() const = 0;
    // Where the reader's parameter of this name is.
    virtual Sysctls& sysctls(std::string_view name) const = 0;
    virtual Ipc& ipc() const = 0;  // the reader's
    virtual const Network& loopback() const = 0;
    virtual Keyrings& keyrings() const = 0;
    virtual Terminals& terminals() const = 0;
    virtual KernelLog& log() const = 0;
    virtual LoopDevices& loops() const = 0;
    virtual const FileLocks& locks() const = 0;
};

}  // namespace uprobesim
