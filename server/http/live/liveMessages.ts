import { createHash } from "node:crypto";

import type { z } from "zod";

import { LIVE_EVENTS, type LiveEventName } from "@compute-credits/api/live/liveEvents";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { available } from "@compute-credits/rules/accounts/account";
import type { StoredCheckpoint } from "../../stores/checkpoints/checkpointStore.ts";
import {
  type LiveAccount,
  type LiveBudget,
  type LiveDebit,
  type LiveHold,
  type LivePage,
  type LiveParty,
  type LiveVoid,
  keyOfParty,
} from "../../stores/live/liveFeed.ts";

/** What one party is told. Its place is that of `LivePosition`. */
export interface LiveMessage {
  readonly event: LiveEventName;
  /** JSON */
  readonly data: string;
  readonly order: bigint;
  readonly rank: string;
  /** of a state: what it is the state of. A later one of the same thing replaces it */
  readonly thing: string | null;
}

/** Ranks order events of one log order: entries first, then the states that they led to. */
const RANK = { debit: "0", void: "1", hold: "2", budget: "3" };

/** The messages of a page for each of the parties, by `keyOfParty`, in their order. */
export function messagesOf(
  { debits, voids, holds, budgets }: LivePage,
  parties: ReadonlySet<string>,
): ReadonlyMap<string, readonly LiveMessage[]> {
  const found = new Map<string, LiveMessage[]>();
  const tell = (party: LiveParty, message: () => LiveMessage): void => {
    const key = keyOfParty(party);
    if (!parties.has(key)) return;
    const list = found.get(key);
    if (list === undefined) found.set(key, [message()]);
    else list.push(message());
  };

  for (const debit of debits) {
    const message = once(() => debitMessage(debit));
    for (const party of partiesOf(debit)) tell(party, message);
  }
  for (const entry of voids) {
    const message = once(() => voidMessage(entry));
    for (const party of partiesOf(entry)) tell(party, message);
  }
  for (const hold of holds) {
    const whole = once(() => holdMessage(hold, hold.parts));
    tell({ role: "provider", address: hold.provider }, whole);
    tell({ role: "spender", spender: hold.spender }, whole);
    for (const account of new Set(hold.parts.map((part) => part.account))) {
      const own = hold.parts.filter((part) => part.account === account);
      tell({ role: "account", address: account }, () => holdMessage(hold, own));
    }
  }
  for (const budget of budgets) {
    const message = once(() => budgetMessage(budget));
    tell({ role: "account", address: budget.account }, message);
    tell({ role: "spender", spender: budget.spender }, message);
  }
  for (const list of found.values()) list.sort(comparePlaces);
  return found;
}

function comparePlaces(a: LiveMessage, b: LiveMessage): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return a.rank < b.rank ? -1 : 1;
}

/** The same message for all parties, written when the first of them wants it. */
function once(make: () => LiveMessage): () => LiveMessage {
  let made: LiveMessage | undefined;
  return () => (made ??= make());
}

function partiesOf({ account, provider, spender }: LiveDebit | LiveVoid): readonly LiveParty[] {
  return [
    { role: "account", address: account },
    { role: "provider", address: provider },
    { role: "spender", spender },
  ];
}

type DataOf<Name extends LiveEventName> = z.output<(typeof LIVE_EVENTS)[Name]>;

function debitMessage({ order, ...debit }: LiveDebit): LiveMessage {
  const data: DataOf<"debit"> = {
    ...debit,
    dimensions: { ...debit.dimensions },
    earnedMicros: debit.amountMicros - debit.feeMicros,
  };
  return { event: "debit", data: jsonText(data), order, rank: RANK.debit, thing: null };
}

function voidMessage({ order, ...entry }: LiveVoid): LiveMessage {
  const data: DataOf<"void"> = entry;
  const rank = RANK.void + entry.part.toString(16).padStart(4, "0");
  return { event: "void", data: jsonText(data), order, rank, thing: null };
}

