import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import { feeOf } from "../pricing/price.ts";
import type { PriceBasis } from "../pricing/priceBasis.ts";
import { PriceDraft, type PriceState } from "../pricing/priceDraft.ts";
import type { TierUnits } from "../pricing/tierUnits.ts";
import { SpendingDraft, type SpendingState } from "../spending/spendingDraft.ts";
import type { Debit } from "../usage/decideDebits.ts";
import type { Debited } from "../usage/outcome.ts";
import { type HoldRequest, authorize } from "./authorize.ts";
import { captureBasis } from "./captureBasis.ts";
import { extend } from "./extend.ts";
import { type Hold, type HoldLot, isExpired, partsOf } from "./hold.ts";
import {
  type AuthorizeOutcome,
  type CaptureOutcome,
  type ExtendOutcome,
  type Left,
  type ReleaseOutcome,
  totalOf,
} from "./outcome.ts";
import { type ExtendRequest, type HoldKey, type LineCapture, holdKey } from "./requests.ts";
import { type CapturedUnits, capture, checkOpen, returnHeld } from "./resolve.ts";

/** Requests of several callers that are decided together, in this order. */
export interface HoldBatch {
  readonly captures: readonly CaptureTask[];
  readonly ends: readonly EndTask[];
  readonly extensions: readonly ExtendRequest[];
  readonly requests: readonly HoldRequest[];
}

export interface CaptureTask extends HoldKey {
  readonly lines: readonly CaptureLine[];
  readonly final: boolean;
}

export interface CaptureLine extends LineCapture {
  /** the hash of the line's content, which repetitions share */
  readonly payloadHash: Hex;
}

export interface EndTask extends HoldKey {
  /** a hold expires only once its time is over, and a release only ends one that is open */
  readonly as: "released" | "expired";
}

/** The state that a batch depends on, read under the locks of all accounts that it may change. */
export interface HoldsState extends SpendingState {
  readonly prices: PriceState;
  /** set if the vault is frozen: later debits could never be settled */
  readonly frozenAt: Date | null;
  /** by `holdKey`: those that captures and ends name; a missing one does not exist */
  readonly holds: ReadonlyMap<string, Hold>;
  /** accounts with a refund request that the chain has not served; only extensions ask */
  readonly refundRequested: ReadonlySet<Address>;
  /** by `pairKey`: how many holds are open for each request's provider and spender */
  readonly openHolds: ReadonlyMap<string, bigint>;
}

export interface HoldRules {
  readonly feeBps: bigint;
  readonly maxOpenHolds: number;
}

export interface HoldDecision {
  /** one per capture, in the same order; so are the others */
  readonly captured: readonly CaptureOutcome[];
  /** of an expiry that comes too early, the refusal is the hold's earlier resolution, or `null` */
  readonly ended: readonly (ReleaseOutcome | null)[];
  readonly extended: readonly ExtendOutcome[];
  readonly held: readonly AuthorizeOutcome[];
  /** rows to write; a hold's last state only */
  readonly debits: readonly Debit[];
  readonly changedHolds: readonly Hold[];
  readonly extensions: readonly DecidedExtension[];
  readonly newHolds: readonly Hold[];
  readonly changes: SpendingDraft["changes"];
  /** units to add to the usage of tiered rates */
  readonly tierUnits: readonly TierUnits[];
}

/** What an extension adds to its hold. */
export interface DecidedExtension {
  readonly request: ExtendRequest;
  /** afterwards */
  readonly hold: Hold;
  readonly at: Date;
  readonly added: readonly HoldLot[];
  /** the place of the first of these among the hold's lots */
  readonly firstLot: number;
}

/** Identifies a provider's holds on a spender, which a limit counts. */
export function pairKey({
  provider,
  spender,
}: {
  readonly provider: Address;
  readonly spender: SpenderId;
}): string {
  return `${provider}/${spender}`;
}

/**
 * Decides captures, then ends, then extensions, then new holds: what comes free can be held in the
 * same batch, and the log lists them in this order. Each is done in full or refused; none depends on whether
 * another is refused, apart from the credits that are left.
 */
