// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/sys/net/ipv4/conf and /proc/sys/net/ipv6/conf: parameters of interfaces, of each network
// namespace its own.
#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "what qemu-aarch64 passes on is the host's"
#define V4 "/proc/sys/net/ipv4/conf/"
#define V6 "/proc/sys/net/ipv6/conf/"

static void show_names(const char* folder) {
    struct dirent** names;
    const int count = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < count; ++i) printf("%s ", names[i]->d_name);
    puts("");
}
NATIVE(interfaces_have_these_parameters, WHY) {
    NEED(unshare(CLONE_NEWNET));
    show_names("/proc/sys/net/ipv4/conf");
    show_names(V4 "all");
    show_names(V4 "default");
    show_names(V4 "lo");
    show_file(V4 "lo/disable_policy");
    show_file(V4 "default/disable_policy");
    show_file(V4 "default/accept_source_route");
    show_file(V6 "lo/accept_dad");
    show_file(V6 "lo/mtu");
    show_file(V6 "all/hop_limit");
}

NATIVE(a_new_network_begins_with_the_defaults, WHY) {
    NEED(unshare(CLONE_NEWNET));
    write_text(V4 "lo/tag", "7");
    write_text(V4 "default/tag", "8");
    show_file(V4 "lo/tag");
    NEED(unshare(CLONE_NEWNET));
    show_file(V4 "lo/tag");
    show_file(V4 "default/tag");
}

NATIVE(forwarding_of_all_is_that_of_each, WHY) {
    NEED(unshare(CLONE_NEWNET));
    write_text("/proc/sys/net/ipv4/ip_forward", "1");
    show_file(V4 "all/forwarding");
    show_file(V4 "lo/forwarding");
    write_text(V4 "all/forwarding", "0");
    show_file("/proc/sys/net/ipv4/ip_forward");
    show_file(V4 "default/forwarding");
    write_text(V6 "all/disable_ipv6", "1");
    show_file(V6 "lo/disable_ipv6");
}
