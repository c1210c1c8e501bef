// SPDX-License-Identifier: GPL-2.0-or-later
// Sockets' addresses and messages, buffers in pieces, and what a signal carries.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernel_model/abi/stat.h"
#include "kernel_model/signal/signals.h"
#include "tools/strace/call_structs.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kFamilySize = 2, kUnix = 1, kInet = 2, kInet6 = 10;
constexpr std::uint64_t kMaxAddress = 128;  // sockaddr_storage

std::uint32_t big_endian_port(const std::string& bytes) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[2]) << 8 |
                                      static_cast<unsigned char>(bytes[3]));
}

std::string inet_text(const std::string& bytes) {
    constexpr std::size_t kAddressAt = 4;
    char text[INET_ADDRSTRLEN] = {};
    inet_ntop(AF_INET, bytes.data() + kAddressAt, text, sizeof text);
    return fmt::format("{{sa_family=AF_INET, sin_port=htons({}), sin_addr=inet_addr(\"{}\")}}",
                       big_endian_port(bytes), text);
}

std::string inet6_text(const std::string& bytes) {
    constexpr std::size_t kAddressAt = 8;
    char text[INET6_ADDRSTRLEN] = {};
    inet_ntop(AF_INET6, bytes.data() + kAddressAt, text, sizeof text);
    return fmt::format(
        "{{sa_family=AF_INET6, sin6_port=htons({}), inet_pton(AF_INET6, \"{}\", &sin6_addr), ...}}",
        big_endian_port(bytes), text);
}

// An abstract name begins with a NUL and has no end; strace writes it with an '@'.
std::string unix_text(const std::string& bytes) {
    const std::string_view path = std::string_view(bytes).substr(kFamilySize);
    if (path.empty()) return "{sa_family=AF_UNIX}";
    if (path.front() == '\0')
        return fmt::format("{{sa_family=AF_UNIX, sun_path=@{}}}", quoted(path.substr(1), false));
    return fmt::format("{{sa_family=AF_UNIX, sun_path={}}}",
                       quoted(path.substr(0, path.find('\0')), false));
}

std::string sockaddr_text(CallView& view, std::uint64_t at, std::uint64_t length) {
    if (at == 0) return "NULL";
    std::string bytes(std::min(length, kMaxAddress), '\0');
    if (bytes.size() < kFamilySize ||
        !peek(view.memory(), VAddr(at), std::as_writable_bytes(std::span(bytes)))) {
        view.incomplete = true;
        return pointer_text(at);
    }
    const auto family = static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[0]) |
                                                   static_cast<unsigned char>(bytes[1]) << 8);
    constexpr std::size_t kInetSize = 8, kInet6Size = 24;
    if (family == kUnix) return unix_text(bytes);
    if (family == kInet && bytes.size() >= kInetSize) return inet_text(bytes);
    if (family == kInet6 && bytes.size() >= kInet6Size) return inet6_text(bytes);
    return fmt::format("{{sa_family={}, sa_data={}}}", value_text(names::kSocketDomains, family),
                       quoted(std::string_view(bytes).substr(kFamilySize), false));
}

std::string value_at(CallView& view, std::uint64_t at, std::uint64_t size) {
    if (size != sizeof(std::int32_t)) return bytes_at(view, at, size);
    const auto number = view.read<std::int32_t>(at);
    return number ? fmt::format("[{}]", *number) : pointer_text(at);
}

struct CodeName {
    Signal signal;
    std::int32_t code;
    std::string_view name;
};
constexpr CodeName kCodes[] = {{Signal::Segv, 1, "SEGV_MAPERR"},  {Signal::Segv, 2, "SEGV_ACCERR"},
                               {Signal::Bus, 1, "BUS_ADRALN"},    {Signal::Bus, 2, "BUS_ADRERR"},
                               {Signal::Ill, 1, "ILL_ILLOPC"},    {Signal::Trap, 1, "TRAP_BRKPT"},
                               {Signal::Trap, 2, "TRAP_TRACE"},   {Signal::Chld, 1, "CLD_EXITED"},
                               {Signal::Chld, 2, "CLD_KILLED"},   {Signal::Chld, 3, "CLD_DUMPED"},
                               {Signal::Chld, 4, "CLD_TRAPPED"},  {Signal::Chld, 5, "CLD_STOPPED"},
                               {Signal::Chld, 6, "CLD_CONTINUED"}};

