// SPDX-License-Identifier: GPL-2.0-or-later
// net/core/sock.c, net/core/filter.c
#include "kernel_model/syscall/net/filter_options.h"

#include <algorithm>
#include <utility>

#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

// What the options of a program take besides its instructions (struct bpf_prog).
constexpr std::uint64_t kProgramBytes = 72;

std::uint64_t most_option_memory(const SysCall& call) {
    return static_cast<std::uint64_t>(call.kernel.sysctls().number("net/core/optmem_max"));
}

// __get_filter
SysResult<std::shared_ptr<SocketFilter>> read_program(SysCall& call, const Socket& socket,
                                                      std::uint32_t length) {
    UserMemory memory = call.memory();
    if (length != sizeof(BpfProgram)) return tl::make_unexpected(Errno::Inval);
    const auto given = memory.get<BpfProgram>(call.address(3));
    if (!given) return tl::make_unexpected(Errno::Fault);
    if (socket.filtering.locked) return tl::make_unexpected(Errno::Perm);
    if (given->insns == 0 || given->length == 0 || given->length > kBpfMaxInsns)
        return tl::make_unexpected(Errno::Inval);
    const std::uint64_t bytes = given->length * sizeof(BpfInsn) + kProgramBytes;
    PhysicalMemory& all = call.kernel.machine().memory;
    if (!all.has_room(bytes)) return tl::make_unexpected(Errno::NoMem);
    auto filter = std::make_shared<SocketFilter>();
    filter->program.resize(given->length);
    if (!memory.read(VAddr(given->insns), std::as_writable_bytes(std::span(filter->program))))
        return tl::make_unexpected(Errno::Fault);
    if (!is_valid_program(filter->program)) return tl::make_unexpected(Errno::Inval);
    // sk_filter_charge
    if (bytes >= most_option_memory(call)) return tl::make_unexpected(Errno::NoMem);
    filter->memory = MemoryCharge(&all, bytes);
    return filter;
}

SysOutcome attach(SysCall& call, Socket& socket, std::uint32_t length) {
    socket.filtering.filter = TRY(read_program(call, socket, length));
    call.units = socket.filtering.filter->program.size();
    socket.filter_changed();
    return 0;
}

SysOutcome detach(SysCall&, Socket& socket, std::uint32_t) {
    if (socket.filtering.locked) return Errno::Perm;
    if (socket.filtering.filter == nullptr) return Errno::NoEnt;
    socket.filtering.filter.reset();
    socket.filter_changed();
    return 0;
}

SysOutcome lock(SysCall& call, Socket& socket, std::uint32_t) {
    const auto value = call.memory().get<std::int32_t>(call.address(3));
    if (!value) return Errno::Fault;
    if (socket.filtering.locked && *value == 0) return Errno::Perm;
    socket.filtering.locked = *value != 0;
    return 0;
}

// sk_attach_bpf: nothing that is open is a program.
SysOutcome attach_loaded(SysCall& call, Socket& socket, std::uint32_t length) {
    if (length != sizeof(std::uint32_t)) return Errno::Inval;
    const auto fd = call.memory().get<std::int32_t>(call.address(3));
    if (!fd) return Errno::Fault;
    if (socket.filtering.locked) return Errno::Perm;
    return call.process.files.get(*fd) == nullptr ? Errno::Badf : Errno::Inval;
}

struct FilterOption {
    std::int32_t name;
    SysOutcome (*set)(SysCall& call, Socket& socket, std::uint32_t length);
};
constexpr FilterOption kFilterOptions[] = {
    {kSoAttachFilter, attach},
    {kSoDetachFilter, detach},
    {kSoLockFilter, lock},
    {kSoAttachBpf, attach_loaded},
};

// sk_get_filter: counts are of instructions.
SysOutcome get_program(SysCall& call, const Socket& socket, std::int32_t room) {
    UserMemory memory = call.memory();
    std::int32_t count = 0;
    if (const auto& filter = socket.filtering.filter) {
        count = static_cast<std::int32_t>(filter->program.size());
        if (room != 0 && room < count) return Errno::Inval;
        if (room != 0 && !memory.write(call.address(3), std::as_bytes(std::span(filter->program))))
            return Errno::Fault;
    }
    return memory.put(call.address(4), count) ? SysOutcome(0) : SysOutcome(Errno::Fault);
}

}  // namespace

std::optional<SysOutcome> set_filter_option(SysCall& call, Socket& socket, std::int32_t level,
                                            std::int32_t name, std::uint32_t length) {
    const auto row = std::ranges::find(kFilterOptions, name, &FilterOption::name);
    if (level != kSolSocket || row == std::end(kFilterOptions)) return std::nullopt;
    // sk_setsockopt: whatever the option takes, an int must be there.
    if (length < sizeof(std::int32_t)) return Errno::Inval;
    if (!call.memory().get<std::int32_t>(call.address(3))) return Errno::Fault;
    return row->set(call, socket, length);
}

std::optional<SysOutcome> get_filter_option(SysCall& call, const Socket& socket, std::int32_t level,
                                            std::int32_t name, std::int32_t room) {
    if (level != kSolSocket) return std::nullopt;
    if (name == kSoAttachFilter) return get_program(call, socket, room);
    if (name != kSoLockFilter) return std::nullopt;
    const std::int32_t locked = socket.filtering.locked ? 1 : 0;
    const std::int32_t size = std::min<std::int32_t>(room, sizeof locked);
    UserMemory memory = call.memory();
    const auto bytes = std::as_bytes(std::span(&locked, 1)).first(static_cast<std::size_t>(size));
    if (!memory.write(call.address(3), bytes) || !memory.put(call.address(4), size))
        return Errno::Fault;
    return 0;
}

}  // namespace uprobesim
