// SPDX-License-Identifier: GPL-2.0-or-later
// What a step is called and what happens in it, in words.
import { grouped, many } from "./numbers.js";

const PAGE = 4096n;

// Where an address is, as far as the hit knows; or "".
export function placeOf(run, state, address) {
  const at = BigInt(address), probe = BigInt(run.before.pc);
  if (at === probe) return "the probe";
  if (at === probe + 4n) return "after the probe";
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
};

export function titleOf(frame) {
  return frame.event ? TITLES[frame.event.event](frame.event) : "Before the hit";
}

const SENTENCES = {
  exception: (run, f) =>
    `The CPU goes from EL0 to EL1. ESR_EL1 says why: ${f.event.ec_name}, ${f.event.iss_text}. ` +
    `ELR_EL1 holds the address to return to, ${placed(run, f.state, f.event.elr)}.`,
  "nested-exception": (run, f) => `The kernel itself takes an exception (${f.event.class}) and goes on.`,
  path: (run, f) => `${f.event.meaning}.`,
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
};

export function sentenceOf(run, frame) {
  if (frame.event) return SENTENCES[frame.event.event](run, frame);
  return `The program is at EL0 and reaches the BRK that stands at ${frame.state.pc}, in the place of ${run.instruction}.`;
}

export function isStepped(run) {
  return run.verdict === "step";
}

// "stepped", "emulated by stp_fp_lr"
export function verdictOf(run) {
  return isStepped(run) ? "stepped" : `emulated by ${run.verdict}`;
}

// Registers have a table of their own.
export function changesOf(event) {
  return event.changes.filter((change) => !/^(x\d+|sp|pc|PSTATE) /.test(change));
}
