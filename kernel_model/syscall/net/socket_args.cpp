// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/net/socket_args.h"

#include <algorithm>
#include <array>

#include "kernel_model/abi/fcntl.h"
#include "sim/base/try.h"

namespace uprobesim {

SysResult<std::shared_ptr<Socket>> socket_argument(SysCall& call, std::int32_t fd) {
    auto file = call.process.files.share(fd);
    if (!file || (file->flags & abi::kOPath) != 0) {
        call.path = KernelPath::SysCloseError;
        return tl::make_unexpected(Errno::Badf);
    }
    Socket* socket = file->socket();
    if (socket == nullptr) return tl::make_unexpected(Errno::NotSock);
    return std::shared_ptr<Socket>(std::move(file), socket);
}

namespace {

using AddressBytes = std::array<std::byte, abi::kMaxAddressBytes>;

// move_addr_to_kernel
SysResult<std::span<const std::byte>> read_address(SysCall& call, VAddr at, std::int32_t length,
                                                   AddressBytes& bytes) {
    if (length < 0 || static_cast<std::size_t>(length) > bytes.size())
        return tl::make_unexpected(Errno::Inval);
    const auto given = std::span(bytes).first(static_cast<std::size_t>(length));
    if (!call.memory().read(at, given)) return tl::make_unexpected(Errno::Fault);
    return given;
}

}  // namespace

SysResult<SocketAddress> address_argument(SysCall& call, VAddr at, std::int32_t length) {
    AddressBytes bytes{};
    return parse_address(TRY(read_address(call, at, length, bytes)));
}

SysResult<void> check_address(SysCall& call, VAddr at, std::int32_t length) {
    AddressBytes bytes{};
    TRY(read_address(call, at, length, bytes));
    return {};
}

SysResult<void> look_up(SysCall& call, SocketAddress& address) {
    if (address.family != abi::kAfUnix || address.name.empty() || address.abstract()) return {};
    const auto status = TRY(call.kernel.files().status(call.caller(), address.name, true));
    if ((status.mode & abi::kIfmt) != abi::kIfSock) return tl::make_unexpected(Errno::ConnRefused);
    TRY(call.kernel.files().access(call.caller(), address.name, abi::kWOk, true));
    address.file = FileKey{status.device, status.inode};
    return {};
}

SysResult<void> put_address(SysCall& call, std::span<const std::byte> bytes, VAddr at,
                            VAddr length_at) {
    UserMemory memory = call.memory();
    const auto room = memory.get<std::int32_t>(length_at);
    if (!room) return tl::make_unexpected(Errno::Fault);
    if (*room < 0) return tl::make_unexpected(Errno::Inval);
    const std::size_t size = std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(*room));
    if (!memory.write(at, bytes.first(size))) return tl::make_unexpected(Errno::Fault);
    if (!memory.put(length_at, static_cast<std::int32_t>(bytes.size())))
        return tl::make_unexpected(Errno::Fault);
    return {};
}

}  // namespace uprobesim
