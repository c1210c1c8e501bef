// SPDX-License-Identifier: GPL-2.0-or-later
// What NETLINK_ROUTE answers: dumps of the link lo, of its addresses and routes, acknowledgements
// and errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace uprobesim {

class Network;

// Who asks: the answers go to its port.
struct RouteCaller {
    std::uint32_t port = 0;
    bool privileged = false;  // CAP_NET_ADMIN
    Network& network;
};

// The messages that answer the requests in `bytes`, each as one datagram.
std::vector<std::vector<std::byte>> route_answers(std::span<const std::byte> bytes,
                                                  const RouteCaller& caller);

// Tells those who listen to RTMGRP_LINK what lo is now. `changed`: its flags that are others now.
void announce_link(const Network& network, std::uint32_t changed);

// The attributes behind a body of `size` bytes, up to the first that is broken.
void for_each_attribute(
    std::span<const std::byte> body, std::size_t size,
    const std::function<void(std::uint16_t type, std::span<const std::byte>)>& look);
// One of them; empty: none.
std::span<const std::byte> netlink_attribute(std::span<const std::byte> body, std::size_t size,
                                             std::uint16_t type);
// Of one that is a string, with or without its NUL.
std::string_view netlink_text(std::span<const std::byte> attribute);

}  // namespace uprobesim
