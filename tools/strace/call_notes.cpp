// SPDX-License-Identifier: GPL-2.0-or-later
// What strace adds to results: which descriptors are ready, what flags a number is.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "tools/strace/call_structs.h"

namespace uprobesim {
namespace {

std::string poll_note(CallView& v) {
    struct PollFd {
        std::int32_t fd;
        std::uint16_t events, revents;
    };
    if (v.result == 0) return "Timeout";
    std::vector<std::string> ready;
    for (std::uint64_t n = 0; n < std::min(v.arguments[1], kShownItems); ++n) {
        const auto p = v.read<PollFd>(v.arguments[0] + n * sizeof(PollFd));
        if (!p) return "";
        if (p->revents == 0) continue;
        ready.push_back(fmt::format("{{fd={}, revents={}}}", p->fd,
                                    flags_text(names::kPollEvents, p->revents)));
    }
    return fmt::format("[{}]", fmt::join(ready, ", "));
}

std::string select_note(CallView& v) {
    if (v.result == 0) return "Timeout";
    static constexpr std::string_view kSets[] = {"in", "out", "except"};
    std::vector<std::string> ready;
    for (unsigned set = 0; set < 3; ++set) {
        const auto shown = descriptor_set_text(v, v.arguments[set + 1], v.arguments[0]);
        if (shown && *shown != "[]") ready.push_back(fmt::format("{} {}", kSets[set], *shown));
    }
    return fmt::format("{}", fmt::join(ready, ", "));
}

std::string fcntl_note(CallView& v) {
    constexpr std::uint32_t kGetfd = 1, kGetfl = 3;
    const auto value = static_cast<std::uint32_t>(*v.result);
    const auto command = static_cast<std::uint32_t>(v.arguments[1]);
    if (command == kGetfd && value != 0)
        return "flags " + flags_text(names::kDescriptorFlags, value);
    return command == kGetfl ? "flags " + open_flags_text(value) : "";
}

struct Note {
    std::uint32_t number;
    std::string (*text)(CallView&);
};
constexpr Note kNotes[] = {{25, fcntl_note}, {72, select_note}, {73, poll_note}};

}  // namespace

std::string result_note(std::uint32_t number, CallView& view) {
    for (const Note& note : kNotes) {
        if (note.number == number) return note.text(view);
    }
    return "";
}

}  // namespace uprobesim
