// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/net, as far as programs read it.
#pragma once

#include <string>

namespace uprobesim {

class Network;

// One function a file: the table of /proc has them.
std::string proc_net_tcp(const Network& network);
std::string proc_net_tcp6(const Network& network);
std::string proc_net_udp(const Network& network);
std::string proc_net_udp6(const Network& network);
std::string proc_net_unix(const Network& network);
std::string proc_net_dev(const Network& network);
std::string proc_net_if_inet6(const Network& network);
std::string proc_net_route(const Network& network);

}  // namespace uprobesim
