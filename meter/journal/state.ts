import { later } from "../clock.ts";
import { NOTHING_YET } from "../lease/totals.ts";
import type { Entry, LeaseState } from "./entries.ts";

/** What a lease is after an entry. Pure, so that a restart arrives where the agent was. */
export function after(state: LeaseState | null, entry: Entry): LeaseState {
  if (entry.is === "state") return entry.state;
  if (entry.is === "lease") return begun(entry);
  if (state === null) throw new Error(`a journal begins with its lease, not with ${entry.is}`);
  switch (entry.is) {
    case "taken":
      return { ...state, epoch: state.epoch + 1 };
    case "opening":
      return { ...state, opening: entry.opening };
    case "opened":
      return opened(state, entry);
    case "not_opened":
      return { ...state, opening: null };
    case "released":
      return { ...state, oldHold: null };
    case "extending":
      return { ...state, extension: entry.extension, extensions: state.extensions + 1 };
    case "extended":
      return extended(state);
    case "not_extended":
      return { ...state, extension: null };
    case "workload":
      return { ...state, workload: entry.workload };
    case "sample":
      return sampled(state, entry);
    case "charged":
      return { ...state, pending: null };
    case "lost":
      return lost(state);
    case "ending":
      return { ...state, why: state.why ?? entry.why };
    case "over":
      return { ...state, isOver: true };
    case "settled":
      return { ...state, isSettled: true };
    default:
      return entry satisfies never;
  }
}

function begun({ lease, lines }: Extract<Entry, { is: "lease" }>): LeaseState {
  const none = Object.fromEntries(lines.map(({ id }) => [id, 0n]));
  return {
    lease,
    lines,
    opening: null,
    holdNumber: 0,
    oldHold: null,
    parties: null,
    endsAt: null,
    heldUnits: none,
    extension: null,
    extensions: 0,
    workload: null,
    totals: Object.fromEntries(lines.map(({ id }) => [id, NOTHING_YET])),
    sampledAt: null,
    postedUnits: none,
    pending: null,
    seq: 0,
    epoch: 0,
    why: null,
    isOver: false,
    isSettled: false,
    lostUnits: none,
  };
}

/**
 * A hold's end is counted from before its request was sent, so it is never too late. The units of a
 * hold that another takes the place of count no more.
 */
function opened(state: LeaseState, entry: Extract<Entry, { is: "opened" }>): LeaseState {
  const { opening, holdNumber, postedUnits } = state;
  if (opening === null) throw new Error("a hold was opened that no entry asked for");
  const { number, at, ttlSeconds, units } = opening;
  const { provider, spender } = entry;
  return {
    ...state,
    opening: null,
    holdNumber: number,
    oldHold: holdNumber === 0 ? null : holdNumber,
    endsAt: later(at, ttlSeconds),
    heldUnits: sum(postedUnits, units),
    parties: { provider, spender },
  };
}

function extended(state: LeaseState): LeaseState {
  const { extension, endsAt } = state;
  if (extension === null || endsAt === null) {
    throw new Error("a hold was extended that no entry asked for");
  }
  const { at, ttlSeconds, addUnits } = extension;
  const until = later(at, ttlSeconds);
  // The end never moves back.
  const isLater = until.clock === endsAt.clock && until.ns > endsAt.ns;
  return {
    ...state,
    extension: null,
    endsAt: isLater ? until : endsAt,
    heldUnits: sum(state.heldUnits, addUnits),
  };
}

function sampled(state: LeaseState, entry: Extract<Entry, { is: "sample" }>): LeaseState {
  const totals = { ...state.totals, ...entry.totals };
  const { post, at: sampledAt } = entry;
  if (post === null) return { ...state, totals, sampledAt };
  const units = Object.entries(post.lines).map(([id, { quantity }]) => [id, quantity] as const);
  return {
    ...state,
    totals,
    sampledAt,
    pending: post,
    seq: post.seq,
    postedUnits: sum(state.postedUnits, Object.fromEntries(units)),
  };
}

function lost(state: LeaseState): LeaseState {
  const lines = Object.entries(state.pending?.lines ?? {});
  const units = Object.fromEntries(lines.map(([id, { quantity }]) => [id, quantity]));
  return { ...state, pending: null, lostUnits: sum(state.lostUnits, units) };
}

function sum(
  a: Readonly<Record<string, bigint>>,
  b: Readonly<Record<string, bigint>>,
): Record<string, bigint> {
  const all = { ...a };
  for (const [id, units] of Object.entries(b)) all[id] = (all[id] ?? 0n) + units;
  return all;
}
