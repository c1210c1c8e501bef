// SPDX-License-Identifier: GPL-2.0-or-later
// A question about the step that comes next, made from the report; and what was answered.
import { el, replace } from "./dom.js";
import { linked } from "./glossary.js";
import { pageText, placeOf, sentenceOf } from "./story.js";

// Reasons that are asked beside those of the report, as the Arm manual calls them.
const OTHER_REASONS = ["SVC in AArch64", "IRQ", "software step from EL0", "BRK in AArch64", "data abort from EL0", "instruction abort from EL0"];

// The right one among others, in an order that depends on the step only.
function choices(right, others, index) {
  const wrong = [...new Set(others)].filter((o) => o !== right).slice(0, 3);
  const at = index % (wrong.length + 1);
  return [...wrong.slice(0, at), right, ...wrong.slice(at)];
}

function addresses(run, frame) {
  const probe = BigInt(run.before.pc);
  const list = [["here", probe], ["after", probe + 4n]];
  for (const e of run.events) if (e.handler) list.push(["handler", BigInt(e.handler)]);
  for (const page of [frame.state.xol_page, frame.state.shared_page])
    if (page) list.push(["page", BigInt(page)], ["slot", BigInt(page) + 4n], ["next", BigInt(page) + 8n]);
  list.push(["x30", BigInt(run.before.x30)], ["far", probe + 8n]);
  return list.filter(([, a]) => a !== 0n).map(([, a]) => `0x${a.toString(16)}`);
}

const named = (run, frame, address) => (placeOf(run, frame.state, address) ? `${address} (${placeOf(run, frame.state, address)})` : address);

// What became of the page that faulted.
function pageQuestion(frame) {
  const { page } = frame.state, old = frame.last.state.page;
  if (!page || !old || pageText(page) === pageText(old)) return null;
  const same = old.present ? `${old.frame}` : "";
  const right = !page.present ? "it is taken away" : same === page.frame ? "it stays in its frame and gets other rights"
    : old.present ? "its content goes to another frame, which this process alone holds"
      : page.holders > 1 ? "a frame that others hold too is mapped" : "a frame of its own is mapped";
  return { text: `The page at ${page.address} was ${pageText(old)}. What does the kernel do with it?`, right,
    options: choices(right, ["its content goes to another frame, which this process alone holds", "it stays in its frame and gets other rights",
      "a frame that others hold too is mapped", "a frame of its own is mapped"], frame.index) };
}

const QUESTIONS = {
  exception: (report, run, frame) => {
    const e = frame.event;
    if (frame.index === 1)
      return { text: "An exception is taken. What is its reason?", right: e.ec_name,
        options: choices(e.ec_name, OTHER_REASONS, frame.index) };
    return { text: `An exception is taken (${e.ec_name}). What is in ELR_EL1 now?`, right: e.elr, hex: true };
  },
  "exit-work": () => ({ text: "The kernel is about to return to EL0, but sees work for a uprobe first. Which thread flag tells it so?",
    right: "TIF_UPROBE", options: ["TIF_SIGPENDING", "TIF_UPROBE", "TIF_SINGLESTEP"] }),
  path: (report, run, frame) => pageQuestion(frame) ?? ({ text: "What does the kernel do next?", right: frame.event.meaning,
    options: choices(frame.event.meaning, [...(report.other_work ?? []), ...[frame.index + 1, frame.index + 2, frame.index - 3, frame.index - 2, 2, 4, 6].map((i) => run.frames[i]?.event?.meaning).filter(Boolean)], frame.index) }),
  eret: (report, run, frame) => {
    const right = named(run, frame, frame.event.elr);
    return { text: "The kernel executes ERET. Where does the program go on?", right,
      options: choices(right, addresses(run, frame).map((a) => named(run, frame, a)), frame.index) };
  },
  call: (report, run, frame) => ({ text: `The kernel calls ${frame.event.name}. Which number is in x8?`, right: frame.registers.x8, hex: true }),
  "call-end": (report, run, frame) => (frame.event.text ? { text: `${frame.event.text} ends. What is in x0 now?`, right: frame.event.x0, hex: true } : null),
  signal: (report, run, frame) => ({ text: `${frame.event.name} is pending. What becomes of it?`, right: frame.event.action,
    options: choices(frame.event.action, ["handler", "ignored", "ends the process", "stops the process"], frame.index) }),
  "signal-frame": (report, run, frame) => ({ text: "The kernel builds the signal's frame. Where is sp then?", right: frame.event.address, hex: true }),
  slot: (report, run, frame) => ({ text: "How many instructions retire at EL0 before the next exception?", right: `${frame.event.insns}`, number: true }),
};

export function questionFor(report, run, frame) {
  return QUESTIONS[frame.event.event]?.(report, run, frame) ?? null;
}

const same = (question, answer) => {
  if (!question.hex) return answer.trim() === question.right;
  try {
    return BigInt(answer.trim().replace(/^(0x)?/i, "0x")) === BigInt(question.right);
  } catch {
    return false;
  }
};

export class Quiz {
  constructor(report, panel, onContinue) {
    Object.assign(this, { report, panel, onContinue, answers: new Map(), pending: null });
  }

  ask(run, k, frame) {
    const question = questionFor(this.report, run, frame);
    if (question === null) return false;
    this.pending = { question, run, k, frame };
    const field = question.options
      ? el("fieldset", {}, el("legend", {}, question.text), question.options.map((option) =>
          el("label", {}, el("input", { type: "radio", name: "answer", value: option, required: true }), " ", option)))
      : el("label", {}, question.text, " ", el("input", { type: "text", name: "answer", required: true, autocomplete: "off", spellcheck: "false",
          inputmode: question.number ? "numeric" : "text", placeholder: question.hex ? "0x…" : "" }));
    const form = el("form", { onsubmit: (event) => {
      event.preventDefault();
      this.answer(new FormData(form).get("answer") ?? "");
    } }, field, el("button", { type: "submit", id: "check" }, "Check"));
    replace(this.panel, el("h2", { id: "ask-h" }, "What comes next?"), form);
    this.panel.hidden = false;
    form.querySelector("input").focus();
    return true;
  }

  answer(text) {
    const { question, run, k, frame } = this.pending;
    const right = same(question, text), key = `${k}:${frame.index}`;
    if (!this.answers.has(key)) this.answers.set(key, { kernel: run.kernel.name, step: frame.index, right });
    const go = el("button", { type: "button", id: "go-on", onclick: () => this.onContinue() }, "Go on");
    replace(this.panel, el("h2", { id: "ask-h" }, right ? "Right" : "Not so"),
      el("p", { role: "status" }, right ? "" : `It is ${question.right}. `, linked(sentenceOf(run, frame))), go);
    this.pending = null;
    go.focus();
  }

  close() {
    this.pending = null;
    this.panel.hidden = true;
  }

  // A line to hand in.
  score() {
    const list = [...this.answers.values()];
    return JSON.stringify({ schema: "uprobesim.answers/1", command: this.report.command, hit: this.report.hit, exception: this.report.exception, asked: list.length,
      right: list.filter((a) => a.right).length, answers: list });
  }
}
