#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# %% [markdown]
# What a probe costs, by kernel and by how fast the machine's kernel code is. Cells as editors and Jupyter (jupytext) know them;
# as a script: sweep_and_plot.py [--root FOLDER] [--probe SPEC] [--output NAME] PROGRAM [ARGUMENTS...]
#
# One run for each kernel; the other points are that run with another cost parameter, which takes milliseconds.

# %%
import argparse
import csv

import uprobesim

parser = argparse.ArgumentParser()
parser.add_argument("--root", help="the guest's files (default: the sysroot that uprobesim finds)")
parser.add_argument("--probe", default="uprobe:/bin/ls:*")
parser.add_argument("--output", default="sweep", help="NAME.csv and NAME.svg are written")
parser.add_argument("program", nargs=argparse.REMAINDER)
arguments = parser.parse_args()
program = arguments.program or ["/bin/ls", "/usr"]

# %%
KERNELS = ["v6.1", "v6.12", "v6.13+stp"]
CYCLES_PER_INSTRUCTION = [0.8 + 0.1 * step for step in range(9)]


def run(kernel):
    simulation = uprobesim.Simulation(program, root=arguments.root, probe=arguments.probe, kernel=kernel)
    return simulation.run(progress=lambda p: print(f"\r{kernel}: {p.hits:,} hits", end="", flush=True), every=0.5)


rows = []
for kernel in KERNELS:
    report = run(kernel)
    for cpi in CYCLES_PER_INSTRUCTION:
        point = uprobesim.WhatIf(report, set={"machine.kernel-cpi": f"{cpi:.1f}"}).run()
        rows.append((kernel, round(cpi, 1), point.figures["cycles_per_hit"]))

# %%
with open(arguments.output + ".csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["kernel", "kernel_cpi", "cycles_per_hit"])
    writer.writerows(rows)


# %%
def line_of(kernel):
    return [(cpi, cycles) for name, cpi, cycles in rows if name == kernel]


def plot_by_hand(path):
    """A chart without matplotlib: lines, their names, and the largest value."""
    width, height, most = 640, 400, max(cycles for _, _, cycles in rows)
    first, last = CYCLES_PER_INSTRUCTION[0], CYCLES_PER_INSTRUCTION[-1]
    parts = []
    for kernel, color in zip(KERNELS, ("#4269d0", "#efb118", "#ff725c")):
        points = [(60 + (cpi - first) / (last - first) * 450, 350 - cycles / most * 320) for cpi, cycles in line_of(kernel)]
        parts.append(f'<polyline fill="none" stroke="{color}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>')
        parts.append(f'<text x="515" y="{points[-1][1]:.1f}" fill="{color}">{kernel}</text>')
    parts.append(f'<text x="5" y="30">{most:,.0f} cycles a hit</text><text x="200" y="390">cycles of a kernel instruction, {first} to {last:.1f}</text>')
    with open(path, "w") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif">{"".join(parts)}</svg>\n')


try:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot
except ImportError:
    plot_by_hand(arguments.output + ".svg")
else:
    for kernel in KERNELS:
        pyplot.plot(*zip(*line_of(kernel)), label=kernel)
    pyplot.xlabel("cycles of a kernel instruction")
    pyplot.ylabel("cycles of a hit")
    pyplot.ylim(bottom=0)
    pyplot.legend()
    pyplot.savefig(arguments.output + ".svg")
print(f"\r{arguments.output}.csv, {arguments.output}.svg")
