// SPDX-License-Identifier: GPL-2.0-or-later
// The report as the page reads it: for each kernel the machine at every step, from the changes that
// the events carry, and the steps of all kernels in one order.

// One moment of one kernel: frame 0 is before the hit, frame n the state after event n.
function framesOf(run) {
  const words = (list, old) => {
    const all = new Map(old);
    for (const w of list) all.set(w.address, w);
    return all;
  };
  const first = {
    index: 0,
    event: null,
    el: 0,
    state: run.before,
    registers: run.before.registers,
    words: words(run.before.words, []),
    changedWords: new Set(),
    system: null,
    total: 0,
    begins: 0,
  };
  const frames = [first];
  run.events.forEach((event, i) => {
    const last = frames[i];
    frames.push({
      index: i + 1,
      event,
      el: event.el,
      state: event.state,
      registers: { ...last.registers, ...event.registers },
      words: words(event.words, last.words),
      changedWords: new Set(event.words.filter((w) => w.before !== undefined).map((w) => w.address)),
      system: event.system_registers,
      total: event.cycles_so_far,
      begins: last.total,
      last,
    });
  });
  return frames;
}

// What makes events of two kernels the same step.
function signature(event) {
  return [event.event, event.class, event.path, event.name].join(" ");
}

// The longest common part of two lists, as pairs of positions.
function commonPairs(a, b) {
  const length = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; --i)
    for (let j = b.length - 1; j >= 0; --j)
      length[i][j] = a[i] === b[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
  const pairs = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (length[i + 1][j] >= length[i][j + 1]) ++i;
    else ++j;
  }
  return pairs;
}

// The steps of all kernels in one order. rows[r].frames[k] is the frame of kernel k at that step,
// rows[r].own[k] whether something happens there.
function alignedRows(runs) {
  let merged = [];
  runs.forEach((run, k) => {
    const list = run.events.map(signature);
    const pairs = commonPairs(merged.map((row) => row.signature), list);
    const next = [];
    let i = 0, j = 0;
    for (const [a, b] of [...pairs, [merged.length, list.length]]) {
      while (i < a) next.push(merged[i++]);
      while (j < b) next.push({ signature: list[j], at: { [k]: ++j } });
      if (i < merged.length) {
        next.push({ signature: merged[i].signature, at: { ...merged[i].at, [k]: ++j } });
        ++i;
      }
    }
    merged = next;
  });
  const current = runs.map(() => 0);
  const rows = [{ frames: [...current], own: runs.map(() => true) }];
  for (const row of merged) {
    for (const k of Object.keys(row.at)) current[k] = row.at[k];
    rows.push({ frames: [...current], own: runs.map((_, k) => k in row.at) });
  }
  return rows;
}

export function readReport() {
  return JSON.parse(document.getElementById("report").textContent);
}

// With the frames and the order of steps that the page goes through.
export function prepared(report) {
  const runs = report.runs.map((run) => ({ ...run, frames: framesOf(run) }));
  return {
    ...report,
    runs,
    rows: alignedRows(runs),
    longest: Math.max(...runs.map((run) => run.totals.cycles), 1),
  };
}

// Sums by kind of work up to a frame, in the report's order of kinds.
export function billOf(report, run, frameIndex) {
  const sums = new Map(report.work_kinds.map((kind) => [kind.name, 0]));
  for (const frame of run.frames.slice(1, frameIndex + 1)) {
    const { work, cycles } = frame.event;
    if (work) sums.set(work, sums.get(work) + cycles);
  }
  return sums;
}

// A frame in which nothing has just happened: while another kernel takes a step.
export function settled(frame) {
  return { ...frame, last: frame, changedWords: new Set(), event: frame.event && { ...frame.event, registers: {}, changes: [] } };
}
