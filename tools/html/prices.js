// SPDX-License-Identifier: GPL-2.0-or-later
// The report at other prices: its counts times other figures, as the simulator multiplies them.
// Cycles are linear in the figures; what would change the counts is not offered.

import { isElsewhere } from "./story.js";

const toHundredths = (cycles) => Math.round(cycles * 100) / 100;

// The terms of one event, and its cycles. Units are rounded apart.
function pricedEvent(event, value) {
  if (!event.terms) return event;
  const insns = event.path ? value(`kernel.paths.${event.path}.insns`) : undefined;
  const perUnit = event.path ? value(`kernel.paths.${event.path}.insns-per-unit`) : undefined;
  const countOf = (term) => {
    if (term.figure !== "machine.kernel-cpi") return term.count;
    return term.per_unit ? (perUnit === undefined ? term.count : perUnit * event.units) : insns ?? term.count;
  };
  let fixed = 0, units = 0;
  const terms = event.terms.map((term) => {
    const changed = value(term.figure) !== undefined || (term.also && value(term.also) !== undefined);
    const figure = value(term.figure, true), also = term.also_times ? value(term.also, true) * term.also_times : 0;
    const count = countOf(term);
    const each = changed ? figure + also : term.each;
    if (term.per_unit) units += count * each;
    else fixed += count * each;
    return { ...term, count, each, cycles: toHundredths(count * each) };
  });
  const changed = terms.some((t, i) => t.count !== event.terms[i].count || t.each !== event.terms[i].each);
  if (!changed) return event;
  const el1 = event.path && terms.filter((t) => t.figure === "machine.kernel-cpi").reduce((sum, t) => sum + t.count, 0);
  return { ...event, terms, ...(event.path ? { el1_insns: el1 } : {}), cycles: toHundredths(toHundredths(fixed) + toHundredths(units)) };
}

// `settings`: a Map from key to value.
export function repriced(report, settings) {
  if (settings.size === 0) return report;
  const known = new Map(report.figures.map((figure) => [figure.key, figure.value]));
  const value = (key, always = false) => settings.get(key) ?? (always ? known.get(key) : undefined);
  const frequency = value("machine.frequency") ?? report.machine.frequency_hz;
  return {
    ...report,
    machine: { ...report.machine, frequency_hz: frequency },
    runs: report.runs.map((run) => {
      let total = 0, insns = 0;
      const events = run.events.map((event) => {
        const now = pricedEvent(event, value);
        if (!isElsewhere(now)) total = toHundredths(total + now.cycles);
        insns += now.el1_insns ?? 0;
        return { ...now, cycles_so_far: total };
      });
      return { ...run, events, totals: { ...run.totals, cycles: total, el1_insns: insns, ns: (total / frequency) * 1e9 } };
    }),
  };
}

// The options that have the tool say the same.
export function commandLine(settings) {
  return [...settings].map(([key, value]) => `--set ${key}=${value}`).join(" ");
}
