// SPDX-License-Identifier: GPL-2.0-or-later
// What handlers executed on real kernels, in EL1 instructions over an empty BPF program on the same
// probe: Debian 6.12.117 and 6.1.192 (arm64) under QEMU TCG, JIT on, the mode of 64 hits. The rows
// of helpers and consumers are of sizes, keys and depths that the prices in sim/data/kernels were
// not made of; those of bpftrace are its own programs (0.17.0-1) in the guest.
#pragma once

#include <cstdint>

namespace uprobesim::test {

struct MeasuredCall {
    struct On {
        double over_empty;
        double jit;  // of it in the program itself, the instructions of the calls left out
    };
    const char* what;
    const char* call;
    std::uint64_t size;
    unsigned times;
    On v612, v61;
};
constexpr MeasuredCall kMeasuredCalls[] = {
    {"map_lookup type=hash,key=4,hit,entries=1", "hash.lookup", 4, 1, {133, 15}, {138, 10}},
    {"map_lookup type=hash,key=4,miss,entries=1", "hash.miss", 4, 1, {115, 14}, {120, 9}},
    {"map_update type=hash,key=4,value=8,existing", "hash.update", 4, 1, {386, 17}, {411, 12}},
    {"map_update type=hash,key=4,value=8,new", "hash.insert", 4, 1, {415, 17}, {440, 12}},
    {"map_delete type=hash,key=4,existing", "hash.delete", 4, 1, {333, 12}, {337, 7}},
    {"map_lookup type=hash,key=16,hit,entries=1", "hash.lookup", 16, 1, {164, 17}, {169, 12}},
    {"map_lookup type=hash,key=16,miss,entries=1", "hash.miss", 16, 1, {143, 16}, {148, 11}},
    {"map_update type=hash,key=16,value=8,existing", "hash.update", 16, 1, {415, 19}, {440, 14}},
    {"map_update type=hash,key=16,value=8,new", "hash.insert", 16, 1, {440, 18}, {465, 13}},
    {"map_delete type=hash,key=16,existing", "hash.delete", 16, 1, {363, 13}, {367, 8}},
    {"map_lookup type=percpu_hash,key=4,hit,entries=1",
     "percpu-hash.lookup",
     4,
     1,
     {136, 18},
     {143, 7}},
    {"map_lookup type=percpu_hash,key=4,miss,entries=1",
     "percpu-hash.miss",
     4,
     1,
     {115, 14},
     {119, 7}},
    {"map_update type=percpu_hash,key=4,value=8,new",
     "percpu-hash.insert",
     4,
     1,
     {549, 17},
     {556, 12}},
    {"map_delete type=percpu_hash,key=4,existing", "percpu-hash.delete", 4, 1, {419, 12}, {337, 7}},
    {"map_lookup type=percpu_hash,key=16,hit,entries=1",
     "percpu-hash.lookup",
     16,
     1,
     {167, 20},
     {174, 9}},
    {"map_lookup type=percpu_hash,key=16,miss,entries=1",
     "percpu-hash.miss",
     16,
     1,
     {143, 16},
     {147, 9}},
    {"map_update type=percpu_hash,key=16,value=8,existing",
     "percpu-hash.update",
     16,
     1,
     {326, 19},
     {322, 14}},
    {"map_update type=percpu_hash,key=16,value=8,new",
     "percpu-hash.insert",
     16,
     1,
     {574, 18},
     {581, 13}},
    {"map_delete type=percpu_hash,key=16,existing",
     "percpu-hash.delete",
     16,
     1,
     {449, 13},
     {367, 8}},
    {"get_stackid user,depth=2,max=127,known_stack", "stack-id", 2, 1, {485, 4}, {450, 4}},
    {"get_stackid user,depth=8,max=127,known_stack", "stack-id", 8, 1, {1095, 4}, {1036, 4}},
    {"get_stackid user,depth=100,max=127,known_stack", "stack-id", 100, 1, {10236, 4}, {9809, 4}},
    {"get_stack user,depth=8,buf=1016", "stack", 8, 1, {1043, 10}, {959, 8}},
    {"get_stack user,depth=100,buf=1016", "stack", 100, 1, {8393, 10}, {7941, 8}},
    {"perf_event_output size=8,no_wakeup", "perf-output", 8, 1, {685, 11}, {728, 9}},
    {"perf_event_output size=256,no_wakeup", "perf-output", 256, 1, {724, 11}, {767, 9}},
    {"ringbuf_reserve+submit size=8,flags=NO_WAKEUP", "ringbuf", 0, 1, {153, 11}, {169, 11}},
    {"ringbuf_reserve+submit size=256,flags=NO_WAKEUP", "ringbuf", 0, 1, {153, 11}, {169, 11}},
    {"ringbuf_reserve+submit size=1024,flags=NO_WAKEUP", "ringbuf", 0, 1, {153, 11}, {169, 11}},
    {"ringbuf_output size=8,flags=NO_WAKEUP", "ringbuf-output", 8, 1, {174, 11}, {185, 9}},
    {"probe_read_user_str strlen=16,max=200,dst=stack", "read-user-str", 16, 1, {194, 9}, {225, 4}},
    {"probe_read_user_str strlen=32,max=200,dst=stack", "read-user-str", 32, 1, {222, 9}, {271, 4}},
    {"probe_read_user_str strlen=64,max=200,dst=stack", "read-user-str", 64, 1, {278, 9}, {363, 4}},
    {"probe_read_user size=8,dst=stack", "read-user", 8, 1, {129, 9}, {129, 4}},
    {"get_current_task+probe_read_kernel size=64,dst=map",
     "read-kernel",
     64,
     1,
     {145, 9},
     {155, 15}},
    {"ktime_get_ns calls=10", "ktime", 0, 10, {700, 0}, {700, 0}},
    {"ktime_get_boot_ns calls=10", "boot-time", 0, 10, {800, 0}, {800, 0}},
    {"get_current_pid_tgid calls=10", "pid-tgid", 0, 10, {100, 0}, {150, 0}},
    {"get_current_uid_gid calls=10", "uid-gid", 0, 10, {1310, 0}, {1360, 0}},
    {"get_current_cgroup_id calls=10", "cgroup", 0, 10, {100, 0}, {150, 0}},
    {"jiffies64 calls=10", "jiffies", 0, 10, {40, 0}, {40, 0}},
    {"get_numa_node_id calls=10", "numa-node", 0, 10, {90, 0}, {140, 0}},
    {"copy_from_user(sleepable) size=256", "copy-from-user", 256, 1, {321, 8}, {315, 6}},
    {"ftrace fetchargs=1_reg,no_reader", "consumer.ftrace", 1, 1, {756, 0}, {601, 0}},
    {"perf_record fetchargs=1_reg,per_cpu_event,no_wakeup",
     "consumer.perf-record",
     1,
     1,
     {1654, 0},
     {1521, 0}},
    {"perf_record_-g fetchargs=1_reg,per_cpu_event,depth=8,no_wakeup",
     "consumer.perf-record.stack",
     8,
     1,
     {2542, 0},
     {2349, 0}},
};

// `frames`: of the user stack, the pc included.
struct MeasuredProgram {
    const char* program;
    std::uint64_t frames;
    double v612, v61;
};
constexpr MeasuredProgram kMeasuredPrograms[] = {
    {"u:/b:f { 1 }", 8, 0, 0},
    {"u:/b:f { @ = count(); }", 8, 106, 125},
    {"u:/b:f { @[arg0] = count(); }", 8, 430, 458},
    {"u:/b:f { @[comm] = count(); }", 8, 623, 623},
    {"u:/b:f { @[pid, comm] = count(); }", 8, 669, 700},
    {"u:/b:f { @[str(arg0)] = count(); }", 8, 954, 1004},
    {"u:/b:f { @[ustack] = count(); }", 8, 1537, 1511},
    {"u:/b:f { @[ustack(3)] = count(); }", 8, 1088, 1020},
    {"u:/b:f { @ = hist(arg0); }", 8, 468, 496},
    {"ur:/b:f { @ = hist(retval); }", 8, 468, 496},
    {"u:/b:f { @ = lhist(arg0, 0, 100, 10); }", 8, 441, 469},
    {"u:/b:f { @ = sum(arg0); }", 8, 433, 459},
    {"u:/b:f { @ = avg(arg0); }", 8, 858, 917},
    {"u:/b:f { @ = stats(arg0); }", 8, 858, 917},
    {"u:/b:f { @x++; }", 8, 517, 572},
    {"u:/b:f { printf(\"%d\\n\", arg0); }", 8, 2484, 2648},
    {"u:/b:f { printf(\"%s\\n\", str(arg0)); }", 8, 2707, 2913},
    {"u:/b:f { printf(\"%d %s %d\\n\", pid, comm, arg0); }", 8, 2648, 2805},
    {"u:/b:f { @start[tid] = nsecs; } ur:/b:f /@start[tid]/ "
     "{ @ = hist(nsecs - @start[tid]); delete(@start[tid]); }",
     8, 1683, 1824},
};

// The built-in handlers. Those of bpftrace as above; that of 32 frames is a program written like
// it.
struct MeasuredHandler {
    const char* handler;
    std::uint64_t frames;
    double v612, v61;
};
constexpr MeasuredHandler kMeasuredHandlers[] = {
    {"empty", 8, 0, 0},
    {"count", 8, 106, 125},
    {"count-by-key", 8, 430, 458},
    {"hist", 8, 468, 496},
    {"printf:1", 8, 2484, 2648},
    {"ustack:127", 8, 1537, 1511},
    {"ustack:127", 32, 3934, 3810},
    {"ustack:3", 8, 1088, 1020},
    {"str:64", 8, 278, 363},
    {"ringbuf:1024", 8, 153, 169},
    {"ringbuf-wakeup:64", 8, 1636, 1710},
    {"perf-output:256", 8, 724, 767},
    {"ftrace:1", 8, 756, 601},
    {"perf-record:1", 8, 1654, 1521},
    {"perf-record-g:127", 8, 2542, 2349},
    {"latency-pair", 8, 1683, 1824},
};

// Perf events with empty programs on one probe, over one of them.
struct MeasuredConsumers {
    unsigned count;
    bool of_return;
    double v612, v61;
};
constexpr MeasuredConsumers kMeasuredConsumers[] = {
    {2, false, 254, 404}, {4, false, 762, 1212}, {8, false, 1778, 2828},
    {2, true, 307, 582},  {4, true, 921, 1748},  {8, true, 2149, 4080},
};

// Empty programs on one tracefs event, over one of them.
struct MeasuredPrograms {
    unsigned count;
    double v612, v61;
};
constexpr MeasuredPrograms kMeasuredProgramsOfOne[] = {{4, 90, 129}, {8, 210, 301}};

// uprobe_multi links with empty programs on one probe, over one perf event; on 6.12, with a
// Cortex-A72 and a Neoverse N1 alike.
struct MeasuredLinks {
    unsigned count;
    bool of_return;
    double v612;
};
constexpr MeasuredLinks kMeasuredLinks[] = {
    {1, false, -109}, {2, false, 36}, {4, false, 326}, {1, true, -159}};

}  // namespace uprobesim::test
