// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/error.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "sim/base/text.h"

namespace uprobesim {

namespace {

// A name in it may be as long as its file.
std::string shortened(const std::string& text) {
    constexpr std::size_t kMost = 4200;  // a path and a few words
    if (text.size() <= kMost) return text;
    std::size_t end = kMost;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80) --end;  // UTF-8
    return text.substr(0, end) + "...";
}

}  // namespace

std::string UserError::line() const {
    std::string text;
    if (!where.empty()) text += shortened(where) + ": ";
    text += shortened(what);
    if (!hint.empty()) text += " (" + shortened(hint) + ")";
    return printable(text);
}

HostError::HostError(std::string_view call, std::string_view detail)
    : std::runtime_error(fmt::format("{} failed: {}", call, detail)) {}

void fail_invariant(std::string_view what) {
    fmt::print(stderr, "uprobesim: internal error: {}\n", what);
    std::fflush(stderr);
    std::signal(SIGABRT, SIG_DFL);  // a core dump shows where
    std::abort();
}

}  // namespace uprobesim
