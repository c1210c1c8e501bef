# SPDX-License-Identifier: GPL-2.0-or-later
"""The layers of the source tree: which folder may include which.

A row is one layer, the lowest first. A folder may include itself and every folder of the rows above its own in this
list, but no other folder of its own row. A subfolder is a layer of its own: it does not inherit its parent's place, and
a folder without a row is an error, so a new one has to be placed here.
"""

LAYERS = [
    # The machine.
    ["sim/base"],
    ["sim/insn", "sim/mem", "sim/data"],
    ["sim/profile/packed"],
    ["sim/profile"],
    ["sim/cost"],
    ["sim/cpu"],
    ["sim/cpu/unicorn/blocks"],
    ["sim/cpu/unicorn/jit"],
    ["sim/cpu/unicorn/stores"],
    ["sim/cpu/unicorn"],
    ["sim"],
    # The modelled kernel.
    ["kernel_model/abi", "kernel_model/abi/calls"],
    ["kernel_model/bpf", "kernel_model/spaces"],
    ["kernel_model/memory", "kernel_model/seccomp", "kernel_model/sysctl", "kernel_model/wait"],
    ["kernel_model/landlock"],
    ["kernel_model/files"],
    ["kernel_model/files/locks", "kernel_model/files/rights"],
    ["kernel_model/task"],
    ["kernel_model/files/event", "kernel_model/files/tty", "kernel_model/hooks", "kernel_model/ipc", "kernel_model/aio", "kernel_model/keys", "kernel_model/log", "kernel_model/uring", "kernel_model/net", "kernel_model/vdso"],
    ["kernel_model/files/host", "kernel_model/net/netlink", "kernel_model/net/packet"],
    ["kernel_model/loader"],
    ["kernel_model/kernel", "kernel_model/proc"],
    ["kernel_model/signal"],
    ["kernel_model/syscall"],
    ["kernel_model/syscall/transfer"],
    ["kernel_model/syscall/events", "kernel_model/syscall/files", "kernel_model/syscall/ipc", "kernel_model/syscall/aio", "kernel_model/syscall/keys", "kernel_model/syscall/uring", "kernel_model/syscall/memory", "kernel_model/syscall/net",
     "kernel_model/syscall/process", "kernel_model/syscall/time", "kernel_model/syscall/trace"],
    ["kernel_model/run"],
    # Uprobes.
    ["probes/elf", "probes/slots"],
    ["probes/target", "probes/bpf"],
    ["probes/handlers"],
    ["probes/verdict"],
    ["probes/hit"],
    # The tool.
    ["tools/format", "tools/fork"],
    ["tools/cli"],
    ["tools/picture"],
    ["tools/html"],
    ["tools/sysroot"],
    ["tools/report", "tools/audit", "tools/strace"],
    ["tools/simulation", "tools/model", "tools/list"],
    ["tools/gdb/wire"],
    ["tools/gdb/target"],
    ["tools/gdb", "tools/views", "tools/bench", "tools/whatif", "tools/estimate", "tools/endings", "tools/sweep/plan", "tools/sweep/indices"],
    ["tools/explain", "tools/published", "tools/doctor", "tools/completion", "tools/sweep"],
    ["tools/calibrate", "tools/charts", "tools/sliders"],
    ["tools/request"],
    ["tools/commands", "tools/library"],
    ["tools/library/python"],
    # What others compile against the library: nothing of the tree's own.
    ["tools/library/include/uprobesim", "tools/library/examples"],
    ["tools/commands/sweep", "tools/commands/compare"],
    ["tools/shell"],
    ["tools"],
    ["tools/dev"],
]
TOPS = ("sim", "kernel_model", "probes", "tools")

# Tests include what their folder may include, the tested folder itself, and the fixtures of the tests below theirs.
TEST_TOPS = ("tests/support", "tests/sim", "tests/kernel_model", "tests/probes", "tests/tools", "tests/fuzz")


def allowed_folders():
    """Each folder of LAYERS with the set of those it may include."""
    allowed, below = {}, set()
    for row in LAYERS:
        for folder in row:
            allowed[folder] = below | {folder}
        below |= set(row)
    return allowed


ALLOWED = allowed_folders()


def layer_of(folder):
    """The folder itself, if it has a row; or None."""
    return folder if folder in ALLOWED else None


def top_of(path):
    return path.split("/", 1)[0]


def check_include(path, header):
    """What is wrong with the include of `header`, a path from the repository's root, in `path`; or None."""
    folder, other = path.rpartition("/")[0], header.rpartition("/")[0]
    if path.startswith("tests/"):
        return check_test_include(path, header)
    if other.startswith("tests"):
        return "includes a test"
    mine, theirs = layer_of(folder), layer_of(other)
    if mine is None or theirs is None:
        return f'has no layer: place "{folder if mine is None else other}" in tools/dev/lint/layers.py'
    if theirs not in ALLOWED[mine]:
        return f'includes "{header}": {theirs} is not below {mine}'
    return None


def check_test_include(path, header):
    home = "/".join(path.split("/")[:2])
    rank = TEST_TOPS.index(home) if home in TEST_TOPS else None
    if rank is None:
        return f'has no layer: place "{home}" in tools/dev/lint/layers.py'
    if header.startswith("tests/"):
        other = "/".join(header.split("/")[:2])
        return None if other in TEST_TOPS[: rank + 1] else f'includes "{header}": {other} is not below {home}'
    if rank == 0:
        return None if header.startswith("sim/base/") else f'includes "{header}": only sim/base is below {home}'
    if home == "tests/fuzz":  # all layers
        return None
    top, highest = top_of(header), top_of(home.split("/")[1])
    return None if TOPS.index(top) <= TOPS.index(highest) else f'includes "{header}": {top} is not below {home}'


def rings(edges):
    """The rings of a graph {node: set of nodes}: lists of two or more nodes that all reach each other (Tarjan)."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        # Iterative: a chain of includes may be longer than Python's stack.
        work = [(node, iter(sorted(edges.get(node, ()))))]
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        while work:
            at, others = work[-1]
            for other in others:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(sorted(edges.get(other, ())))))
                    break
                if other in on_stack:
                    low[at] = min(low[at], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[at])
                if low[at] == index[at]:
                    ring = []
                    while True:
                        member = stack.pop()
                        on_stack.remove(member)
                        ring.append(member)
                        if member == at:
                            break
                    if len(ring) > 1:
                        found.append(sorted(ring))

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return found
