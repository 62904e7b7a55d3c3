import type { Address, Hex } from "viem";

import type { SimulatedHold } from "./holdRequest.ts";
import type { Debited } from "@compute-credits/rules/usage/outcome";
import type {
  CaptureOutcome,
  CaptureRequest,
  HoldKey,
} from "../../server/stores/holds/holdStore.ts";
import { RULES } from "../limits.ts";
import { dimensionsText, fingerprintOfCapture, fingerprintOfHold } from "../fingerprint.ts";
import type { ModelState } from "./modelState.ts";
import { keyOf } from "./keyOf.ts";
import { type Charges, isRefusal, payersOf, take } from "./payers.ts";
import { type ModelPrice, modelCost, modelCostAfter } from "./price.ts";
import { findModelRate, priceOf } from "./pricing.ts";
import { refused } from "./refused.ts";
import type { ModelHold, ModelQuote } from "./state.ts";
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
  const price = holdPrice(modelState, request, { quote, account: payers[0].message.account, at });
  if ("reason" in price) return refused(price);
  const charges = take(modelState, payers, modelCost(price, request.quantity), {
    into: "held",
    at,
  });
  if (isRefusal(charges)) return refused(charges);

  const hold: ModelHold = {
    fingerprint,
    spender: request.spender,
    price,
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
  { quote, account, at }: { quote: ModelQuote | null; account: Address; at: Date },
): ModelPrice | { readonly reason: string; readonly expiredAt?: Date } {
  if (quote !== null) {
    if (quote.expiresAt.getTime() <= at.getTime()) {
      return { reason: "quote_expired", expiredAt: quote.expiresAt };
    }
    const isQuoted =
      quote.provider === request.provider &&
      quote.account === account &&
      quote.meter === request.meter &&
      quote.dimensions === dimensionsText(request.dimensions) &&
      quote.quantity >= request.quantity;
    return isQuoted ? quote.price : { reason: "quote_mismatch" };
  }
  const rate = findModelRate(modelState, request, at, at);
  if (typeof rate === "string") return { reason: rate };
  return priceOf(modelState, rate, { ...request, account, occurredAt: at, at });
}

export function captureHold(
  modelState: ModelState,
  request: CaptureRequest,
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
  const neededMicros = modelCostAfter(hold.price, hold.capturedUnits, request.quantity);
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
    rateCardVersion: hold.price.version,
    charges,
    recordedAt: at,
    repeated: false,
  };
  addEvent(modelState, eventKey, {
    fingerprint: fingerprintOfCapture(request),
    provider: request.provider,
    outcome: debit,
    takenAt: hold.createdAt,
    use: hold.price.use,
    units: request.quantity,
    voidedAt: null,
  });
  return { result: "captured", hold: after, debit };
}

export function releaseHold(modelState: ModelState, key: HoldKey, at: Date): ModelRelease {
  const hold = modelState.holds.get(keyOf(key));
  if (hold === undefined) return refused({ reason: "hold_not_found" });
  const refusal = refusalIfEnded(hold, at);
  if (refusal !== null) return refused(refusal);
  return { result: "released", hold: endHold(modelState, keyOf(key), "released", at) };
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
