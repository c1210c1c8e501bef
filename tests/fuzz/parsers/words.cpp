// SPDX-License-Identifier: GPL-2.0-or-later
// Words of a command line. The first byte chooses what the rest is: the value of one option, or, a
// line per word, all of them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tests/fuzz/parsers/check.h"
#include "tools/bench/trigger_bench.h"
#include "tools/cli/bind_option.h"
#include "tools/cli/quantity.h"
#include "tools/cli/report_options.h"
#include "tools/commands/commands.h"
#include "tools/request/guest_environment.h"
#include "tools/request/guest_request.h"
#include "tools/shell/complete.h"
#include "tools/strace/call_filter.h"
#include "tools/views/exception_log.h"

using namespace uprobesim;

namespace {

// --set over the built-in profiles, which every run reads.
void try_setting(const std::string& word) {
    const auto setting = parse_setting(word);
    check_refusal(setting);
    if (!setting) return;
    check_refusal(load_machine_profile("kunpeng916", {*setting}));
    check_refusal(load_kernel_profile("next-20241104", {*setting}));
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> words;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        words.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return words;
}

void try_line(const std::vector<std::string>& words) {
    const Command* run = find_command("run");
    const CommandSyntax syntax{run->name, run->rest, run->is_scenario};
    const auto line = CommandLine::parse(syntax, run->options(), words);
    check_refusal(line);
    if (!line) return;
    const auto request = read_guest_request(GuestCommand::Run, *line, {.root = "/"});
    check_refusal(request);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string word(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 9) {
        case 0: try_setting(word); break;
        case 1: check_refusal(parse_bind(word)); break;
        case 2: check_refusal(parse_size(word, "--memory", 0, "0")); break;
        case 3: check_refusal(parse_duration(word, "--max-sim-time")); break;
        case 4: check_refusal(CallFilter::parse(word, "--strace-filter")); break;
        case 5: check_refusal(ExceptionFilter::parse(word, "--log-exceptions-filter")); break;
        case 6: check_refusal(parse_trigger_variant(word)); break;
        case 7: check_refusal(guest_environment(lines(word))); break;
        default: try_line(lines(word)); break;
    }
    return 0;
}
