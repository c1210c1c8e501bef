// SPDX-License-Identifier: GPL-2.0-or-later
// Where gdb comes from, as --gdb names it: "-" for standard input and output, PORT or HOST:PORT,
// unix:PATH. A port alone listens on 127.0.0.1 only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "sim/base/error.h"

namespace uprobesim {

inline constexpr const char* kGdbOption = "--gdb";  // of messages

struct GdbOnStdio {};
struct GdbOnPort {
    std::string host;        // an IPv4 address
    std::uint16_t port = 0;  // 0: any that is free
};
struct GdbOnPath {
    std::string path;
};
using GdbPlace = std::variant<GdbOnStdio, GdbOnPort, GdbOnPath>;

Result<GdbPlace> parse_gdb_place(std::string_view text);

}  // namespace uprobesim
