// SPDX-License-Identifier: GPL-2.0-or-later
// One key for each thing that can be done; elements that take a key themselves keep it.
export const KEYS = [
  ["← →", "a step back, a step on"],
  ["Home, End", "the first step, the last"],
  ["Space", "play and stop, a step a second"],
  ["1 to 9", "that kernel"],
  ["s", "cycles to scale, or steps of equal width"],
  ["a", "ask me first"],
  ["p", "one column, for a projector"],
  ["Esc", "close the glossary"],
];

export function listenToKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest("input, textarea, select") && event.key !== "Escape") return;
    if (event.key === " " && target.closest("button, summary, a")) return;
    const action =
      { ArrowLeft: actions.back, ArrowRight: actions.on, Home: actions.first, End: actions.last, " ": actions.play,
        s: actions.scale, a: actions.ask, p: actions.projector, Escape: actions.close }[event.key] ??
      (/^[1-9]$/.test(event.key) ? () => actions.kernel(Number(event.key) - 1) : null);
    if (!action) return;
    event.preventDefault();
    action();
  });
}