function holdMessage(hold: LiveHold, parts: LiveHold["parts"]): LiveMessage {
  const { order, provider, holdId, spender, resolvedAs, createdAt, expiresAt, endedAt } = hold;
  const data: DataOf<"hold"> = {
    provider,
    holdId,
    spender,
    status: resolvedAs ?? "open",
    heldMicros: parts.reduce((sum, { heldMicros }) => sum + heldMicros, 0n),
    createdAt,
    expiresAt,
    endedAt,
  };
  const thing = `hold/${provider}/${holdId}`;
  return { event: "hold", data: jsonText(data), order, rank: RANK.hold, thing };
}

const RANK_DIGITS = 16;

function budgetMessage({ order, ...budget }: LiveBudget): LiveMessage {
  const data: DataOf<"budget"> = budget;
  // One entry may charge several allowances: their ids order them, the same on every server.
  const rank = RANK.budget + budget.allowance.slice(2, 2 + RANK_DIGITS);
  return {
    event: "budget",
    data: jsonText(data),
    order,
    rank,
    thing: `budget/${budget.allowance}`,
  };
}

/** A state that is told if it differs from what the stream was told last. */
export interface LiveState {
  readonly data: string;
  readonly digest: string;
}

export function balanceState(account: LiveAccount): LiveState {
  const data: DataOf<"balance"> = {
    account: account.address,
    purchasedMicros: account.purchased,
    spentMicros: account.spent,
    heldMicros: account.held,
    refundingMicros: account.refunding,
    refundWaitingMicros: account.refundWaiting,
    refundedMicros: account.refunded,
    availableMicros: available(account),
    counter: account.counter,
  };
  return stateOf(data);
}

/** `null` for an account that never asked for a refund. */
export function refundState(account: LiveAccount): LiveState | null {
  const { refunding, refundWaiting, refunded, paid, request } = account;
  const status = refundStatus(account);
  if (status === null) return null;
  const data: DataOf<"refund"> = {
    account: account.address,
    status,
    requestedMicros: request?.requestedMicros ?? null,
    requestedAt: request?.requestedAt ?? null,
    refundingMicros: refunding,
    refundWaitingMicros: refundWaiting,
    refundedMicros: refunded,
    paidMicros: paid,
  };
  return stateOf(data);
}

function refundStatus({
  refunding,
  refundWaiting,
  refunded,
  paid,
}: LiveAccount): "requested" | "due" | "paid" | null {
  if (refunding > 0n || refundWaiting > 0n) return "requested";
  if (refunded > paid) return "due";
  return refunded > 0n ? "paid" : null;
}

/** Eight characters of a hash: two states of one account share them once in 10^14. */
const DIGEST_CHARACTERS = 8;

function stateOf(value: object): LiveState {
  const data = jsonText(value);
  const digest = createHash("sha256").update(data).digest("base64url").slice(0, DIGEST_CHARACTERS);
  return { data, digest };
}

export function checkpointData(stored: StoredCheckpoint): string {
  const { message, status, finalAt, transactionHash } = stored;
  return jsonText({ checkpoint: message, status, finalAt, transactionHash });
}

export function resetData(reason: "too_old" | "unknown_position"): string {
  const detail =
    reason === "too_old"
      ? "Too much has happened since that event to send it again. Read what you show anew, then go on."
      : "This ledger's database has not made that id. Read what you show anew, then go on.";
  const data: DataOf<"reset"> = { reason, detail };
  return jsonText(data);
}

const CLOSING = {
  stopping: "The server stops. Connect again, with the last id as Last-Event-ID.",
  credentials_ended: "The session or key was revoked or has expired. Connect with others.",
  slow_reader:
    "The reader takes events too slowly. Connect again, with the last id as Last-Event-ID, and read " +
    "faster or ask for fewer kinds.",
} as const;

export type ClosingReason = keyof typeof CLOSING;

export function closingData(reason: ClosingReason): string {
  const data: DataOf<"closing"> = { reason, detail: CLOSING[reason] };
  return jsonText(data);
}
