// SPDX-License-Identifier: GPL-2.0-or-later
// The page of `explain -f html`: one hit on one or several kernels, step by step.
import { theBill } from "./bill.js";
import { prepared, readReport, settled } from "./data.js";
import { el, name, replace, section } from "./dom.js";
import { closeGlossary, glossaryList, glossaryPanel, linked } from "./glossary.js";
import { kernelWork } from "./kernel.js";
import { KEYS, listenToKeys } from "./keys.js";
import { cycles, many } from "./numbers.js";
import { codePages } from "./pages.js";
import { readPlace, writePlace } from "./place.js";
import { repriced } from "./prices.js";
import { Quiz } from "./quiz.js";
import { changedRegisters, systemRegisters } from "./registers.js";
import { capital, theSentence } from "./sentence.js";
import { Sliders } from "./sliders.js";
import { axisOf, stageOf } from "./stage.js";
import { stepList } from "./steps.js";
import { changesOf, isElsewhere, sentenceOf, titleOf, verdictOf } from "./story.js";
import { taskState } from "./task.js";

const PLAY_MS = 1000;

class Explorer {
  constructor(base) {
    this.base = base;
    this.report = prepared(base);
    this.place = readPlace(this.report);
    this.folds = new Set();
    this.timer = null;
    this.build();
    this.quiz = new Quiz(base, this.parts.ask, () => this.go(this.place.row + 1));
    listenToKeys({
      back: () => this.go(this.place.row - 1), on: () => this.on(), first: () => this.go(0),
      last: () => this.last(), play: () => this.play(), kernel: (k) => k < base.runs.length && this.kernel(k),
      scale: () => this.toggle("equal"), ask: () => this.toggle("ask"), projector: () => this.toggle("projector"),
      close: closeGlossary,
    });
    addEventListener("hashchange", () => location.reload());
    addEventListener("beforeprint", () => this.unfold());
    new ResizeObserver(() => this.drawStages()).observe(this.parts.stages);
    // What is unfolded stays so when the step changes.
    document.addEventListener("toggle", (event) => {
      const fold = event.target.dataset?.fold;
      if (fold) this.folds[event.target.open ? "add" : "delete"](fold);
    }, true);
    this.price();
  }

  build() {
    const { report } = this;
    const button = (text, action, attributes = {}) => el("button", { type: "button", onclick: action, ...attributes }, text);
    this.slider = el("input", { type: "range", min: "0", max: `${report.rows.length - 1}`, step: "1", "aria-label": "step", oninput: () => this.go(Number(this.slider.value)) });
    this.slider.addEventListener("keydown", (event) => { if (event.key === "ArrowRight" && this.place.ask) { event.preventDefault(); this.on(); } });
    this.counter = el("output", { class: "counter" });
    this.playButton = button("Play", () => this.play());
    this.toggles = {
      equal: button("Equal widths", () => this.toggle("equal"), { title: "every step equally wide, in place of cycles to scale (s)" }),
      ask: button("Ask me first", () => this.toggle("ask"), { title: "a question before each step (a)" }),
      projector: button("One column", () => this.toggle("projector"), { title: "for a projector (p)" }),
    };
    const p = this.parts = {
      live: el("p", { class: "hidden", "aria-live": "polite", id: "live" }),
      ask: el("section", { id: "ask", "aria-labelledby": "ask-h", hidden: true }),
      score: el("p", { id: "score", hidden: true }),
      answer: el("div"),
      priced: el("p", { id: "priced", hidden: true }),
    };
    for (const part of ["stages", "bill", "now", "changed", "system", "pages", "task", "kernel", "steps"]) p[part] = el("div", { class: "content" });
    this.sliders = new Sliders({ figures: this.base.figures }, this.place.settings, () => this.price());
    const command = report.command.join(" ");
    replace(document.getElementById("page"),
      el("header", {}, el("p", { class: "what" }, report.exception
        ? [`${capital(report.exception.title)} of `, name(report.runs[0].task), " at ", name(report.runs[0].place)] : ["Hit ", `${report.hit}`, " of ", name(report.runs[0].probe)],
        " on ", name(report.machine.name)),
        el("h1", { class: "hidden" }, report.exception ? "One exception, step by step" : "One uprobe hit, step by step"), p.answer),
      el("nav", { id: "controls", "aria-label": "steps" },
        button("First", () => this.go(0)), button("Back", () => this.go(this.place.row - 1)), button("Next", () => this.on(), { id: "next" }),
        button("Last", () => this.last()), this.playButton, this.slider, this.counter, Object.values(this.toggles)),
      p.live, p.priced,
      section("stage", "Stage", p.stages), section("cost", "Cycles so far", p.bill), p.ask, p.score,
      el("div", { id: "machine" },
        section("step", "This step", p.now, p.changed), section("registers", "Exception registers", p.system),
        section("memory", report.runs[0].before.page ? "Instructions and page" : "Instructions", p.pages), section("task", "Task", p.task), section("work", "What it is made of", p.kernel)),
      this.sliders.element,
      el("details", { id: "all" }, el("summary", {}, "All steps as a list"), p.steps),
      glossaryList(),
      el("details", { id: "keys" }, el("summary", {}, "Keys"), el("dl", {}, KEYS.map(([key, what]) => [el("dt", {}, key), el("dd", {}, what)]))),
      el("footer", {}, `uprobesim ${report.version}; `, name(report.machine.description), report.settings.length ? ["; --set ", name(report.settings.join(" --set "))] : "",
        `; seed ${report.seed}; `, name(command)),
      glossaryPanel());
  }

