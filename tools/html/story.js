// SPDX-License-Identifier: GPL-2.0-or-later
// What a step is called and what happens in it, in words.
import { duration, grouped, many } from "./numbers.js";

const PAGE = 4096n;

// Else it is an exception of a program.
export const isHit = (run) => "probe" in run;

// What the program does meanwhile: its cycles are not of the hit or the exception.
export const isElsewhere = (event) => event.event === "function" || event.event === "handler";

// Where an address is, as far as the hit knows; or "".
export function placeOf(run, state, address) {
  const at = BigInt(address), probe = BigInt(run.before.pc);
  const what = isHit(run) ? "the probe" : "the instruction";
  if (at === probe) return what;
  if (at === probe + 4n) return `after ${what}`;
  if (run.events.some((e) => e.handler === address)) return "the handler";
  for (const [page, word] of [[state.xol_page, "XOL page"], [state.shared_page, "shared slots"]]) {
    if (page && at >= BigInt(page) && at - BigInt(page) < PAGE) return `${word} + 0x${(at - BigInt(page)).toString(16)}`;
  }
  return "";
}

function placed(run, state, address) {
  const place = placeOf(run, state, address);
  return place ? `${address}, ${place}` : address;
}

const TITLES = {
  exception: (e) => `Exception: ${e.ec_name}`,
  "nested-exception": (e) => `Exception in the kernel: ${e.class}`,
  path: (e) => e.path,
  "exit-work": () => "Work before the return to EL0",
  eret: () => "ERET to EL0",
  slot: (e) => `${many(e.insns, "instruction")} of the slot`,
  function: () => "The probed function runs",
  handler: () => "The handler runs",
  call: (e) => `System call: ${e.name}`,
  "call-end": (e) => `The call's result: ${e.result.replace(/^= /, "")}`,
  signal: (e) => `Signal: ${e.name}`,
  "signal-frame": () => "The signal frame is pushed",
  waits: () => "The task waits",
  more: (e) => many(e.pieces, "further charge"),
};

export function titleOf(frame) {
  return frame.event ? TITLES[frame.event.event](frame.event) : "Before";
}

// "not present", "frame 0x3000, rw-"
export function pageText(page) {
  if (!page.present) return page.mapping_rights ? "not present" : "not mapped";
  if (page.zero_page) return `the zero page, ${page.rights}`;
  return `frame ${page.frame}, ${page.rights}${page.holders > 1 ? `, ${page.holders} holders` : ""}`;
}

const ACTIONS = { ignored: "It is ignored.", handler: "The process has a handler for it." };
const actionOf = (event) => ACTIONS[event.action] ?? `Its default action ${event.action}.`;

function pageChange(frame) {
  const { page } = frame.state, old = frame.last.state.page;
  if (!page || !old || pageText(page) === pageText(old)) return "";
  return ` The page at ${page.address} was ${pageText(old)}; now it is ${pageText(page)}.`;
}

const SENTENCES = {
  exception: (run, f) =>
    "The CPU goes from EL0 to EL1. " +
    (f.event.esr ? `ESR_EL1 says why: ${f.event.ec_name}, ${f.event.iss_text}. ` : "An interrupt does it: ESR_EL1 keeps what it has. ") +
    (f.event.far ? `FAR_EL1 holds the address that faulted, ${f.event.far}. ` : "") +
    `ELR_EL1 holds the address to return to, ${placed(run, f.state, f.event.elr)}.`,
  "nested-exception": (run, f) => `The kernel itself takes an exception (${f.event.class}) and goes on.`,
  path: (run, f) => `${f.event.meaning}.${pageChange(f)}`,
  "exit-work": () => "TIF_UPROBE is set, so the kernel calls uprobe_notify_resume() before it returns to EL0.",
  eret: (run, f) => {
    const steps = f.event.mdscr_el1_ss === 1 && (BigInt(f.event.spsr) >> 21n) & 1n;
    return (
      `The CPU goes back to EL0, to ${placed(run, f.state, f.event.elr)}. ` +
      (steps ? "MDSCR_EL1.SS and SPSR.SS are set: a software step exception follows after one instruction."
             : "No software step is set.")
    );
  },
  slot: (run, f) => `The probed instruction runs in the XOL slot: ${grouped(f.event.insns)} retired at EL0.`,
  function: (run, f) =>
    `A return probe waits: ${many(f.event.insns, "instruction")} at EL0` +
    (f.event.other_exceptions ? `, ${many(f.event.other_exceptions, "other exception")}` : "") +
    `. These ${grouped(f.event.cycles)} cycles are not the hit's.`,
  handler: (run, f) =>
    `The program's own handler runs: ${many(f.event.insns, "instruction")} at EL0` +
    (f.event.other_exceptions ? `, ${many(f.event.other_exceptions, "other exception")}` : "") +
    `. These ${grouped(f.event.cycles)} cycles are not the exception's. It returns to the trampoline, which calls rt_sigreturn.`,
  call: (run, f) => `The number of the system call in x8 is that of ${f.event.name}, the arguments are in x0 to x5: ${f.event.text}.`,
  "call-end": (run, f) => (f.event.text ? `${f.event.text} ${f.event.result}. The result goes to x0, ${f.event.x0}.` : `${f.event.result}.`),
  signal: (run, f) => `The kernel takes ${f.event.name} from the queue: ${f.event.text}. ${actionOf(f.event)}`,
  "signal-frame": (run, f) =>
    `The kernel writes ${many(f.event.bytes, "byte")} to the stack at ${f.event.address}: all registers of the program, siginfo_t and the signal mask. ` +
    "It sets pc to the handler, x0 to the signal's number and x30 to the trampoline that calls rt_sigreturn.",
  waits: (run, f) => `The task is blocked for ${duration(f.event.ns)} of simulated time. Other tasks run, or the CPU is idle, until it is woken.`,
  more: (run, f) => `${many(f.event.pieces, "further charge")} of kernel work, not told one by one: ${grouped(f.event.cycles)} cycles.`,
};

export function sentenceOf(run, frame) {
  if (frame.event) return SENTENCES[frame.event.event](run, frame);
  if (!isHit(run)) return `The program is at EL0, at ${run.place}: ${run.instruction}.`;
  return `The program is at EL0 and reaches the BRK that stands at ${frame.state.pc}, in the place of ${run.instruction}.`;
}

export function isStepped(run) {
  return run.verdict === "step";
}

// "stepped", "emulated by stp_fp_lr"; of an exception, where it is taken
export function verdictOf(run) {
  if (!isHit(run)) return run.instruction;
  return isStepped(run) ? "stepped" : `emulated by ${run.verdict}`;
}

// Registers have a table of their own.
export function changesOf(event) {
  return event.changes.filter((change) => !/^(x\d+|sp|pc|PSTATE|page) /.test(change));
}