export function decideHolds(
  { captures, ends, extensions, requests }: HoldBatch,
  state: HoldsState,
  rules: HoldRules,
): HoldDecision {
  const draft = new SpendingDraft(state);
  const prices = new PriceDraft(state.prices);
  const changed = new Map<string, Hold>();
  const openHolds = new Map(state.openHolds);
  const debits: Debit[] = [];
  const decided: DecidedExtension[] = [];
  const newHolds: Hold[] = [];
  const find = (key: HoldKey) => changed.get(holdKey(key)) ?? state.holds.get(holdKey(key));

  function change(hold: Hold): void {
    changed.set(holdKey(hold), hold);
    const open = openHolds.get(pairKey(hold));
    if (hold.resolution !== null && open !== undefined) openHolds.set(pairKey(hold), open - 1n);
  }

  function left(hold: Hold): Left {
    return { remainingMicros: draft.remainingMicros(partsOf(hold)) };
  }

  function decideCapture(task: CaptureTask): CaptureOutcome {
    const hold = find(task);
    if (hold === undefined) return NOT_FOUND;
    if (state.frozenAt !== null) return { result: "refused", refusal: { reason: "vault_frozen" } };
    const captured = capture(hold, task, draft);
    if ("reason" in captured) return { result: "refused", refusal: captured };

    change(captured.hold);
    const lines = captured.captured.map((units, index) => {
      const payloadHash = task.lines[index]?.payloadHash ?? null;
      const { line, eventId, quantity } = units;
      return { line, eventId, quantity, debit: debitLine(hold, units, payloadHash) };
    });
    const debit = totalOf(lines.map((line) => line.debit));
    return { result: "captured", hold: captured.hold, debit, lines, ...left(hold) };
  }

  /** Adds the usage event of one captured line. */
  function debitLine(
    { provider, spender, createdAt }: Hold,
    { eventId: id, quantity, costMicros, uses }: CapturedUnits,
    payloadHash: Hex | null,
  ): Debited {
    const [first] = uses;
    if (first === undefined) throw new Error("a capture uses no lot");
    const { meter, dimensions } = first.lot;
    const { rateCardVersion } = first.lot.rate;
    const priceBasis: PriceBasis = captureBasis(uses, createdAt);
    const event = { provider, id, spender, meter, quantity, dimensions, occurredAt: state.now };
    const charges = uses.flatMap((use) => use.charges);
    for (const [part, charge] of charges.entries()) {
      const feeMicros = feeOf(charge.amountMicros, rules.feeBps);
      const price = { rateCardVersion, priceBasis, feeMicros };
      debits.push({ ...charge, ...price, event, part, payloadHash });
    }
    for (const { lot, quantity: units } of uses) {
      prices.count(lot.rate, units, lot.capturedQuantity);
    }
    return {
      result: "debited",
      costMicros,
      rateCardVersion,
      charges,
      recordedAt: state.now,
      repeated: false,
    };
  }

  function decideEnd(task: EndTask): ReleaseOutcome | null {
    const hold = find(task);
    if (hold === undefined) return NOT_FOUND;
    if (task.as === "expired") {
      if (hold.resolution !== null || !isExpired(hold, state.now)) return null;
    } else {
      const over = checkOpen(hold, state.now);
      if (over !== null) return { result: "refused", refusal: over };
    }
    const ended = returnHeld(hold, task.as, draft);
    change(ended);
    return { result: "released", hold: ended, ...left(hold) };
  }

  function decideExtension(request: ExtendRequest): ExtendOutcome {
    const hold = find(request);
    if (hold === undefined) return NOT_FOUND;
    if (state.frozenAt !== null) return { result: "refused", refusal: { reason: "vault_frozen" } };
    const { refundRequested } = state;
    const extended = extend(hold, request, { prices, draft, refundRequested });
    if ("reason" in extended) return { result: "refused", refusal: extended };
    change(extended.hold);
    decided.push({ request, ...extended, at: state.now, firstLot: hold.lots.length });
    return { result: "extended", hold: extended.hold, repeated: false, ...left(extended.hold) };
  }

  function decideRequest(request: HoldRequest): AuthorizeOutcome {
    if (state.frozenAt !== null) return { result: "refused", refusal: { reason: "vault_frozen" } };
    const limit = rules.maxOpenHolds;
    const open = openHolds.get(pairKey(request)) ?? 0n;
    if (open >= limit) return { result: "refused", refusal: { reason: "too_many_holds", limit } };
    const hold = authorize(request, prices, draft);
    if ("reason" in hold) return { result: "refused", refusal: hold };
    newHolds.push(hold);
    openHolds.set(pairKey(request), open + 1n);
    return { result: "held", hold, repeated: false, ...left(hold) };
  }

  const captured = captures.map(decideCapture);
  const ended = ends.map(decideEnd);
  const extended = extensions.map(decideExtension);
  const held = requests.map(decideRequest);
  return {
    captured,
    ended,
    extended,
    held,
    debits,
    changedHolds: [...changed.values()],
    extensions: decided,
    newHolds,
    changes: draft.changes,
    tierUnits: prices.added,
  };
}

const NOT_FOUND = { result: "refused", refusal: { reason: "hold_not_found" } } as const;
