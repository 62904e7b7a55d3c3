import type { EventBuffer } from "better-sse";
import type { Address, Hex } from "viem";

import type { LiveEventName } from "@compute-credits/api/live/liveEvents";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { LiveAccount, LiveParty, LiveWants } from "../../stores/live/liveFeed.ts";
import {
  type LivePosition,
  NOTHING_SENT,
  type SentStates,
  positionText,
  windowText,
} from "../../stores/live/livePosition.ts";
import { type EventStream, newFrames } from "./eventStream.ts";
import {
  type LiveMessage,
  type LiveState,
  balanceState,
  refundState,
  resetData,
} from "./liveMessages.ts";

/** The credentials of a stream, which may end while it is open. */
export interface LiveCredential {
  /** `null`: such as an API key, which has no end */
  readonly revocable: {
    readonly kind: "sessions" | "providerKeys" | "viewKeys";
    readonly hash: Hex;
  } | null;
  /** `null`: it has no end of its own */
  readonly expiresAt: Date | null;
}

export interface PartyStream {
  readonly party: LiveParty;
  readonly kinds: ReadonlySet<LiveEventName>;
  readonly credential: LiveCredential;
  /** where to go on; `null`: from now */
  readonly resume: LivePosition | null;
}

/** A stream while its reader is there. */
export interface OpenPartyStream extends PartyStream {
  /** `keyOfParty` */
  readonly key: string;
  readonly out: EventStream;
  sent: SentStates;
  /** milliseconds since 1970 */
  toldAt: number;
}

/** Between two windows: a stream that is there has all that `since` sees. */
export interface Rest {
  readonly since: string;
  readonly newestOrder: bigint;
}

/** The messages of the kinds that the stream asked for; `null` if there are none. */
export function messageFrames(
  { kinds, sent }: OpenPartyStream,
  window: string,
  messages: readonly LiveMessage[],
): EventBuffer | null {
  const wanted = messages.filter(({ event }) => kinds.has(event));
  if (wanted.length === 0) return null;
  const frames = newFrames();
  for (const { event, data, order, rank } of wanted) {
    frames.event(event).id(positionText(window, { order, rank, sent })).data(data).dispatch();
  }
  return frames;
}

export type AccountStates = ReadonlyMap<
  Address,
  { readonly balance: LiveState; readonly refund: LiveState | null }
>;

export function accountStates(accounts: readonly LiveAccount[]): AccountStates {
  return new Map(
    accounts.map((account) => [
      account.address,
      { balance: balanceState(account), refund: refundState(account) },
    ]),
  );
}

/** The account's states that differ from what the stream was told; `null` if none does. */
export function accountFrames(
  stream: OpenPartyStream,
  states: AccountStates,
  at: Rest,
): EventBuffer | null {
  const { party, kinds } = stream;
  const found = party.role === "account" ? states.get(party.address) : undefined;
  if (found === undefined) return null;
  const frames = newFrames();
  let isEmpty = true;
  for (const event of ["balance", "refund"] as const) {
    const state = found[event];
    if (!kinds.has(event) || state === null || state.digest === stream.sent[event]) continue;
    stream.sent = { ...stream.sent, [event]: state.digest };
    frames.event(event).id(restingId(stream, at)).data(state.data).dispatch();
    isEmpty = false;
  }
  return isEmpty ? null : frames;
}

/** An id without an event: the reader goes on from here, even if nothing happened for it. */
export function restFrames(stream: OpenPartyStream, at: Rest): EventBuffer {
  return newFrames().comment("alive").id(restingId(stream, at)).dispatch();
}

/** Tells that the stream cannot go on where it was. All states are told anew after it. */
export function resetFrames(
  stream: OpenPartyStream,
  reason: "too_old" | "unknown_position",
  at: Rest,
): EventBuffer {
  stream.sent = NOTHING_SENT;
  return newFrames().event("reset").id(restingId(stream, at)).data(resetData(reason)).dispatch();
}

function restingId({ sent }: OpenPartyStream, { since, newestOrder }: Rest): string {
  return positionText(windowText(since, null), { order: newestOrder, rank: "", sent });
}

const ENTRY_KINDS: readonly LiveEventName[] = ["debit", "void", "hold", "budget"];

/** The parties whose entries are read: those with a balance only are in `balancesOf`. */
export function wantsOf(streams: readonly OpenPartyStream[]): LiveWants {
  const accounts = new Set<Address>();
  const providers = new Set<Address>();
  const spenders = new Set<SpenderId>();
  for (const { party, kinds } of streams) {
    if (!ENTRY_KINDS.some((kind) => kinds.has(kind))) continue;
    if (party.role === "spender") spenders.add(party.spender);
    else if (party.role === "provider") providers.add(party.address);
    else accounts.add(party.address);
  }
  return { accounts: [...accounts], providers: [...providers], spenders: [...spenders] };
}

/** The accounts whose balances and refunds are read when something moved them. */
export function balancesOf(streams: readonly OpenPartyStream[]): readonly Address[] {
  const accounts = new Set<Address>();
  for (const { party, kinds } of streams) {
    const wantsState = kinds.has("balance") || kinds.has("refund");
    if (party.role === "account" && wantsState) accounts.add(party.address);
  }
  return [...accounts];
}
