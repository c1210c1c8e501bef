// SPDX-License-Identifier: GPL-2.0-or-later
// The parameters of network interfaces, net/ipv4/conf and net/ipv6/conf: the same names for all of
// them, for those to come, and for lo (devinet_sysctl, addrconf_sysctl).
#include <array>
#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "kernel_model/sysctl/sysctls.h"

namespace uprobesim {

namespace {

struct DeviceRow {
    std::string_view name;
    // Of all, default and lo; nothing: as the one before it.
    std::string_view all, initial{}, lo{};
    SysctlKind kind = SysctlKind::Numbers;
};

constexpr DeviceRow kV4[] = {
    {"accept_local", "0"},
    {"accept_redirects", "1"},
    {"accept_source_route", "0", "1"},
    {"arp_accept", "0"},
    {"arp_announce", "0"},
    {"arp_evict_nocarrier", "1"},
    {"arp_filter", "0"},
    {"arp_ignore", "0"},
    {"arp_notify", "0"},
    {"bc_forwarding", "0"},
    {"bootp_relay", "0"},
    {"disable_policy", "0", "0", "1"},
    {"disable_xfrm", "0", "0", "1"},
    {"drop_gratuitous_arp", "0"},
    {"drop_unicast_in_l2_multicast", "0"},
    {"force_igmp_version", "0"},
    {"forwarding", "0"},
    {"igmpv2_unsolicited_report_interval", "10000"},
    {"igmpv3_unsolicited_report_interval", "1000"},
    {"ignore_routes_with_linkdown", "0"},
    {"log_martians", "0"},
    {"mc_forwarding", "0", {}, {}, SysctlKind::Fixed},
    {"medium_id", "0"},
    {"promote_secondaries", "0"},
    {"proxy_arp", "0"},
    {"proxy_arp_pvlan", "0"},
    {"route_localnet", "0"},
    {"rp_filter", "0"},
    {"secure_redirects", "1"},
    {"send_redirects", "1"},
    {"shared_media", "1"},
    {"src_valid_mark", "0"},
    {"tag", "0"},
};

constexpr DeviceRow kV6[] = {
    {"accept_dad", "0", "1", "-1"},
    {"accept_ra", "1"},
    {"accept_ra_defrtr", "1"},
    {"accept_ra_from_local", "0"},
    {"accept_ra_min_hop_limit", "1"},
    {"accept_ra_min_lft", "0"},
    {"accept_ra_mtu", "1"},
    {"accept_ra_pinfo", "1"},
    {"accept_ra_rt_info_max_plen", "0"},
    {"accept_ra_rt_info_min_plen", "0"},
    {"accept_ra_rtr_pref", "1"},
    {"accept_redirects", "1"},
    {"accept_source_route", "0"},
    {"accept_untracked_na", "0"},
    {"addr_gen_mode", "0"},
    {"autoconf", "1"},
    {"dad_transmits", "1"},
    {"disable_ipv6", "0"},
    {"disable_policy", "0"},
    {"drop_unicast_in_l2_multicast", "0"},
    {"drop_unsolicited_na", "0"},
    {"enhanced_dad", "1"},
    {"force_mld_version", "0"},
    {"force_tllao", "0"},
    {"forwarding", "0"},
    {"hop_limit", "64"},
    {"ignore_routes_with_linkdown", "0"},
    {"ioam6_enabled", "0"},
    {"ioam6_id", "65535"},
    {"ioam6_id_wide", "4294967295"},
    {"keep_addr_on_down", "0"},
    {"max_addresses", "16"},
    {"max_desync_factor", "600"},
    {"mc_forwarding", "0", {}, {}, SysctlKind::Fixed},
    {"mldv1_unsolicited_report_interval", "10000"},
    {"mldv2_unsolicited_report_interval", "1000"},
    {"mtu", "1280", {}, "65536"},
    {"ndisc_evict_nocarrier", "1"},
    {"ndisc_notify", "0"},
    {"ndisc_tclass", "0"},
    {"optimistic_dad", "0"},
    {"proxy_ndp", "0"},
    {"ra_defrtr_metric", "1024"},
    {"ra_honor_pio_life", "0"},
    {"ra_honor_pio_pflag", "0"},
    {"regen_max_retry", "3"},
    {"regen_min_advance", "2"},
    {"router_probe_interval", "60"},
    {"router_solicitation_delay", "1"},
    {"router_solicitation_interval", "4"},
    {"router_solicitation_max_interval", "3600"},
    {"router_solicitations", "-1"},
    {"rpl_seg_enabled", "0"},
    {"seg6_enabled", "0"},
    {"seg6_require_hmac", "0"},
    {"suppress_frag_ndisc", "1"},
    {"temp_prefered_lft", "86400"},
    {"temp_valid_lft", "604800"},
    {"use_oif_addrs_only", "0"},
    {"use_optimistic", "0"},
    {"use_tempaddr", "0", {}, "-1"},
};

// Names have to live as long as the rows.
class DeviceTable {
public:
    DeviceTable() {
        add("net/ipv4/conf/", kV4);
        add("net/ipv6/conf/", kV6);
    }
    const std::vector<SysctlRow>& rows() const { return rows_; }

private:
    void add(std::string_view folder, std::span<const DeviceRow> rows) {
        constexpr std::int64_t kLeast = std::numeric_limits<std::int32_t>::min();
        constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
        constexpr std::int64_t kMostUnsigned = std::numeric_limits<std::uint32_t>::max();
        const auto text = [](const DeviceRow& row, std::string_view device) {
            const std::string_view initial = row.initial.empty() ? row.all : row.initial;
            if (device == "all") return row.all;
            return device == "default" || row.lo.empty() ? initial : row.lo;
        };
        for (const std::string_view device : {"all", "default", "lo"}) {
            for (const DeviceRow& row : rows) {
                names_.push_back(std::string(folder).append(device).append("/").append(row.name));
                const bool is_unsigned = row.name == "ioam6_id_wide";
                rows_.push_back({names_.back(), text(row, device), row.kind,
                                 is_unsigned ? 0 : kLeast, is_unsigned ? kMostUnsigned : kMost});
            }
        }
    }

    std::deque<std::string> names_;
    std::vector<SysctlRow> rows_;
};

}  // namespace

std::span<const SysctlRow> device_sysctls() {
    static const DeviceTable table;
    return table.rows();
}

}  // namespace uprobesim
