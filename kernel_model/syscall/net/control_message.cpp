// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/net/control_message.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/syscall/net/control_writer.h"
#include "kernel_model/syscall/net/packet_control.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr std::uint64_t kMaxControl = 131072;  // net.core.optmem_max

SysResult<void> take_rights(SysCall& call, std::span<const std::byte> data, Outgoing& message) {
    const std::size_t count = data.size() / 4;
    if (count + message.files.size() > abi::kScmMaxFd) return tl::make_unexpected(Errno::Inval);
    for (std::size_t i = 0; i < count; ++i) {
        std::int32_t fd = 0;
        std::memcpy(&fd, data.data() + 4 * i, 4);
        auto file = call.process.files.share(fd);
        if (!file) return tl::make_unexpected(Errno::Badf);
        message.files.push_back(std::move(file));
    }
    return {};
}

SysResult<void> take_credentials(SysCall& call, std::span<const std::byte> data,
                                 Outgoing& message) {
    if (data.size() != 12) return tl::make_unexpected(Errno::Inval);
    std::uint32_t given[3];
    std::memcpy(given, data.data(), sizeof given);
    const UserSpace& space = call.cred().space;
    const auto uid = user_outside(space, given[1]), gid = group_outside(space, given[2]);
    if (!uid || !gid) return tl::make_unexpected(Errno::Inval);
    const auto number = static_cast<std::int32_t>(given[0]);
    Ucred claimed{.pid = message.sender.pid, .uid = *uid, .gid = *gid};
    const bool other = number != call.number_of(message.sender.pid);
    const PidNamespace* const processes = call.process.pid_space();
    const UserSpace owner = processes != nullptr ? processes->owned_by : nullptr;
    // scm_check_creds: only those who may take other ids may send others than their own.
    const Credentials& own = call.cred();
    const auto has = [](const Ids& ids, std::uint32_t id) {
        return id == ids.real || id == ids.effective || id == ids.saved;
    };
    if ((other && !own.capable_in(owner, Capability::SysAdmin)) ||
        (!has(own.uid, claimed.uid) && !own.has(Capability::Setuid)) ||
        (!has(own.gid, claimed.gid) && !own.has(Capability::Setgid)))
        return tl::make_unexpected(Errno::Perm);
    if (other) {
        // It must be somebody's.
        const std::int32_t id = call.id_of(number);
        if (!call.kernel.processes().ids().in_use(id)) return tl::make_unexpected(Errno::Srch);
        claimed.pid = call.kernel.processes().ids().of(id);
    }
    message.sender = claimed;
    return {};
}

bool goes_to_v4(const Socket& socket, const Outgoing& message) {
    if (message.to) return message.to->ip.is_v4();
    const auto peer = socket.peer();
    return peer && peer->ip.is_v4();
}

}  // namespace

SysResult<void> read_control(SysCall& call, const Socket& socket, VAddr at, std::uint64_t length,
                             Outgoing& message) {
    if (length > kMaxControl) return tl::make_unexpected(Errno::NoBufs);
    std::vector<std::byte> bytes(length);
    if (!call.memory().read(at, bytes)) return tl::make_unexpected(Errno::Fault);
    const bool inet = is_inet(socket);
    if (socket.family() != abi::kAfUnix && !inet) return {};
    const bool to_v4 = inet && goes_to_v4(socket, message);
    const bool privileged = call.capable_in(socket.network_owner(), Capability::NetAdmin) ||
                            call.capable_in(socket.network_owner(), Capability::NetRaw);
    std::uint64_t offset = 0;
    while (length - offset >= sizeof(ControlHeader)) {
        ControlHeader header{};
        std::memcpy(&header, bytes.data() + offset, sizeof header);
        if (header.length < sizeof header || header.length > length - offset)
            return tl::make_unexpected(Errno::Inval);
        const auto data = std::span<const std::byte>(bytes).subspan(offset + sizeof header,
                                                                    header.length - sizeof header);
        if (inet) {
            TRY(take_packet_control(socket, header, data, to_v4, privileged, message.wishes));
        } else if (header.level == abi::kSolSocket) {
            SysResult<void> taken = tl::make_unexpected(Errno::Inval);
            if (header.type == abi::kScmRights) taken = take_rights(call, data, message);
            if (header.type == abi::kScmCredentials) taken = take_credentials(call, data, message);
            if (!taken) return taken;
        }
        if (control_aligned(header.length) > length - offset) break;
        offset += control_aligned(header.length);
    }
    return {};
}

// IP_RECVERR or IPV6_RECVERR: struct sock_extended_err and the address of who said so.
std::uint64_t put_error(SysCall& call, const Socket& socket, VAddr at, std::uint64_t length,
                        const SocketError& error, std::uint32_t& told) {
    const bool v6 = socket.family() == abi::kAfInet6;
    struct {
        ControlHeader header;
        std::uint32_t error;
        std::uint8_t origin, type, code, pad;
        std::uint32_t info, data;
    } fixed{.header = {},
            .error = error.error,
            .origin = error.origin,
            .type = error.type,
            .code = error.code,
            .pad = 0,
            .info = error.info,
            .data = 0};
    const auto offender = address_bytes(error.offender, socket.family());
    fixed.header = {sizeof fixed + offender.size(), v6 ? abi::kSolIpv6 : abi::kSolIp,
                    v6 ? abi::kIpv6Recverr : abi::kIpRecverr};
    std::vector<std::byte> bytes(sizeof fixed);
    std::memcpy(bytes.data(), &fixed, sizeof fixed);
    bytes.insert(bytes.end(), offender.begin(), offender.end());
    const std::uint64_t fits = std::min<std::uint64_t>(bytes.size(), length);
    if (fits < bytes.size()) told |= abi::kMsgCtrunc;
    if (fits < sizeof(ControlHeader) || !call.memory().write(at, std::span(bytes).first(fits)))
        return 0;
    return std::min(length, control_aligned(fits));
}

std::uint64_t put_control(SysCall& call, const Socket& socket, VAddr at, std::uint64_t length,
                          std::uint32_t flags, Incoming& message, std::uint32_t& told) {
    if (message.error) return put_error(call, socket, at, length, *message.error, told);
    ControlWriter writer(call.memory(), at, length, told);
    if (message.fields) put_packet_control(writer, socket, *message.fields);
    // Messages of AF_UNIX have no time of arrival: it is now (__sock_recv_timestamp).
    if (socket.family() == abi::kAfUnix && by_message(socket))
        put_arrival(writer, socket, socket.now_ns());
    if (message.sender && socket.options.is_on(abi::kSolSocket, abi::kSoPasscred)) {
        writer.put_value(abi::kSolSocket, abi::kScmCredentials,
                         shown_credentials(call, *message.sender));
    }
    if (message.files.empty()) return writer.used();
    const std::size_t fit = std::min<std::size_t>(message.files.size(), writer.room() / 4);
    std::vector<std::int32_t> fds;
    for (std::size_t i = 0; i < fit; ++i) {
        auto fd = call.process.files.add(message.files[i], (flags & abi::kMsgCmsgCloexec) != 0);
        if (!fd) break;
        fds.push_back(*fd);
    }
    if (fds.size() < message.files.size()) told |= abi::kMsgCtrunc;
    if (!fds.empty() &&
        !writer.put(abi::kSolSocket, abi::kScmRights, std::as_bytes(std::span(fds)))) {
        for (const std::int32_t fd : fds) (void)call.process.files.close(fd);
    }
    return writer.used();
}

}  // namespace uprobesim
