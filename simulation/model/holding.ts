import type { Address, Hex } from "viem";

import type { SimulatedCapture, SimulatedHold } from "./holdRequest.ts";
import type { Debited } from "@compute-credits/rules/usage/outcome";
import type { CaptureOutcome } from "@compute-credits/rules/holds/outcome";
import type { ExtendRequest, HoldKey } from "@compute-credits/rules/holds/requests";
import { RULES } from "../limits.ts";
import { dimensionsText, fingerprintOfCapture, fingerprintOfHold } from "../fingerprint.ts";
import type { ModelState } from "./modelState.ts";
import { keyOf } from "./keyOf.ts";
import { type Charges, findPayers, isRefusal, obstacle, payersOf } from "./payers.ts";
import type { ModelPrice } from "./price.ts";
import { findModelRate, priceOf } from "./pricing.ts";
import { refused } from "./refused.ts";
import { costOfShares, usesOfShares } from "./sharing.ts";
import type { ModelAllowance, ModelHold, ModelQuote } from "./state.ts";
import { addEvent } from "./usage.ts";

export type ModelAuthorize =
  | { readonly result: "held"; readonly hold: ModelHold; readonly repeated: boolean }
  | { readonly result: "refused"; readonly refusal: unknown };
export type ModelCapture =
  | { readonly result: "captured"; readonly hold: ModelHold; readonly debit: Debited }
  | Extract<CaptureOutcome, { result: "refused" }>
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
  const open = [...modelState.holds].filter(
    ([holdKey, { spender, resolution }]) =>
      holdKey.startsWith(request.provider) && spender === request.spender && resolution === null,
  );
  if (open.length >= limit) return refused({ reason: "too_many_holds", limit });

  // Payers come before the price, because refusals have this precedence.
  const payers = payersOf(modelState, request, at);
  if (isRefusal(payers)) return refused(payers);
  const { quantity } = request;
  const priceOfAccount = holdPrice(modelState, request, { quote, payers, at });
  if (typeof priceOfAccount !== "function") return refused(priceOfAccount);
  const work = { quantity, priceOf: priceOfAccount };
  const held = findPayers(modelState, payers, work, { into: "held", at });
  if (isRefusal(held)) return refused(held);
  const { charges, shares, make } = held;
  const payersHere = quote?.price.use == null ? charges : shares;
  // A quote is for work that its account pays alone.
  if (quote !== null && payersHere.some(({ account }) => account !== quote.account)) {
    return refused({ reason: "quote_mismatch" });
  }
  make();

  const hold: ModelHold = {
    fingerprint,
    provider: request.provider,
    meter: request.meter,
    extensions: new Map(),
    spender: request.spender,
    shares,
    parts: charges.map(({ account, allowance, amountMicros }) => ({
      account,
      allowance,
      heldMicros: amountMicros,
    })),
    createdAt: at,
    expiresAt: new Date(at.getTime() + request.ttlSeconds * 1000),
    capturedMicros: 0n,
    capturedUnits: 0n,
    resolution: null,
  };
  modelState.set(modelState.holds, key, hold);
  return { result: "held", hold, repeated: false };
}

