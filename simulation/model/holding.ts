import type { Address } from "viem";

import { HOLDS } from "@compute-credits/api/bounds";
import type { SimulatedHold } from "./holdRequest.ts";
import { hasNamedLines } from "./holdRequest.ts";
import type { LineRequest } from "@compute-credits/rules/holds/lines";
import type { ExtendRequest, HoldKey } from "@compute-credits/rules/holds/requests";
import { RULES } from "../limits.ts";
import { dimensionsText, fingerprintOfExtension, fingerprintOfHold } from "../fingerprint.ts";
import { reduceHeld, refusalIfEnded } from "./capturing.ts";
import type { ModelState } from "./modelState.ts";
import { keyOf } from "./keyOf.ts";
import { findPayers, isRefusal, obstacle, payersOf } from "./payers.ts";
import type { ModelPrice } from "./price.ts";
import { findModelRate, priceOf } from "./pricing.ts";
import { refused } from "./refused.ts";
import type { ModelAllowance, ModelHold, ModelLot, ModelQuote } from "./state.ts";

export type ModelAuthorize =
  | { readonly result: "held"; readonly hold: ModelHold; readonly repeated: boolean }
  | { readonly result: "refused"; readonly refusal: unknown };
export type ModelRelease =
  | { readonly result: "released"; readonly hold: ModelHold }
  | { readonly result: "refused"; readonly refusal: unknown };

export type ModelExtend =
  | { readonly result: "extended"; readonly hold: ModelHold; readonly repeated: boolean }
  | { readonly result: "refused"; readonly refusal: unknown };

export function authorizeHold(
  modelState: ModelState,
  request: SimulatedHold,
  quote: ModelQuote | null,
  at: Date,
): ModelAuthorize {
  const key = keyOf(request);
  const fingerprint = fingerprintOfHold(request);
  const existing = modelState.holds.get(key);
  if (existing !== undefined) {
    return existing.fingerprint === fingerprint
      ? { result: "held", hold: existing, repeated: true }
      : refused({ reason: "hold_id_conflict" });
  }
  const limit = RULES.maxOpenHolds;
  const { provider, spender, lines, ttlSeconds } = request;
  const open = [...modelState.holds.values()].filter(
    (hold) => hold.provider === provider && hold.spender === spender && hold.resolution === null,
  );
  if (open.length >= limit) return refused({ reason: "too_many_holds", limit });

  const reserved = reserve(modelState, lines, { provider, spender, quote, at });
  if (!("lots" in reserved)) {
    const { line, ...refusal } = reserved;
    return refused(hasNamedLines(request) ? { ...refusal, line } : refusal);
  }
  const hold: ModelHold = {
    fingerprint,
    provider,
    spender,
    extensions: new Map(),
    lots: reserved.lots,
    createdAt: at,
    expiresAt: new Date(at.getTime() + ttlSeconds * 1000),
    resolution: null,
  };
  modelState.set(modelState.holds, key, hold);
  return { result: "held", hold, repeated: false };
}

interface Reserving {
  readonly provider: Address;
  readonly spender: SimulatedHold["spender"];
  readonly quote: ModelQuote | null;
  readonly at: Date;
}

type Reserved =
  | { readonly lots: readonly ModelLot[] }
  /** of the line that is refused */
  | { readonly reason: string; readonly line: string };

/** Reserves lines one after the other, each with what the others left: all of them, or none. */
function reserve(
  modelState: ModelState,
  lines: readonly LineRequest[],
  reserving: Reserving,
): Reserved {
  return modelState.allOrNothing<Reserved>(
    () => {
      const lots: ModelLot[] = [];
      for (const line of lines) {
        const lot = reserveLine(modelState, line, reserving);
        if ("reason" in lot) return { ...lot, line: line.line };
        lots.push(lot);
      }
      return { lots };
    },
    (each) => "lots" in each,
  );
}

function reserveLine(
  modelState: ModelState,
  line: LineRequest,
  { provider, spender, quote, at }: Reserving,
): ModelLot | { readonly reason: string } {
  const request = { ...line, provider, spender };
  // Payers come before the price, because refusals have this precedence.
  const payers = payersOf(modelState, request, at);
  if (isRefusal(payers)) return payers;
  const priceOfAccount = holdPrice(modelState, request, { quote, payers, at });
  if (typeof priceOfAccount !== "function") return priceOfAccount;
  const work = { quantity: line.quantity, priceOf: priceOfAccount };
  const held = findPayers(modelState, payers, work, { into: "held", at });
  if (isRefusal(held)) return held;
  const { charges, shares, make } = held;
  const payersHere = quote?.price.use == null ? charges : shares;
  // A quote is for work that its account pays alone.
  if (quote !== null && payersHere.some(({ account }) => account !== quote.account)) {
    return { reason: "quote_mismatch" };
  }
  make();
  return {
    ...line,
    shares,
    parts: charges.map(({ account, allowance, amountMicros: heldMicros }) => ({
      account,
      allowance,
      heldMicros,
    })),
    heldAt: at,
    capturedMicros: 0n,
    capturedUnits: 0n,
  };
}

