// SPDX-License-Identifier: GPL-2.0-or-later
// Values: Documentation/admin-guide/sysctl of Linux 6.12 and Debian 12's defaults; one CPU, no
// swap.
#include "kernel_model/proc/fixed_texts.h"

#include <algorithm>

namespace uprobesim {

namespace {

struct Row {
    std::string_view path, text;
};

constexpr Row kRows[] = {
    {"/proc/sys/fs/aio-max-nr", "65536"},
    {"/proc/sys/fs/file-max", "9223372036854775807"},
    {"/proc/sys/fs/nr_open", "1048576"},
    {"/proc/sys/fs/pipe-max-size", "1048576"},
    {"/proc/sys/kernel/cap_last_cap", "40"},
    {"/proc/sys/kernel/hostname", "uprobesim"},
    {"/proc/sys/kernel/ngroups_max", "65536"},
    {"/proc/sys/kernel/ostype", "Linux"},
    {"/proc/sys/kernel/overflowgid", "65534"},
    {"/proc/sys/kernel/overflowuid", "65534"},
    {"/proc/sys/kernel/pid_max", "32768"},
    {"/proc/sys/kernel/random/boot_id", "00000000-0000-4000-8000-000000000000"},
    {"/proc/sys/kernel/randomize_va_space", "0"},
    {"/proc/sys/net/core/optmem_max", "131072"},
    {"/proc/sys/net/core/rmem_default", "212992"},
    {"/proc/sys/net/core/rmem_max", "212992"},
    {"/proc/sys/net/core/somaxconn", "4096"},
    {"/proc/sys/net/core/wmem_default", "212992"},
    {"/proc/sys/net/core/wmem_max", "212992"},
    {"/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999"},
    {"/proc/sys/net/ipv4/ip_unprivileged_port_start", "1024"},
    {"/proc/sys/net/ipv4/tcp_available_congestion_control", "reno cubic"},
    {"/proc/sys/net/ipv4/tcp_congestion_control", "cubic"},
    {"/proc/sys/net/ipv4/tcp_fastopen", "1"},
    {"/proc/sys/net/ipv4/tcp_fin_timeout", "60"},
    {"/proc/sys/net/ipv4/tcp_keepalive_intvl", "75"},
    {"/proc/sys/net/ipv4/tcp_keepalive_probes", "9"},
    {"/proc/sys/net/ipv4/tcp_keepalive_time", "7200"},
    {"/proc/sys/net/ipv4/tcp_max_syn_backlog", "128"},
    {"/proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456"},
    {"/proc/sys/net/ipv4/tcp_syncookies", "1"},
    {"/proc/sys/net/ipv4/tcp_tw_reuse", "2"},
    {"/proc/sys/net/ipv4/tcp_wmem", "4096\t16384\t4194304"},
    {"/proc/sys/net/ipv6/bindv6only", "0"},
    {"/proc/sys/net/ipv6/conf/all/disable_ipv6", "0"},
    {"/proc/sys/net/unix/max_dgram_qlen", "10"},
    {"/proc/sys/vm/max_map_count", "65530"},
    {"/proc/sys/vm/overcommit_memory", "0"},
    {"/proc/sys/vm/overcommit_ratio", "50"},
    {"/proc/sys/vm/swappiness", "60"},
    {"/sys/devices/system/clocksource/clocksource0/available_clocksource", "arch_sys_counter"},
    {"/sys/devices/system/clocksource/clocksource0/current_clocksource", "arch_sys_counter"},
    {"/sys/devices/system/node/online", "0"},
    {"/sys/kernel/mm/transparent_hugepage/defrag", "always defer defer+madvise [madvise] never"},
    {"/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]"},
    {"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "2097152"},
};

}  // namespace

std::optional<std::string> fixed_text(std::string_view path) {
    const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                   [&](const Row& r) { return r.path == path; });
    if (row == std::end(kRows)) return std::nullopt;
    return std::string(row->text) + "\n";
}

std::vector<std::string> fixed_names(std::string_view directory) {
    std::vector<std::string> names;
    for (const Row& row : kRows) {
        if (!row.path.starts_with(directory) || row.path.size() <= directory.size()) continue;
        const std::string_view rest = row.path.substr(directory.size());
        if (rest.front() != '/') continue;
        const std::string name(rest.substr(1, rest.find('/', 1) - 1));
        if (names.empty() || names.back() != name) names.push_back(name);
    }
    return names;
}

}  // namespace uprobesim