function holdPrice(
  modelState: ModelState,
  request: SimulatedHold,
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

export function captureHold(
  modelState: ModelState,
  request: SimulatedCapture,
  at: Date,
): ModelCapture {
  const hold = modelState.holds.get(keyOf(request));
  if (hold === undefined) return refused({ reason: "hold_not_found" });
  const eventKey = keyOf({ provider: request.provider, id: request.eventId });
  const existing = modelState.events.get(eventKey);
  if (existing !== undefined) {
    return existing.fingerprint === fingerprintOfCapture(request)
      ? { result: "captured", hold, debit: { ...existing.outcome, repeated: true } }
      : refused({ reason: "event_id_conflict" });
  }
  const refusal = refusalIfEnded(hold, at);
  if (refusal !== null) return refused(refusal);

  // Partial captures together cost what one capture of the whole costs: rounding up happens once.
  const neededMicros =
    costOfShares(hold.shares, hold.capturedUnits + request.quantity) -
    costOfShares(hold.shares, hold.capturedUnits);
  const heldMicros = hold.parts.reduce((sum, part) => sum + part.heldMicros, 0n);
  if (neededMicros > heldMicros) {
    return refused({ reason: "capture_exceeds_hold", heldMicros, neededMicros });
  }

  let missing = neededMicros;
  const charges: Charges[number][] = [];
  const parts = hold.parts.map((part) => {
    const taken = missing < part.heldMicros ? missing : part.heldMicros;
    missing -= taken;
    const returned = request.final ? part.heldMicros - taken : 0n;
    reduceHeld(modelState, part, { at, takenAt: hold.createdAt, captured: taken, returned });
    const { account, allowance } = part;
    if (taken > 0n) charges.push({ account, allowance, amountMicros: taken });
    return { account, allowance, heldMicros: part.heldMicros - taken - returned };
  });
  const [first] = hold.parts;
  if (charges.length === 0 && first !== undefined) {
    charges.push({ account: first.account, allowance: first.allowance, amountMicros: 0n });
  }

  const after: ModelHold = {
    ...hold,
    parts,
    capturedMicros: hold.capturedMicros + neededMicros,
    capturedUnits: hold.capturedUnits + request.quantity,
    resolution: request.final ? { as: "captured", at } : null,
  };
  modelState.set(modelState.holds, keyOf(request), after);
  const debit: Debited = {
    result: "debited",
    costMicros: neededMicros,
    rateCardVersion: versionOf(hold),
    charges,
    recordedAt: at,
    repeated: false,
  };
  addEvent(modelState, eventKey, {
    fingerprint: fingerprintOfCapture(request),
    provider: request.provider,
    outcome: debit,
    takenAt: hold.createdAt,
    uses: usesOfShares(hold.shares, hold.capturedUnits, request.quantity),
    voidedAt: null,
  });
  return { result: "captured", hold: after, debit };
}

export function versionOf({ shares: [first] }: ModelHold): number {
  if (first === undefined) throw new Error("nobody holds credits");
  return first.price.version;
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
  const { extensionId, ttlSeconds } = request;
  const key = keyOf(request);
  const hold = modelState.holds.get(key);
  if (hold === undefined) return refused({ reason: "hold_not_found" });
  const before = hold.extensions.get(extensionId);
  if (before !== undefined) {
    return before === ttlSeconds
      ? { result: "extended", hold, repeated: true }
      : refused({ reason: "extension_id_conflict" });
  }
  const refusal = refusalIfEnded(hold, at);
  if (refusal !== null) return refused(refusal);
  for (const { account, allowance: id, heldMicros } of hold.parts) {
    if (heldMicros === 0n) continue;
    if (requested.has(account)) return refused({ reason: "refund_requested", account });
    const allowance = modelState.allowance(id);
    if (!allowance.accepted) return refused({ reason: "account_not_accepted" });
    const reason = obstacle(modelState, allowance, hold, at);
    if (reason !== null) return refused({ reason });
  }
  const asked = new Date(at.getTime() + (ttlSeconds ?? 0) * 1000);
  const after: ModelHold = {
    ...hold,
    extensions: new Map([...hold.extensions, [extensionId, ttlSeconds]]),
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
  for (const part of hold.parts) {
    const change = { at, takenAt: hold.createdAt, captured: 0n, returned: part.heldMicros };
    reduceHeld(modelState, part, change);
  }
  const parts = hold.parts.map((part) => ({ ...part, heldMicros: 0n }));
  const resolved: ModelHold = { ...hold, parts, resolution: { as, at } };
  modelState.set(modelState.holds, key, resolved);
  return resolved;
}

function refusalIfEnded({ resolution, capturedMicros, expiresAt }: ModelHold, at: Date) {
  const end =
    resolution ??
    (expiresAt.getTime() <= at.getTime() ? { as: "expired" as const, at: expiresAt } : null);
  return end === null
    ? null
    : { reason: "hold_resolved" as const, resolution: end, capturedMicros };
}

function reduceHeld(
  modelState: ModelState,
  { account: address, allowance }: { account: Address; allowance: Hex },
  change: { at: Date; takenAt: Date; captured: bigint; returned: bigint },
): void {
  const { at, takenAt, captured, returned } = change;
  const { held, spent } = modelState.account(address);
  modelState.changeAccount(address, { held: held - captured - returned, spent: spent + captured });
  modelState.serveWaiting(address, returned);
  modelState.returnToBudgets(allowance, { at, takenAt, budget: returned, spent: captured });
}