std::string code_text(const SignalInfo& info) {
    constexpr std::int32_t kQueue = -1, kTimer = -2;
    switch (info.code) {
        case abi::kSiUser: return "SI_USER";
        case abi::kSiKernel: return "SI_KERNEL";
        case abi::kSiTkill: return "SI_TKILL";
        case kQueue: return "SI_QUEUE";
        case kTimer: return "SI_TIMER";
        default: break;
    }
    constexpr std::string_view kPolls[] = {"POLL_IN",  "POLL_OUT", "POLL_MSG",
                                           "POLL_ERR", "POLL_PRI", "POLL_HUP"};
    if (abi::tells_poll(info)) return std::string(kPolls[info.code - 1]);
    for (const CodeName& c : kCodes) {
        if (c.signal == info.signal && c.code == info.code) return std::string(c.name);
    }
    return fmt::format("{}", info.code);
}

}  // namespace

std::string iovec_text(CallView& view, std::uint64_t at, std::uint64_t count, std::uint64_t used) {
    if (at == 0) return "NULL";
    std::vector<std::string> shown;
    for (std::uint64_t n = 0; n < std::min(count, kShownItems); ++n) {
        const auto piece = view.read<abi::Iovec>(at + n * sizeof(abi::Iovec));
        if (!piece) return pointer_text(at);
        const std::uint64_t here = std::min(piece->length, used);
        shown.push_back(fmt::format("{{iov_base={}, iov_len={}}}",
                                    bytes_at(view, piece->base, here), piece->length));
        used -= here;
    }
    return fmt::format("[{}{}]", fmt::join(shown, ", "), count > kShownItems ? ", ..." : "");
}

std::string siginfo_text(const SignalInfo& info) {
    std::string text =
        fmt::format("{{si_signo={}, si_code={}",
                    signal_text(static_cast<std::uint64_t>(info.signal)), code_text(info));
    if (info.code == abi::kSiKernel) return text + "}";
    if (abi::tells_poll(info))
        return text + fmt::format(", si_fd={}, si_band={}}}", static_cast<std::int32_t>(info.value),
                                  info.address);
    const bool fault = info.code > 0 && info.signal != Signal::Chld;
    if (fault) return text + fmt::format(", si_addr={}}}", pointer_text(info.address));
    text += fmt::format(", si_pid={}, si_uid={}", info.pid, info.uid);
    if (info.signal == Signal::Chld && info.code > 0) {
        constexpr std::int32_t kExited = 1;
        text += fmt::format(", si_status={}",
                            info.code == kExited
                                ? fmt::format("{}", info.status)
                                : signal_text(static_cast<std::uint64_t>(info.status)));
    }
    return text + "}";
}

std::string sockaddr_argument(CallView& view, unsigned index, const ArgumentKind&) {
    return sockaddr_text(view, view.arguments[index],
                         static_cast<std::uint32_t>(view.arguments[index + 1]));
}

std::string sockaddr_result(CallView& view, unsigned index, const ArgumentKind&) {
    if (view.arguments[index] == 0) return "NULL";
    const auto length = view.read<std::uint32_t>(view.arguments[index + 1]);
    return length ? sockaddr_text(view, view.arguments[index], *length)
                  : pointer_text(view.arguments[index]);
}

std::string option_value(CallView& view, unsigned index, const ArgumentKind&) {
    return value_at(view, view.arguments[index],
                    static_cast<std::uint32_t>(view.arguments[index + 1]));
}

std::string option_result(CallView& view, unsigned index, const ArgumentKind&) {
    const auto length = view.read<std::uint32_t>(view.arguments[index + 1]);
    return length ? value_at(view, view.arguments[index], *length)
                  : pointer_text(view.arguments[index]);
}

std::string message(CallView& view, unsigned index, const ArgumentKind&) {
    struct Header {
        std::uint64_t name;
        std::uint32_t name_length, pad;
        std::uint64_t iov, iov_length, control, control_length;
        std::uint32_t flags, pad2;
    };
    const auto header = view.read<Header>(view.arguments[index]);
    if (!header) return pointer_text(view.arguments[index]);
    const std::uint64_t used = view.result && *view.result >= 0
                                   ? static_cast<std::uint64_t>(*view.result)
                                   : ~std::uint64_t{0};
    return fmt::format(
        "{{msg_name={}, msg_namelen={}, msg_iov={}, msg_iovlen={}, msg_controllen={}, "
        "msg_flags={}}}",
        sockaddr_text(view, header->name, header->name_length), header->name_length,
        iovec_text(view, header->iov, header->iov_length, used), header->iov_length,
        header->control_length, flags_text(names::kMessageFlags, header->flags));
}

}  // namespace uprobesim
