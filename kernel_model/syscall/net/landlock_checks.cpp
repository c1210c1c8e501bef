// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/net/landlock_checks.h"

#include <bit>
#include <cstddef>

#include "kernel_model/abi/landlock.h"
#include "kernel_model/abi/socket.h"
#include "kernel_model/landlock/domain.h"
#include "kernel_model/net/unix_socket.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

// The head of struct sockaddr_in and sockaddr_in6, in network order.
struct InetHead {
    std::uint16_t family, port;
    std::uint32_t address;
};
constexpr std::int32_t kFamilyLeast = 2, kInetLeast = 16, kInet6Least = 24;

bool is_tcp(const Socket& socket) {
    return socket.type() == kSockStream &&
           (socket.family() == kAfInet || socket.family() == kAfInet6);
}

std::uint16_t host_order(std::uint16_t value) {
    return static_cast<std::uint16_t>(value << 8 | value >> 8);
}

// An address without a family is one of AF_INET to bind, where it is any, and ends a connection.
SysResult<bool> is_allowed_unspecified(const Socket& socket, const InetHead& given,
                                       std::uint32_t right) {
    if (right == kLandlockNetConnectTcp) return true;
    if (socket.family() != kAfInet) return tl::make_unexpected(Errno::Inval);
    if (given.address != 0) return tl::make_unexpected(Errno::AfNoSupport);
    return false;
}

}  // namespace

SysResult<void> check_port(SysCall& call, const Socket& socket, std::uint32_t right) {
    const LandlockDomain* const domain = call.cred().landlock.get();
    if (domain == nullptr || (domain->handled().network & right) == 0 || !is_tcp(socket)) return {};
    const std::int32_t length = call.int32(2);
    if (length < kFamilyLeast || call.uint32(2) > kMaxAddressBytes)
        return tl::make_unexpected(Errno::Inval);
    const auto family = call.memory().get<std::uint16_t>(call.address(1));
    if (!family) return tl::make_unexpected(Errno::Fault);
    if (*family != kAfUnspec && *family != kAfInet && *family != kAfInet6) return {};
    if (length < (*family == kAfInet6 ? kInet6Least : kInetLeast))
        return tl::make_unexpected(Errno::Inval);
    const auto given = call.memory().get<InetHead>(call.address(1));
    if (!given) return tl::make_unexpected(Errno::Fault);
    if (*family == kAfUnspec) {
        if (TRY(is_allowed_unspecified(socket, *given, right))) return {};
    } else if (*family != socket.family()) {
        return tl::make_unexpected(Errno::Inval);
    }
    if (!may_use_port(*domain, host_order(given->port), right))
        return tl::make_unexpected(Errno::Acces);
    return {};
}

SysResult<void> check_scope(SysCall& call, Socket& socket, const SocketAddress& address) {
    const LandlockDomain* const domain = call.cred().landlock.get();
    if (domain == nullptr || domain->handled().scopes == 0) return {};
    const auto* const other = dynamic_cast<const UnixSocket*>(socket.connects_to(address));
    if (other == nullptr || !other->is_scoped_from(domain)) return {};
    return tl::make_unexpected(Errno::Perm);
}

}  // namespace uprobesim
