// SPDX-License-Identifier: GPL-2.0-or-later
// The programs of tests/fuzz/corpus/bpf/programs.bpf.o, as a tool on libbpf would have them:
//   clang -O2 -g -mcpu=v3 -target bpf -fdebug-compilation-dir=. -c programs.bpf.c -o programs.bpf.o && llvm-strip -g programs.bpf.o
typedef unsigned int u32;
typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name

static void *(*const map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*const map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*const map_delete_elem)(void *map, const void *key) = (void *)3;
static u64 (*const ktime_get_ns)(void) = (void *)5;
static long (*const tail_call)(void *ctx, void *map, u32 index) = (void *)12;
static u64 (*const get_current_pid_tgid)(void) = (void *)14;
static long (*const get_current_comm)(void *to, u32 size) = (void *)16;
static long (*const perf_event_output)(void *ctx, void *map, u64 flags, void *data, u64 size) = (void *)25;
static long (*const probe_read_user)(void *to, u32 size, const void *from) = (void *)112;
static long (*const probe_read_user_str)(void *to, u32 size, const void *from) = (void *)114;
static void *(*const ringbuf_reserve)(void *map, u64 size, u64 flags) = (void *)131;
static void (*const ringbuf_submit)(void *data, u64 flags) = (void *)132;
static long (*const snprintf)(char *to, u32 size, const char *format, u64 *data, u32 data_size) = (void *)165;

struct key {
    u32 pid;
    char comm[16];
};
struct event {
    u64 when;
    u32 pid;
    char text[64];
};

struct {
    __uint(type, 1);  // hash
    __uint(max_entries, 1024);
    __type(key, struct key);
    __type(value, u64);
} counts SEC(".maps");
struct {
    __uint(type, 1);
    __uint(max_entries, 1024);
    __type(key, u32);
    __type(value, u64);
} started SEC(".maps");
struct {
    __uint(type, 27);  // ringbuf
    __uint(max_entries, 4096);
} events SEC(".maps");
struct {
    __uint(type, 4);  // perf event array
    __uint(key_size, 4);
    __uint(value_size, 4);
} records SEC(".maps");
struct {
    __uint(type, 3);  // programs
    __uint(max_entries, 4);
    __uint(key_size, 4);
    __uint(value_size, 4);
} programs SEC(".maps");

const volatile u32 wanted_pid = 0;  // 0: all; set before the program is loaded
u64 hits;

// A key that is there, or a new one.
SEC("uprobe//usr/bin/grep:main") int count(void *ctx) {
    struct key key = {.pid = get_current_pid_tgid() >> 32};
    get_current_comm(key.comm, sizeof key.comm);
    u64 one = 1, *value = map_lookup_elem(&counts, &key);
    if (value)
        __sync_fetch_and_add(value, 1);
    else
        map_update_elem(&counts, &key, &one, 0);
    return 0;
}

SEC("uprobe/work") int begin(void *ctx) {
    u32 thread = get_current_pid_tgid();
    u64 now = ktime_get_ns();
    map_update_elem(&started, &thread, &now, 0);
    return 0;
}
SEC("uretprobe") int end(void *ctx) {
    u32 thread = get_current_pid_tgid();
    u64 *then = map_lookup_elem(&started, &thread);
    if (!then) return 0;
    __sync_fetch_and_add(&hits, ktime_get_ns() - *then);
    map_delete_elem(&started, &thread);
    return 0;
}

// A branch that the verifier removes, a record, a text.
SEC("uprobe.s//usr/bin/grep:usage+4") int report(u64 *ctx) {
    u32 pid = get_current_pid_tgid() >> 32;
    if (wanted_pid && pid != wanted_pid) {
        struct event other = {};
        perf_event_output(ctx, &records, 0xffffffff, &other, sizeof other);
        return 0;
    }
    struct event *event = ringbuf_reserve(&events, sizeof *event, 0);
    if (!event) return 0;
    event->when = ktime_get_ns();
    event->pid = pid;
    probe_read_user_str(event->text, sizeof event->text, (void *)ctx[0]);
    ringbuf_submit(event, 0);
    return 0;
}

static __attribute__((noinline)) u64 mixed(u64 x) {
    u64 word = 0;
    probe_read_user(&word, sizeof word, (void *)x);
    return word * 31;
}
SEC("usdt//usr/bin/demo:demo:tick") int calls(u64 *ctx) { return mixed(ctx[0]) + mixed(ctx[1]) > 7; }

// What cannot be known.
SEC("uprobe.multi//usr/bin/grep:g*") int unknown(u64 *ctx) {
    char text[16];
    u64 sum = 0;
    u32 n = ctx[1] & 15;
#pragma clang loop unroll(disable)
    for (u32 i = 0; i < n; ++i) sum += ctx[i & 3];
    snprintf(text, sizeof text, "x", &sum, sizeof sum);
    probe_read_user(text, n, (void *)ctx[0]);
    tail_call(ctx, &programs, 1);
    return 0;
}

SEC("kprobe/do_exit") int elsewhere(void *ctx) { return 0; }
char LICENSE[] SEC("license") = "GPL";
