// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/wire/gdb_place.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

#include <charconv>

namespace uprobesim {
namespace {

constexpr const char* kForms = "PORT, HOST:PORT, unix:PATH or -";

Result<std::uint16_t> port_of(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return user_error(fmt::format("'{}' is not a port, a number from 0 to 65535", text),
                          kGdbOption, fmt::format("give {}", kForms));
    return port;
}

}  // namespace

Result<GdbPlace> parse_gdb_place(std::string_view text) {
    constexpr std::string_view kUnix = "unix:";
    if (text == "-") return GdbPlace(GdbOnStdio{});
    if (text.starts_with(kUnix)) {
        const std::string path(text.substr(kUnix.size()));
        if (path.empty()) return user_error("the socket's path is empty", kGdbOption);
        if (path.size() >= sizeof(sockaddr_un::sun_path))
            return user_error(
                "the socket's path is too long", path,
                fmt::format("a socket's has {} bytes at most", sizeof(sockaddr_un::sun_path) - 1));
        return GdbPlace(GdbOnPath{path});
    }
    const std::size_t colon = text.rfind(':');
    const bool alone = colon == std::string_view::npos;
    std::string host(alone ? "127.0.0.1" : text.substr(0, colon));
    if (host == "localhost") host = "127.0.0.1";
    const auto port = port_of(alone ? text : text.substr(colon + 1));
    if (!port) return tl::make_unexpected(port.error());
    in_addr address{};
    if (inet_pton(AF_INET, host.c_str(), &address) != 1)
        return user_error(fmt::format("'{}' is not an IPv4 address", host), kGdbOption,
                          fmt::format("give {}", kForms));
    return GdbPlace(GdbOnPort{std::move(host), *port});
}

}  // namespace uprobesim
