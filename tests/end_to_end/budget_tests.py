# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest takes without end is refused, and never takes more of the host than --memory and the simulator's own."""
import os
import subprocess

MEMORY = 64 << 20
OWN = 64 << 20  # what the simulator may take beside the guest's memory of this size (SECURITY.md)

# Kind and the most to ask for, where the end by an error takes long; None: until it is refused.
BOMBS = [
    ("pages", None), ("page-tables", None), ("zero-page-tables", None), ("mappings", None), ("small-mappings", None),
    ("populate", None), ("shared-memory", None), ("empty-segments", None), ("memory-files", None),
    ("empty-memory-files", None), ("anonymous-shared", None), ("new-code", 20000), ("checked-code", 1500),
    ("code-entries", 12), ("break", None), ("stack", None), ("forks", None), ("sleepers", None), ("zombies", None), ("short-lives", 3000),
    ("threads", None), ("timers", None), ("expiring-timers", 20000), ("cpu-timers", 20000), ("queued-signals", 31000),
    ("long-arguments", None), ("poll-sets", None), ("poll-threads", None), ("descriptor-tables", None),
    ("copied-mappings", None),
    ("strange-numbers", 20000), ("pipes", None), ("large-pipes", None), ("empty-pipes", None), ("descriptors", None),
    ("descriptions", None), ("event-descriptors", None), ("epoll-sets", None), ("ready-items", None),
    ("epoll-chain", None), ("epoll-levels", None), ("range-locks", None), ("locked-files", 2000),
    ("new-files", None), ("new-folders", 1000),
    ("missing-names", 20000), ("removed-names", 2000), ("links", 1000), ("deep-folders", None), ("fifos", None),
    ("terminals", None), ("list-processes", 20), ("streams", None), ("datagrams", None), ("small-messages", None),
    ("empty-sockets", None), ("connections", None), ("backlogs", None), ("udp", None), ("names", None),
    ("in-flight", None), ("in-flight-cycles", None), ("packet-memberships", None), ("network-parameters", 60),
    ("watches", None), ("watched-events", 20000), ("semaphore-sets", None),
    ("undos", None), ("ipc-messages", None), ("posix-queues", None), ("keys", None),
    ("linked-keys", None), ("nested-keyrings", 100000), ("keys-of-users", 20000), ("rings", None),
    ("ring-requests", None), ("linked-requests", 300000), ("cancelling-requests", 100000),
    ("requests-of-rings", None), ("aio-contexts", None), ("attributes", None),
    ("mounts", 1000), ("mount-contexts", None), ("stacked-loops", None), ("doubled-mounts", None),
    ("mount-namespaces", None), ("host-names", None), ("filters", None), ("groups", None), ("leases", 2000),
    ("udp-errors", None), ("corked", None),
]

# Ends that Linux has for them: the program's own, and those of the OOM killer and a stack overflow.
ENDS = (0, 128 + 9, 128 + 11)


def run(command):
    """Status, stderr and the peak of resident memory, in bytes."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, errors, usage.ru_maxrss * 1024


def failure(context, root, name, most):
    report = os.path.join(root.temporary, "report.json")
    command = [context.simulator.binary, "run", "--root", root.path, "--memory", str(MEMORY), "--scratch-limit", "64M",
               "-f", "json", "-o", report, "/bombs", name] + ([str(most)] if most else [])
    status, errors, peak = run(command)
    if context.verbose:
        print(f"       {name}: {peak >> 20} MiB, status {status}", flush=True)
    if status not in ENDS:
        return f"status {status}: {errors.decode(errors='replace').strip()[:200]}"
    if not os.path.exists(report) or os.path.getsize(report) == 0:
        return "there is no report"
    os.unlink(report)
    if peak >= MEMORY + OWN:
        return f"{peak >> 20} MiB of the host's memory, more than {MEMORY + OWN >> 20}"
    return None


def budgets_part(context):
    with context.guest_root(context.workloads) as root:
        os.makedirs(os.path.join(root.path, "tmp"), exist_ok=True)
        for name, most in BOMBS:
            if context.wants(name):
                context.check(name, failure(context, root, name, most))
