# SPDX-License-Identifier: GPL-2.0-or-later
"""What uprobes cost an arm64 program, on a simulated machine with a modelled Linux kernel.

    import uprobesim

    ls = uprobesim.Simulation(["/bin/ls", "/usr"], probe="uprobe:/bin/ls:*", kernel="v6.12")
    report = ls.run()
    print(report.data["time"]["total_ns"], report.figures["cycles_per_hit"])
    cheaper = uprobesim.WhatIf(report, set={"machine.ops.ic-ivau": 0}).run()

Options are those of the command `uprobesim`, by their long names with _ for -: max_sim_time="250ms", cpus=4. A list repeats
an option, a dict gives it KEY=VALUE pairs, True is an option that takes no value, False and None leave it out.
"""
from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional, Union

from . import _core

__all__ = [
    "Audit", "Bench", "Engine", "Error", "Estimate", "Exit", "HostError", "Probe", "Progress", "Report", "Simulation", "WhatIf",
    "engine", "raise_open_file_limit", "version",
]

Scalar = Union[str, int, float, "os.PathLike[str]"]
OptionValue = Union[None, bool, Scalar, Iterable[Scalar], Mapping[str, Scalar]]


class Error(Exception):
    """A mistake in what was asked for; its text is the line that the command would print."""

    what: str  # what is wrong
    where: str  # the option, file, line or key; empty: nowhere in particular
    hint: str  # what to do about it
    status: int  # what the command would exit with


class HostError(Error):
    """The host failed: memory, disk, the CPU engine."""


def _error(host: bool, what: str, where: str, hint: str, status: int, line: str) -> Error:
    error = (HostError if host else Error)(line)
    error.what, error.where, error.hint, error.status = what, where, hint, status
    return error


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    simulated_ns: int
    instructions: int  # executed at EL0
    hits: int  # of all probes
    tasks: int  # alive


@dataclass(frozen=True)
class Exit:
    """How a run ended: `end` is exited, signalled, limit-reached, deadlock or interrupted; `status` the exit status or the
    signal's number."""

    end: str
    status: int
    detail: str


@dataclass(frozen=True)
class Probe:
    """A probe of a run and what its hits took."""

    probe: str
    binary: str
    file_offset_bytes: int
    instruction: str
    verdict: str
    hits: int
    stepped: int
    emulated: int
    cycles: float
    mean_hit_cycles: float
    mean_hit_ns: float


@dataclass(frozen=True)
class Engine:
    """How the CPU engine is used in this process. Reports do not depend on it, speed does."""

    version: str
    edited: bool  # the code that it generates is edited: the fast way
    reason: str  # why it is not; empty: it is


class Report:
    """What a command of uprobesim reports."""

    def __init__(self, core: _core.Report) -> None:
        self._core = core

    @property
    def command(self) -> str:
        """run, bench, audit, estimate or whatif."""
        return self._core.command

    @property
    def json(self) -> str:
        """What `uprobesim COMMAND -f json` writes, to the byte."""
        return self._core.json

    @cached_property
    def data(self) -> dict[str, Any]:
        """The JSON report as a dict (docs/json.md)."""
        return dict(json.loads(self._core.json))

    @cached_property
    def figures(self) -> dict[str, float]:
        """The figures that a sweep keeps, by name (docs/sweep.md); of an audit there are none."""
        return dict(self._core.figures)

    def text(self, format: str = "text", all: bool = False) -> str:
        """The report as text, json, csv, md or html, or its charts as svg. `all`: every row of long lists, not only the first ten."""
        return self._core.text(format, all)

    @property
    def status(self) -> int:
        """What the command would exit with: of a run the program's own status."""
        return self._core.status

    @property
    def warnings(self) -> list[str]:
        """What the command prints beside the report, a line each."""
        return self._core.warnings

    @property
    def interrupted(self) -> bool:
        """The progress callback ended the run; the report is of what was done until then."""
        return self._core.interrupted

    @property
    def output(self) -> bytes:
        """What the program of a run wrote to its standard output, up to 64 MiB."""
        return self._core.output

    @property
    def error_output(self) -> bytes:
        """The same of its standard error."""
        return self._core.error_output

    @property
    def exit(self) -> Exit:
        """Of a run."""
        guest = self.data["guest"]
        return Exit(guest["end"], guest["status"], guest["detail"])

    @property
    def probes(self) -> list[Probe]:
        """Of a run, as the report orders them."""
        names = Probe.__dataclass_fields__
        return [Probe(**{name: row[name] for name in names}) for row in self.data["probes"]["by_probe"]]

    def __repr__(self) -> str:
        return f"<uprobesim.Report of {self.command}, {len(self.json)} bytes of JSON>"

    def _repr_html_(self) -> str:
        # A notebook shows the report as the terminal does.
        text = self.text().replace("&", "&amp;").replace("<", "&lt;")
        return f"<pre>{text}</pre>"