  // The report at the figures that are set.
  price() {
    const { place, parts } = this;
    this.report = prepared(repriced(this.base, place.settings));
    replace(parts.answer, theSentence(this.report, (k, frame) => this.goToFrame(k, frame)));
    parts.priced.hidden = place.settings.size === 0;
    replace(parts.priced, `With changed costs: ${[...place.settings].map(([key, value]) => `${key}=${value}`).join(", ")} `,
      el("button", { type: "button", onclick: () => this.sliders.reset() }, "Reset all"));
    this.show();
  }

  unfold() {
    for (const details of document.querySelectorAll("details")) if (details.id !== "keys" && details.id !== "sliders") details.open = true;
  }

  get run() { return this.report.runs[this.place.kernel]; }
  get row() { return this.report.rows[this.place.row]; }
  get frame() {
    const frame = this.run.frames[this.row.frames[this.place.kernel]];
    return this.row.own[this.place.kernel] ? frame : settled(frame);
  }

  go(row) {
    this.quiz.close();
    this.place.row = Math.min(Math.max(0, row), this.report.rows.length - 1);
    this.show();
  }
  last() {
    if (this.place.ask) return;
    this.go(this.report.rows.length - 1);
  }
  // The next step, or the question about it.
  on() {
    if (this.place.ask && this.quiz.pending) return;
    const next = this.report.rows[this.place.row + 1];
    const k = this.place.kernel;
    if (this.place.ask && next?.own[k] && this.quiz.ask(this.run, k, this.run.frames[next.frames[k]])) return;
    this.go(this.place.row + 1);
  }
  goToFrame(k, frame) {
    this.place.kernel = k;
    this.go(Math.max(0, this.report.rows.findIndex((row) => row.frames[k] === frame)));
  }
  kernel(k) {
    this.place.kernel = k;
    this.quiz.close();
    this.show();
  }
  toggle(what) {
    this.place[what] = !this.place[what];
    this.quiz.close();
    this.stop();
    this.show();
  }
  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.playButton.textContent = "Play";
  }
  play() {
    if (this.timer !== null) return this.stop();
    if (this.place.ask) return;
    if (this.place.row === this.report.rows.length - 1) this.place.row = 0;
    this.playButton.textContent = "Stop";
    this.timer = setInterval(() => {
      this.go(this.place.row + 1);
      if (this.place.row === this.report.rows.length - 1) this.stop();
    }, PLAY_MS);
  }

  drawStages() {
    const { report, place, parts } = this;
    const width = Math.max(300, Math.floor(parts.stages.clientWidth));
    const lanes = el("div", { class: "lane-names", "aria-hidden": "true" }, ["EL0", "CPU", "EL1"].map((t) => el("span", {}, t)));
    replace(parts.stages, report.runs.map((run, k) => el("div", { class: k === place.kernel ? "kernel chosen" : "kernel" },
      el("p", { class: "kernel-head" }, report.runs.length > 1
        ? el("button", { type: "button", "aria-pressed": `${k === place.kernel}`, onclick: () => this.kernel(k) }, name(run.kernel.name)) : name(run.kernel.name),
        el("span", {}, ` ${verdictOf(run)}, ${many(run.totals.exceptions, "exception")}, ${cycles(run.totals.cycles)} cycles`),
        run.finished ? "" : el("strong", {}, ` ${run.end}`)),
      el("div", { class: "lanes" }, lanes.cloneNode(true), stageOf(report, place, k, width - 36, (kk, frame) => this.goToFrame(kk, frame))))),
      el("div", { class: "lanes" }, el("div", { class: "lane-names" }), axisOf(report, place, width - 36)));
  }

  now() {
    const { run, frame, row } = this;
    const own = row.own[this.place.kernel];
    if (!own) {
      const others = this.report.runs.flatMap((r, k) => (row.own[k] ? [[r, r.frames[row.frames[k]]]] : []));
      return [el("h3", {}, "Nothing: this kernel has no such step"), el("p", {}, others.map(([r, f]) => [name(r.kernel.name), ": ", titleOf(f), `, ${cycles(f.event.cycles)} cycles. `])),
        el("p", {}, this.frame.index === run.frames.length - 1 ? "Here the program goes on already." : "")];
    }
    const { event } = frame;
    return [el("h3", {}, el("span", { class: `level el${frame.el}` }, `EL${frame.el}`), " ", titleOf(frame)),
      el("p", {}, linked(sentenceOf(run, frame))),
      event && !isElsewhere(event) ? el("p", { class: "cost" }, el("strong", { id: "step-cycles" }, cycles(event.cycles)), " cycles, so far ", el("strong", { id: "total-cycles" }, cycles(frame.total))) : null,
      event && changesOf(event).length ? el("ul", { class: "changes" }, changesOf(event).map((c) => el("li", {}, linked(c)))) : null];
  }

  show() {
    const { report, place, parts, frame, run } = this;
    const focused = document.activeElement?.closest?.("#machine section, #cost, #stage");
    document.body.classList.toggle("projector", place.projector);
    document.body.classList.toggle("asking", place.ask);
    this.slider.value = `${place.row}`;
    this.slider.setAttribute("aria-valuetext", `step ${place.row} of ${report.rows.length - 1}: ${titleOf(frame)}`);
    this.counter.value = `step ${place.row} of ${report.rows.length - 1}`;
    for (const [key, button] of Object.entries(this.toggles)) button.setAttribute("aria-pressed", `${place[key]}`);
    this.drawStages();
    replace(parts.bill, theBill(report, place));
    replace(parts.now, this.now());
    replace(parts.changed, changedRegisters(frame));
    replace(parts.system, systemRegisters(run, frame));
    replace(parts.pages, codePages(run, frame));
    replace(parts.task, taskState(run, frame));
    replace(parts.kernel, this.row.own[place.kernel] ? kernelWork(frame, (key) => this.sliders.focus(key)) : el("p", { class: "quiet" }, "Nothing."));
    replace(parts.steps, stepList(run, (index) => this.goToFrame(place.kernel, index)));
    const done = place.ask && this.quiz && place.row === report.rows.length - 1;
    parts.score.hidden = !done;
    if (done) replace(parts.score, "Your answers, as a line to hand in: ", el("code", {}, this.quiz.score()));
    for (const details of document.querySelectorAll("details[data-fold]")) details.open = this.folds.has(details.dataset.fold);
    parts.live.textContent = `Step ${place.row}, ${run.kernel.name}: ${parts.now.textContent}`;
    writePlace(place);
    if (focused && !document.activeElement?.closest?.("section")) document.getElementById(focused.id)?.focus({ preventScroll: true });
  }
}

new Explorer(readReport());
