// SPDX-License-Identifier: GPL-2.0-or-later
// Where the reader is, in the URL's fragment: a link opens the page at that step.
export function readPlace(report) {
  const words = new URLSearchParams(location.hash.slice(1));
  const number = (key, most) => Math.min(Math.max(0, Number.parseInt(words.get(key) ?? "0", 10) || 0), most);
  return {
    row: number("step", report.rows.length - 1),
    kernel: number("kernel", report.runs.length - 1),
    equal: words.has("equal"),
    projector: words.has("projector"),
    ask: words.has("ask"),
  };
}

export function writePlace(place) {
  const words = [`step=${place.row}`];
  if (place.kernel) words.push(`kernel=${place.kernel}`);
  for (const key of ["equal", "projector", "ask"]) if (place[key]) words.push(key);
  history.replaceState(null, "", `#${words.join("&")}`);
}
