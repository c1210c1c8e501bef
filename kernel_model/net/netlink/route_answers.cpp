// SPDX-License-Identifier: GPL-2.0-or-later
// net/core/rtnetlink.c, net/netlink/af_netlink.c (netlink_rcv_skb, netlink_ack).
#include "kernel_model/net/netlink/route_answers.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "kernel_model/abi/errno.h"
#include "kernel_model/abi/netlink.h"
#include "kernel_model/abi/socket.h"
#include "kernel_model/memory/backing.h"
#include "kernel_model/net/netlink/netlink_socket.h"
#include "kernel_model/net/netlink/route_changes.h"
#include "kernel_model/net/network.h"
#include "kernel_model/net/packet_fields.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;
using Bytes = std::vector<std::byte>;

constexpr std::int32_t kLo = kLoopbackIndex;
constexpr std::uint8_t kOperstateUnknown = 0, kOperstateDown = 2;  // RFC 2863

constexpr std::size_t aligned(std::size_t size) {
    return (size + 3) & ~std::size_t{3};
}

template <class T>
std::span<const std::byte> raw(const T& value) {
    return std::as_bytes(std::span(&value, 1));
}

// One message under construction.
class Message {
public:
    Message(std::uint16_t type, std::uint16_t flags, const NetlinkHeader& asked,
            std::uint32_t port) {
        put(NetlinkHeader{
            .length = 0, .type = type, .flags = flags, .sequence = asked.sequence, .port = port});
    }
    template <class T>
    void put(const T& value) {
        put_bytes(raw(value));
    }
    void put_bytes(std::span<const std::byte> value) {
        bytes_.insert(bytes_.end(), value.begin(), value.end());
        bytes_.resize(aligned(bytes_.size()));
    }
    void attribute(std::uint16_t type, std::span<const std::byte> value) {
        const std::array<std::uint16_t, 2> header = {static_cast<std::uint16_t>(4 + value.size()),
                                                     type};
        put(header);
        put_bytes(value);
    }
    template <class T>
    void attribute(std::uint16_t type, const T& value) {
        attribute(type, raw(value));
    }
    void text(std::uint16_t type, std::string_view value) {  // with its NUL
        std::array<char, 16> bytes{};
        std::copy(value.begin(), value.end(), bytes.begin());
        attribute(type, std::as_bytes(std::span(bytes)).first(value.size() + 1));
    }
    void add_to(Bytes& all) {
        const auto length = static_cast<std::uint32_t>(bytes_.size());
        std::memcpy(bytes_.data(), &length, 4);
        all.insert(all.end(), bytes_.begin(), bytes_.end());
    }

private:
    Bytes bytes_;
};

struct Request {
    NetlinkHeader header;
    std::span<const std::byte> whole, body;
    const RouteCaller& caller;

    std::uint8_t family() const { return std::to_integer<std::uint8_t>(body[0]); }
    template <class T>
    T as() const {
        T value{};
        std::memcpy(&value, body.data(), std::min(sizeof value, body.size()));
        return value;
    }
    std::span<const std::byte> attribute(std::size_t size, std::uint16_t type) const {
        return netlink_attribute(body, size, type);
    }
};

void put_link(Bytes& all, Message& message, const Network& network, std::uint32_t changed) {
    const bool up = network.up();
    message.put(LinkMessage{.family = kAfUnspec,
                            .pad = 0,
                            .type = kArphrdLoopback,
                            .index = kLo,
                            .flags = kIffLoopback | (up ? kIffUp | kIffRunning | kIffLowerUp : 0),
                            .change = changed});
    message.text(kIflaIfname, "lo");
    message.attribute(kIflaTxqlen, std::uint32_t{1000});
    message.attribute(kIflaOperstate, up ? kOperstateUnknown : kOperstateDown);
    message.attribute(kIflaLinkmode, std::uint8_t{0});
    message.attribute(kIflaMtu, network.mtu());
    message.attribute(kIflaGroup, std::uint32_t{0});
    message.attribute(kIflaPromiscuity, std::uint32_t{0});
    message.attribute(kIflaNumTxQueues, std::uint32_t{1});
    message.attribute(kIflaNumRxQueues, std::uint32_t{1});
    message.attribute(kIflaCarrier, std::uint8_t{1});
    message.text(kIflaQdisc, up ? "noqueue" : "noop");
    message.attribute(kIflaAddress, std::array<std::uint8_t, 6>{});
    message.attribute(kIflaBroadcast, std::array<std::uint8_t, 6>{});
    message.attribute(kIflaStats64, std::array<std::uint64_t, 25>{});
    message.attribute(kIflaStats, std::array<std::uint32_t, 24>{});
    message.add_to(all);
}

