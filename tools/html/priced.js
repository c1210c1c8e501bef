// SPDX-License-Identifier: GPL-2.0-or-later
// A report's counts at other figures, multiplied, added and rounded as the tool does: the price of
// one is the sum of its terms, to the hundredth of a cycle; so is that of all units of a row.

const hundredths = (cycles) => Math.round(cycles * 100);
const nsOf = (cycles, hz) => (cycles * 1e9) / hz;

// The instructions of a path are two figures, which are uncertain together.
const together = (key) => key.replace(/^(kernel\.paths\..*)\.insns(-per-unit)?$/, "$1");

// One kernel on one machine. `changed`: a Map of figures that are not its own.
class Place {
  constructor(place) {
    this.prices = place.prices;
    this.own = new Map(place.figures.map((figure) => [figure.key, figure]));
  }

  value(key, changed) {
    return changed.get(key) ?? this.own.get(key).value;
  }

  // What one costs, and one of its units, unrounded.
  price(name, changed) {
    const insns = changed.get(`kernel.paths.${name}.insns`), perUnit = changed.get(`kernel.paths.${name}.insns-per-unit`);
    let each = 0, unit = 0;
    for (const term of this.prices[name].terms) {
      const set = term.figure !== "machine.kernel-cpi" ? undefined : term.per_unit ? perUnit : insns;
      const cycles = this.value(term.figure, changed) + (term.also ? this.value(term.also, changed) * term.also_times : 0);
      if (term.per_unit) unit += (set ?? term.count) * cycles;
      else each += (set ?? term.count) * cycles;
    }
    return { each: hundredths(each), unit };
  }

  // The names whose price follows from a figure.
  namesWith(key) {
    const path = /^kernel\.paths\.(.*)\.insns(-per-unit)?$/.exec(key)?.[1];
    if (path !== undefined) return path in this.prices ? [path] : [];
    return Object.keys(this.prices).filter((name) => this.prices[name].terms.some((term) => term.figure === key || term.also === key));
  }
}

// In hundredths of a cycle. Roundings of the accounts go to the last one.
function pricedRow([, times, units, accounts], price, lot) {
  const ofUnits = (count) => (lot ? (count * hundredths(price.unit * lot)) / lot : hundredths(price.unit * count));
  const all = times * price.each + ofUnits(units);
  let left = all;
  const shares = accounts.map(([account, some, of], a) => {
    const share = a + 1 === accounts.length ? left : Math.min(some * price.each + ofUnits(of), left);
    left -= share;
    return [account, share];
  });
  return { all, shares };
}

class Item {
  constructor(item, place) {
    Object.assign(this, item, { at: place });
    this.divided = item.rows.some((row) => row[3].length);
  }

  // The rows' cycles; of `before`, those that no name of `names` is of are taken over.
  rowsAt(changed, before, names) {
    const prices = new Map();
    return this.rows.map((row, r) => {
      const name = row[0];
      if (before && !names.includes(name)) return before[r];
      if (!prices.has(name)) prices.set(name, this.at.price(name, changed));
      return pricedRow(row, prices.get(name), this.lot);
    });
  }

  answersOf(rows, changed) {
    const sums = new Map([["user", this.user_cycles * 100], ["kernel", 0]]);
    for (const { all, shares } of rows) {
      sums.set("kernel", sums.get("kernel") + all);
      for (const [account, share] of shares) sums.set(account, (sums.get(account) ?? 0) + share);
    }
    const hz = this.at.value("machine.frequency", changed);
    return this.answers.map((answer) => {
      const cycles = answer.of.reduce((sum, part) => sum + (sums.get(part) ?? 0), 0) / 100 / answer.per;
      switch (answer.unit) {
        case "ns": return nsOf(cycles, hz) + answer.idle_ns;
        case "million hits a second": return hz / cycles / 1e6;
        case "% of a CPU": return (100 * cycles) / hz;
        default: return cycles;
      }
    });
  }

  // Of the mean hit, in cycles by kind of work.
  workOf(rows, kinds) {
    const sums = new Map(kinds.map((kind) => [kind, 0]));
    if (!this.divided) sums.set("user", this.user_cycles);
    this.rows.forEach(([name], r) => {
      const kind = this.at.prices[name].work;
      const part = this.divided ? rows[r].shares.find(([account]) => account === "probe-hit")?.[1] ?? 0 : rows[r].all;
      sums.set(kind, sums.get(kind) + part / 100);
    });
    return [...sums].map(([kind, sum]) => [kind, sum / this.hits]);
  }
}

export class Priced {
  constructor(sheet) {
    this.kinds = sheet.work_kinds;
    this.known = sheet.known.map(together);
    const places = sheet.places.map((place) => new Place(place));
    this.items = sheet.items.map((item) => new Item(item, places[item.place]));
  }

  // Of each item its answers, and the work of its mean hit.
  at(settings) {
    return this.items.map((item) => {
      const rows = item.rowsAt(settings);
      return { label: item.label, answers: item.answersOf(rows, settings), work: item.hits ? item.workOf(rows, this.kinds) : null };
    });
  }

  // How far an item's answers go within the figures' confidence: `swings` of one figure each, the largest of the first
  // answer first; `low` and `high` with all figures at the end that makes it less or more; `independent` for the first
  // answer, as far as independent errors take it. What is set is known.
  rangeOf(number, settings) {
    const item = this.items[number], known = new Set([...this.known, ...[...settings.keys()].map(together)]);
    const groups = new Map();
    for (const figure of item.at.own.values()) {
      const key = together(figure.key);
      if (figure.value !== 0 && !known.has(key)) groups.set(key, [...(groups.get(key) ?? []), figure]);
    }
    const rows = item.rowsAt(settings), [base] = item.answersOf(rows, settings);
    const swings = [], less = new Map(settings), more = new Map(settings);
    let below = 0, above = 0;
    for (const [key, figures] of groups) {
      const names = [...new Set(figures.flatMap((figure) => item.at.namesWith(figure.key)))];
      const end = (which) => {
        const changed = new Map([...settings, ...figures.map((figure) => [figure.key, figure[which]])]);
        return item.answersOf(item.rowsAt(changed, rows, names), changed);
      };
      const low = end("low"), high = end("high");
      if (low[0] === high[0]) continue;
      const rising = low[0] < high[0];
      for (const figure of figures) {
        less.set(figure.key, rising ? figure.low : figure.high);
        more.set(figure.key, rising ? figure.high : figure.low);
      }
      below += (base - Math.min(low[0], high[0])) ** 2;
      above += (Math.max(low[0], high[0]) - base) ** 2;
      swings.push({ key, low, high, figure: figures[0] });
    }
    swings.sort((a, b) => Math.abs(b.high[0] - b.low[0]) - Math.abs(a.high[0] - a.low[0]));
    const all = (changed) => item.answersOf(item.rowsAt(changed), changed);
    return { base, swings, low: all(less), high: all(more), independent: [base - Math.sqrt(below), base + Math.sqrt(above)] };
  }
}
