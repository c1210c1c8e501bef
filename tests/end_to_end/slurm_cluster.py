#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A Slurm of one node in a folder of its own: munged, slurmctld and slurmd of this user, gone with it.

As a program: starts it, prints the value of SLURM_CONF, and ends it when its standard input ends.
"""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "sinfo")
SECONDS = 60
KILL_WAIT = 5
CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={top}/munge.socket
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={top}/state
SlurmdSpoolDir={top}/spool
SlurmctldPidFile={top}/slurmctld.pid
SlurmdPidFile={top}/slurmd.pid
SlurmctldLogFile={top}/slurmctld.log
SlurmdLogFile={top}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobRequeue=1
KillWait={kill_wait}
MaxArraySize=1001
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,sched_min_interval=0,batch_sched_delay=0
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Missing(Exception):
    """Why there can be no Slurm here."""


def _program(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Cluster:
    def __init__(self, cpus=2):
        missing = [name for name in PROGRAMS if _program(name) is None]
        if missing:
            raise Missing(f"not installed: {', '.join(missing)} (slurm-wlm and munge have them)")
        self.cpus, self.daemons = cpus, []
        self.top = tempfile.mkdtemp(prefix="uprobesim-slurm-")
        self.environment = {"SLURM_CONF": os.path.join(self.top, "slurm.conf")}

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        for folder in ("state", "spool"):
            os.mkdir(os.path.join(self.top, folder))
        key = os.path.join(self.top, "munge.key")
        with open(key, "wb") as file:
            file.write(os.urandom(1024))
        os.chmod(key, 0o400)
        host = socket.gethostname().split(".")[0]
        with open(self.environment["SLURM_CONF"], "w", encoding="utf-8") as file:
            file.write(CONF.format(top=self.top, host=host, user=pwd.getpwuid(os.getuid()).pw_name, cpus=self.cpus, kill_wait=KILL_WAIT,
                                   controller=_free_port(), daemon=_free_port()))
        at = lambda name: os.path.join(self.top, name)
        self._daemon("munged", "--foreground", "--force", f"--key-file={key}", f"--socket={at('munge.socket')}", f"--pid-file={at('munge.pid')}",
                     f"--log-file={at('munge.log')}", f"--seed-file={at('munge.seed')}")
        self._wait("munged", lambda: os.path.exists(at("munge.socket")))
        self._daemon("slurmctld", "-D", "-i")
        self._wait("slurmctld", lambda: self.run("scontrol", "ping").returncode == 0)
        self._daemon("slurmd", "-D", "-N", host)
        self._wait("slurmd", lambda: self.run("sinfo", "-h", "-o", "%t").stdout.strip() == "idle")

    def _daemon(self, name, *words):
        with open(os.path.join(self.top, f"{name}.out"), "wb") as output:
            self.daemons.append((name, subprocess.Popen([_program(name), *words], env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL,
                                                        stdout=output, stderr=subprocess.STDOUT)))

    def _wait(self, name, ready):
        end = time.monotonic() + SECONDS
        while not ready():
            if self.daemons[-1][1].poll() is not None or time.monotonic() > end:
                raise Missing(f"{name} cannot run here: {self._last_line(name)}")
            time.sleep(0.2)

    def _last_line(self, name):
        for suffix in ("log", "out"):
            try:
                with open(os.path.join(self.top, f"{name}.{suffix}"), encoding="utf-8", errors="replace") as file:
                    lines = file.read().splitlines()
            except OSError:
                continue
            for word in ("fatal", "error"):
                for line in reversed(lines):
                    if word in line:
                        return line
        return "it says nothing"

    def run(self, *words):
        return subprocess.run([_program(words[0]), *words[1:]], env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=SECONDS, check=False)

    def __exit__(self, *_):
        if any(name == "slurmd" for name, _ in self.daemons):
            self.run("scancel", "--user", pwd.getpwuid(os.getuid()).pw_name)
        for _, daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(SECONDS)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(self.top, ignore_errors=True)


if __name__ == "__main__":
    try:
        with Cluster() as cluster:
            print(cluster.environment["SLURM_CONF"], flush=True)
            sys.stdin.read()
    except Missing as why:
        print(why, file=sys.stderr)
        sys.exit(77)
