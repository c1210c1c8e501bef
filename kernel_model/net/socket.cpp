// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/net/socket.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/ioctl.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/memory/user_memory.h"
#include "kernel_model/net/network.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr std::uint64_t kSkBuff = 256, kSharedInfo = 320, kMinHead = 512;
// SOCK_MIN_SNDBUF, SOCK_MIN_RCVBUF; net.core.wmem_max and rmem_max. Requested sizes are doubled
// (socket(7)).
constexpr std::int32_t kMinSend = 4608, kMinReceive = 2304, kMaxBuffer = 212992;
// The limit for SO_SNDBUFFORCE and SO_RCVBUFFORCE; bounds the use of host memory.
constexpr std::int32_t kMaxForced = 64 << 20;
constexpr std::uint64_t kSockfs = 8;  // st_dev

}  // namespace

std::uint64_t message_charge(std::uint64_t bytes) {
    const std::uint64_t head = std::min(bytes, kPageSize - kSharedInfo);
    return kSkBuff + std::max(kMinHead, std::bit_ceil(head + kSharedInfo)) +
           page_ceil(bytes - head);
}

Socket::Socket(std::shared_ptr<Network> network, std::uint16_t family, std::uint32_t type,
               std::uint32_t protocol)
    : network_(std::move(network)),
      family_(family),
      type_(type),
      protocol_(protocol),
      status_{.device = kSockfs,
              .inode = network_->add(*this),
              .mode = abi::kIfSock | abi::kPermissionBits} {
    charge = MemoryCharge(network_->memory(), kSocketBytes);  // with or without a descriptor
    flags = abi::kORdwr;
    name = "socket:[" + std::to_string(inode()) + "]";
}

Socket::~Socket() {
    network_->remove(*this);
}

SysResult<void> Socket::listen(std::size_t, const Ucred&) {
    return tl::make_unexpected(Errno::NotSup);
}
SysResult<std::shared_ptr<Socket>> Socket::accept() {
    return tl::make_unexpected(Errno::NotSup);
}

const UserSpace& Socket::network_owner() const {
    return network_->owner;
}

std::uint64_t Socket::now_ns() const {
    return network_->real_time_ns();
}

std::optional<SocketError> Socket::take_queued_error() {
    if (error_queue_.empty()) return std::nullopt;
    SocketError first = std::move(error_queue_.front());
    error_queue_.pop_front();
    return first;
}

std::optional<Errno> Socket::take_error() {
    return std::exchange(error_, std::nullopt);
}

std::uint64_t Socket::send_buffer() const {
    return static_cast<std::uint64_t>(options.get(abi::kSolSocket, abi::kSoSndbuf));
}
std::uint64_t Socket::receive_buffer() const {
    return static_cast<std::uint64_t>(options.get(abi::kSolSocket, abi::kSoRcvbuf));
}

void Socket::set_buffer(bool send, std::int32_t value, bool privileged) {
    // A negative size counts as a very large one (sock_setsockopt compares as unsigned).
    const std::int32_t most = privileged ? kMaxForced : kMaxBuffer;
    // By force there is no such trick: it counts as none.
    const std::int32_t least = privileged ? 0 : most;
    const std::int32_t asked = value < 0 ? least : std::min(value, most);
    options.set(abi::kSolSocket, send ? abi::kSoSndbuf : abi::kSoRcvbuf,
                std::max(asked * 2, send ? kMinSend : kMinReceive));
    if (!send) return;
    send_buffer_set = true;
    waiters_.wake(abi::kPollWritable);
}

SysResult<std::uint64_t> Socket::read(std::uint64_t, std::span<std::byte> to) {
    auto got = TRY(receive(to.size(), false));
    std::ranges::copy(got.bytes, to.begin());
    return std::uint64_t{got.bytes.size()};
}

SysResult<std::uint64_t> Socket::write(std::uint64_t, std::span<const std::byte> from) {
    return send({.bytes = from, .to = {}, .files = {}, .sender = {}});
}

SysResult<std::uint64_t> Socket::ioctl(std::uint64_t request, std::uint64_t arg,
                                       UserMemory& memory) {
    if (request == abi::kSiocatmark && has_mark()) {
        if (!memory.put(VAddr(arg), std::int32_t{at_mark()}))
            return tl::make_unexpected(Errno::Fault);
        return std::uint64_t{0};
    }
    if (is_inet(*this) && (request == abi::kSiocaddrt || request == abi::kSiocdelrt))
        return Network::route_ioctl(request, arg, memory);
    if (request != abi::kFionread && request != abi::kTiocoutq)
        return network_->interface_ioctl(request, arg, memory);
    if (listening()) return tl::make_unexpected(Errno::Inval);
    const std::uint64_t bytes = request == abi::kFionread ? readable_bytes() : unsent_bytes();
    if (!memory.put(VAddr(arg), static_cast<std::int32_t>(bytes)))
        return tl::make_unexpected(Errno::Fault);
    return std::uint64_t{0};
}

}  // namespace uprobesim