void add_link(Bytes& all, const Request& request, std::uint16_t flags) {
    Message message(kRtmNewlink, flags, request.header, request.caller.port);
    put_link(all, message, request.caller.network, 0);
}

void add_address(Bytes& all, const Request& request, bool v6) {
    Message message(kRtmNewaddr, kNlmMulti, request.header, request.caller.port);
    message.put(AddressMessage{.family = static_cast<std::uint8_t>(v6 ? kAfInet6 : kAfInet),
                               .prefix = static_cast<std::uint8_t>(v6 ? 128 : 8),
                               .flags = kIfaPermanent,
                               .scope = kScopeHost,
                               .index = kLo});
    std::array<std::uint8_t, 16> address{};
    if (v6) {
        address[15] = 1;
        message.attribute(kIfaAddress, address);
    } else {
        const std::array<std::uint8_t, 4> loopback = {127, 0, 0, 1};
        message.attribute(kIfaAddress, loopback);
        message.attribute(kIfaLocal, loopback);
        message.text(kIfaLabel, "lo");
    }
    message.attribute(kIfaFlags, std::uint32_t{kIfaPermanent});
    // Preferred and valid for ever; made and changed at the start.
    message.attribute(kIfaCacheinfo, std::array<std::uint32_t, 4>{~0u, ~0u, 0, 0});
    message.add_to(all);
}

struct Route {
    std::array<std::uint8_t, 4> to;
    std::uint8_t length, type, scope;
};

void add_route(Bytes& all, const Request& request, const Route& route, std::uint16_t flags) {
    Message message(kRtmNewroute, flags, request.header, request.caller.port);
    message.put(RouteMessage{.family = kAfInet,
                             .to_length = route.length,
                             .from_length = 0,
                             .tos = 0,
                             .table = kTableLocal,
                             .protocol = kProtocolKernel,
                             .scope = route.scope,
                             .type = route.type,
                             .flags = 0});
    message.attribute(kRtaTable, std::uint32_t{kTableLocal});
    message.attribute(kRtaDst, route.to);
    message.attribute(kRtaPrefsrc, std::array<std::uint8_t, 4>{127, 0, 0, 1});
    message.attribute(kRtaOif, kLo);
    message.add_to(all);
}

void add_route6(Bytes& all, const Request& request) {
    Message message(kRtmNewroute, kNlmMulti, request.header, request.caller.port);
    message.put(RouteMessage{.family = kAfInet6,
                             .to_length = 128,
                             .from_length = 0,
                             .tos = 0,
                             .table = kTableLocal,
                             .protocol = kProtocolKernel,
                             .scope = 0,
                             .type = kRouteLocal,
                             .flags = 0});
    std::array<std::uint8_t, 16> address{};
    address[15] = 1;
    message.attribute(kRtaTable, std::uint32_t{kTableLocal});
    message.attribute(kRtaDst, address);
    message.attribute(kRtaPriority, std::uint32_t{0});
    message.attribute(kRtaOif, kLo);
    message.add_to(all);
}

bool wants(const Request& request, std::uint16_t family) {
    return request.family() == kAfUnspec || request.family() == family;
}

SysResult<Bytes> dump(const Request& request) {
    Bytes all;
    switch (request.header.type) {
        case kRtmGetlink: add_link(all, request, kNlmMulti); break;
        case kRtmGetaddr:
            for (const bool v6 : {false, true}) {
                if (wants(request, v6 ? kAfInet6 : kAfInet) &&
                    request.caller.network.has_address(v6))
                    add_address(all, request, v6);
            }
            break;
        case kRtmGetroute:
            if (!request.caller.network.up()) break;
            if (wants(request, kAfInet)) {
                add_route(all, request, {{127, 0, 0, 0}, 8, kRouteLocal, kScopeHost}, kNlmMulti);
                add_route(all, request, {{127, 0, 0, 1}, 32, kRouteLocal, kScopeHost}, kNlmMulti);
                add_route(all, request, {{127, 255, 255, 255}, 32, kRouteBroadcast, kScopeLink},
                          kNlmMulti);
            }
            if (wants(request, kAfInet6)) add_route6(all, request);
            break;
        case kRtmGetneigh:
        case kRtmGetrule:
        case kRtmGetqdisc: break;
        default: return tl::make_unexpected(Errno::NotSup);
    }
    Message done(kNlmsgDone, kNlmMulti, request.header, request.caller.port);
    done.put(std::int32_t{0});
    done.add_to(all);
    return all;
}

