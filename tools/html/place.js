// SPDX-License-Identifier: GPL-2.0-or-later
// Where the reader is, in the URL's fragment: a link opens the page at that step.
// "machine.ops.isb=31"; what is no figure of the report is left out.
export function readSettings(figures) {
  const known = new Set(figures.map((figure) => figure.key));
  return new Map(new URLSearchParams(location.hash.slice(1)).getAll("set").map((word) => word.split("=")).filter(([key, value]) => known.has(key) && value !== "" && Number(value) >= 0)
    .map(([key, value]) => [key, Number(value)]));
}

export function readPlace(report) {
  const words = new URLSearchParams(location.hash.slice(1));
  const number = (key, most) => Math.min(Math.max(0, Number.parseInt(words.get(key) ?? "0", 10) || 0), most);
  return {
    row: number("step", report.rows.length - 1),
    kernel: number("kernel", report.runs.length - 1),
    equal: words.has("equal"),
    projector: words.has("projector"),
    ask: words.has("ask"),
    settings: readSettings(report.figures),
  };
}

// Without any, a fragment that names a part of the page stays.
export function writeSettings(settings) {
  if (settings.size || location.hash.startsWith("#set="))
    history.replaceState(null, "", `#${[...settings].map(([key, value]) => `set=${key}=${value}`).join("&")}`);
}

export function writePlace(place) {
  const words = [`step=${place.row}`];
  if (place.kernel) words.push(`kernel=${place.kernel}`);
  for (const key of ["equal", "projector", "ask"]) if (place[key]) words.push(key);
  for (const [key, value] of place.settings) words.push(`set=${key}=${value}`);
  history.replaceState(null, "", `#${words.join("&")}`);
}