function holdPrice(
  modelState: ModelState,
  request: Omit<LineRequest, "line"> & { readonly provider: Address },
  { quote, payers, at }: { quote: ModelQuote | null; payers: readonly ModelAllowance[]; at: Date },
): ((account: Address) => ModelPrice) | { readonly reason: string; readonly expiredAt?: Date } {
  if (quote !== null) {
    if (quote.expiresAt.getTime() <= at.getTime()) {
      return { reason: "quote_expired", expiredAt: quote.expiresAt };
    }
    const isQuoted =
      quote.provider === request.provider &&
      payers.some(({ message }) => message.account === quote.account) &&
      quote.meter === request.meter &&
      quote.dimensions === dimensionsText(request.dimensions) &&
      quote.quantity >= request.quantity;
    if (!isQuoted) return { reason: "quote_mismatch" };
  }
  const rate = findModelRate(modelState, request, at, at);
  if (quote !== null) {
    return (account) =>
      account === quote.account || typeof rate === "string" || quote.price.use === null
        ? quote.price
        : priceOf(modelState, rate, { ...request, account, occurredAt: at, at });
  }
  if (typeof rate === "string") return { reason: rate };
  return (account) => priceOf(modelState, rate, { ...request, account, occurredAt: at, at });
}

export function releaseHold(modelState: ModelState, key: HoldKey, at: Date): ModelRelease {
  const hold = modelState.holds.get(keyOf(key));
  if (hold === undefined) return refused({ reason: "hold_not_found" });
  const refusal = refusalIfEnded(hold, at);
  if (refusal !== null) return refused(refusal);
  return { result: "released", hold: endHold(modelState, keyOf(key), "released", at) };
}

/** `requested` are the accounts with an open refund request. */
export function extendHold(
  modelState: ModelState,
  request: ExtendRequest,
  { requested, at }: { readonly requested: ReadonlyMap<Address, unknown>; readonly at: Date },
): ModelExtend {
  const { extensionId, ttlSeconds, lines } = request;
  const key = keyOf(request);
  const hold = modelState.holds.get(key);
  if (hold === undefined) return refused({ reason: "hold_not_found" });
  const fingerprint = fingerprintOfExtension(request);
  const before = hold.extensions.get(extensionId);
  if (before !== undefined) {
    return before === fingerprint
      ? { result: "extended", hold, repeated: true }
      : refused({ reason: "extension_id_conflict" });
  }
  const refusal = refusalIfEnded(hold, at);
  if (refusal !== null) return refused(refusal);
  if (hold.lots.length + lines.length > HOLDS.lots.most) {
    return refused({ reason: "too_many_extensions", limit: HOLDS.lots.most });
  }
  const known = new Map(hold.lots.map((lot) => [lot.line, lot]));
  const more: LineRequest[] = [];
  for (const { line, quantity } of lines) {
    const work = known.get(line);
    if (work === undefined) {
      return refused({ reason: "hold_line_not_found", line, lines: [...known.keys()] });
    }
    const { meter, dimensions } = work;
    more.push({ line, meter, dimensions, quantity });
  }
  const { provider, spender } = hold;
  for (const { meter, parts } of hold.lots) {
    for (const { account, allowance: id, heldMicros } of parts) {
      if (heldMicros === 0n) continue;
      if (requested.has(account)) return refused({ reason: "refund_requested", account });
      const allowance = modelState.allowance(id);
      if (!allowance.accepted) return refused({ reason: "account_not_accepted" });
      const reason = obstacle(modelState, allowance, { provider, spender, meter }, at);
      if (reason !== null) return refused({ reason });
    }
  }
  const reserved = reserve(modelState, more, { provider, spender, quote: null, at });
  if (!("lots" in reserved)) return refused(reserved);

  const asked = new Date(at.getTime() + (ttlSeconds ?? 0) * 1000);
  const after: ModelHold = {
    ...hold,
    lots: [...hold.lots, ...reserved.lots],
    extensions: new Map([...hold.extensions, [extensionId, fingerprint]]),
    expiresAt: asked > hold.expiresAt ? asked : hold.expiresAt,
  };
  modelState.set(modelState.holds, key, after);
  return { result: "extended", hold: after, repeated: false };
}

export function endHold(
  modelState: ModelState,
  key: string,
  as: "released" | "expired",
  at: Date,
): ModelHold {
  const hold = modelState.holds.get(key);
  if (hold === undefined) throw new Error(`the model has no hold ${key}`);
  const lots = hold.lots.map((lot) => {
    for (const part of lot.parts) {
      const { heldMicros: returned } = part;
      reduceHeld(modelState, part, { at, takenAt: lot.heldAt, captured: 0n, returned });
    }
    return { ...lot, parts: lot.parts.map((part) => ({ ...part, heldMicros: 0n })) };
  });
  const resolved: ModelHold = { ...hold, lots, resolution: { as, at } };
  modelState.set(modelState.holds, key, resolved);
  return resolved;
}