SysResult<Bytes> get_one(const Request& request) {
    Bytes all;
    if (request.header.type == kRtmGetlink) {
        const auto asked = request.as<LinkMessage>();
        const auto name = request.attribute(sizeof(LinkMessage), kIflaIfname);
        if (asked.index <= 0 && name.empty()) return tl::make_unexpected(Errno::Inval);
        if (asked.index > 0 ? asked.index != kLo : netlink_text(name) != "lo")
            return tl::make_unexpected(Errno::NoDev);
        add_link(all, request, 0);
        return all;
    }
    if (request.header.type == kRtmGetroute && request.family() == kAfInet) {
        const auto to = request.attribute(sizeof(RouteMessage), kRtaDst);
        if (to.size() < 4 || std::to_integer<int>(to[0]) != 127 || !request.caller.network.up())
            return tl::make_unexpected(Errno::NetUnreach);
        Route route{{}, 32, kRouteLocal, 0};
        std::memcpy(route.to.data(), to.data(), 4);
        add_route(all, request, route, 0);
        return all;
    }
    return tl::make_unexpected(Errno::NotSup);
}

// rtnetlink_rcv_msg. Nothing: an answer that is empty.
SysResult<Bytes> answer(const Request& request) {
    const std::uint16_t type = request.header.type;
    if (type > kRtmMax) return tl::make_unexpected(Errno::NotSup);
    if (request.body.empty()) return Bytes{};
    const bool gets = (type & 3) == 2;
    if (!gets && !request.caller.privileged) return tl::make_unexpected(Errno::Perm);
    if (gets && (request.header.flags & kNlmDump) != 0) return dump(request);
    if (gets) return get_one(request);
    TRY(change_route(request.caller.network, request.header, request.body));
    return Bytes{};
}

// netlink_ack: an error repeats the request.
Bytes acknowledgement(const Request& request, std::int32_t error) {
    Message message(kNlmsgError, error == 0 ? kNlmCapped : std::uint16_t{0}, request.header,
                    request.caller.port);
    message.put(-error);
    message.put_bytes(error == 0 ? raw(request.header) : request.whole);
    Bytes all;
    message.add_to(all);
    return all;
}

}  // namespace

void for_each_attribute(
    std::span<const std::byte> body, std::size_t size,
    const std::function<void(std::uint16_t type, std::span<const std::byte>)>& look) {
    for (std::size_t at = aligned(size); at + 4 <= body.size();) {
        std::array<std::uint16_t, 2> row{};
        std::memcpy(row.data(), body.data() + at, 4);
        if (row[0] < 4 || at + row[0] > body.size()) break;
        look(row[1], body.subspan(at + 4, row[0] - 4u));
        at += aligned(row[0]);
    }
}

std::span<const std::byte> netlink_attribute(std::span<const std::byte> body, std::size_t size,
                                             std::uint16_t type) {
    std::span<const std::byte> found;
    for_each_attribute(body, size, [&](std::uint16_t each, std::span<const std::byte> value) {
        if (each == type && found.empty()) found = value;
    });
    return found;
}

std::string_view netlink_text(std::span<const std::byte> attribute) {
    const auto* const text = reinterpret_cast<const char*>(attribute.data());
    return {text, strnlen(text, attribute.size())};
}

// rtmsg_ifinfo
void announce_link(const Network& network, std::uint32_t changed) {
    Bytes news;
    Message message(kRtmNewlink, 0, {}, 0);
    put_link(news, message, network, changed);
    for (const auto& [where, socket] : network.netlink_ports) {
        if (where.first == kNetlinkRoute && (socket->groups() & kRtmgrpLink) != 0)
            socket->accept_kernel_bytes(news);
    }
}

std::vector<Bytes> route_answers(std::span<const std::byte> bytes, const RouteCaller& caller) {
    std::vector<Bytes> answers;
    while (bytes.size() >= sizeof(NetlinkHeader)) {
        NetlinkHeader header{};
        std::memcpy(&header, bytes.data(), sizeof header);
        if (header.length < sizeof header || header.length > bytes.size()) break;
        const Request request{.header = header,
                              .whole = bytes.first(header.length),
                              .body = bytes.subspan(sizeof header, header.length - sizeof header),
                              .caller = caller};
        std::int32_t error = 0;
        bool dumped = false;
        if ((header.flags & kNlmRequest) != 0 && header.type >= kNlmsgMinType) {
            const auto told = answer(request);
            if (!told) error = static_cast<std::int32_t>(told.error());
            dumped = told && (header.type & 3) == 2 && (header.flags & kNlmDump) != 0;
            if (told && !told->empty()) answers.push_back(*told);
        }
        if (!dumped && (error != 0 || (header.flags & kNlmAck) != 0))
            answers.push_back(acknowledgement(request, error));
        bytes = bytes.subspan(std::min(aligned(header.length), bytes.size()));
    }
    return answers;
}

}  // namespace uprobesim