def _text(value: Scalar) -> str:
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def _options(given: Mapping[str, OptionValue]) -> list[tuple[str, str]]:
    options = []
    for key, value in given.items():
        name = key.replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            options.append((name, ""))
        elif isinstance(value, (str, int, float, os.PathLike)):
            options.append((name, _text(value)))
        elif isinstance(value, Mapping):
            options += [(name, f"{k}={_text(v)}") for k, v in value.items()]
        else:
            options += [(name, _text(each)) for each in value]
    return options


def _words(words: Union[Scalar, Iterable[Scalar]]) -> list[str]:
    if isinstance(words, (str, int, float, os.PathLike)):
        return [_text(words)]
    return [_text(word) for word in words]


class Simulation:
    """A program of the guest, run under probes: `uprobesim run`.

    `program` is its words, paths being the guest's, or a scenario's name. `input`: what it reads at its standard input, which
    is empty without it. `host_streams`: its standard streams are this process's; else its output is in the report.
    """

    def __init__(
        self,
        program: Union[Scalar, Iterable[Scalar]],
        *,
        input: Union[None, bytes, str] = None,
        host_streams: bool = False,
        **options: OptionValue,
    ) -> None:
        self._program = _words(program)
        self._input = input.encode() if isinstance(input, str) else input
        self._host_streams = host_streams
        self._options = _options(options)

    def check(self) -> None:
        """Raises Error where run() would refuse the program's words or an option."""
        _core.check(self._program, self._options, self._input, self._host_streams)

    def run(self, progress: Optional[Callable[[Progress], Optional[bool]]] = None, every: float = 0.1) -> Report:
        """Runs it; may be called again, and from several threads. `progress` is called every `every` seconds of the host; False
        ends the run, None and True do not. Ctrl-C raises KeyboardInterrupt."""

        def told(simulated_ns: int, instructions: int, hits: int, tasks: int) -> Optional[bool]:
            return progress(Progress(simulated_ns, instructions, hits, tasks)) if progress else None

        every_ms = max(0, int(every * 1000))
        return Report(
            _core.run(self._program, self._options, self._input, self._host_streams, told if progress else None, every_ms)
        )


class Bench:
    """The kernel's uprobe benchmark: `uprobesim bench`. `variants`: uprobe-nop, uprobe-push, ...; none: all six."""

    def __init__(self, variants: Union[Scalar, Iterable[Scalar]] = (), **options: OptionValue) -> None:
        self._variants, self._options = _words(variants), _options(options)

    def run(self) -> Report:
        return Report(_core.bench(self._variants, self._options))


class Audit:
    """How each kernel handles a uprobe on each function of arm64 binaries of the host: `uprobesim audit`."""

    def __init__(self, binaries: Union[Scalar, Iterable[Scalar]], **options: OptionValue) -> None:
        self._binaries, self._options = _words(binaries), _options(options)

    def run(self) -> Report:
        return Report(_core.audit(self._binaries, self._options))


class Estimate:
    """What probes would cost at a rate, before any is attached: `uprobesim estimate`."""

    def __init__(self, probes: Union[Scalar, Iterable[Scalar]], **options: OptionValue) -> None:
        self._probes, self._options = _words(probes), _options(options)

    def run(self) -> Report:
        return Report(_core.estimate(self._probes, self._options))


class WhatIf:
    """A run with other cost parameters, without running it again: `uprobesim whatif`. `run`: a report of a run, or the file of
    one."""

    def __init__(self, run: Union[Report, Scalar], **options: OptionValue) -> None:
        self._run, self._options = run, _options(options)

    def run(self) -> Report:
        if isinstance(self._run, Report):
            return Report(_core.whatif(self._run._core, self._options))
        return Report(_core.whatif_of_file(_text(self._run), self._options))


def version() -> str:
    """The library's version: "0.2.0"."""
    return _core.version()


def engine() -> Engine:
    """How the CPU engine is used in this process."""
    return Engine(*_core.engine())


def raise_open_file_limit() -> None:
    """Raises this process's soft limit of open files to the hard one, as the command does for itself."""
    _core.raise_open_file_limit()
