import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import { feeOf } from "../pricing/price.ts";
import { priceBasisOf } from "../pricing/priceBasis.ts";
import { PriceDraft, type PriceState } from "../pricing/priceDraft.ts";
import type { TierUnits } from "../pricing/tierUnits.ts";
import { SpendingDraft, type SpendingState } from "../spending/spendingDraft.ts";
import type { Debit } from "../usage/decideDebits.ts";
import { type HoldRequest, authorize } from "./authorize.ts";
import { type Hold, isExpired } from "./hold.ts";
import {
  type AuthorizeOutcome,
  type CaptureOutcome,
  type CaptureRequest,
  type HoldKey,
  type ReleaseOutcome,
  holdKey,
} from "./outcome.ts";
import { capture, checkOpen, returnHeld } from "./resolve.ts";

/** Requests of several callers that are decided together, in this order. */
export interface HoldBatch {
  readonly captures: readonly CaptureTask[];
  readonly ends: readonly EndTask[];
  readonly requests: readonly HoldRequest[];
}

export interface CaptureTask extends CaptureRequest {
  /** the hash of the capture's content, which repetitions share */
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
  readonly held: readonly AuthorizeOutcome[];
  /** rows to write; a hold's last state only */
  readonly debits: readonly Debit[];
  readonly changedHolds: readonly Hold[];
  readonly newHolds: readonly Hold[];
  readonly changes: SpendingDraft["changes"];
  /** units to add to the usage of tiered rates */
  readonly tierUnits: readonly TierUnits[];
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
 * Decides captures, then ends, then new holds: what comes free can be held in the same batch, and
 * the log lists them in this order. Each is done in full or refused; none depends on whether
 * another is refused, apart from the credits that are left.
 */
export function decideHolds(
  { captures, ends, requests }: HoldBatch,
  state: HoldsState,
  rules: HoldRules,
): HoldDecision {
  const draft = new SpendingDraft(state);
  const prices = new PriceDraft(state.prices);
  const changed = new Map<string, Hold>();
  const openHolds = new Map(state.openHolds);
  const debits: Debit[] = [];
  const newHolds: Hold[] = [];
  const find = (key: HoldKey) => changed.get(holdKey(key)) ?? state.holds.get(holdKey(key));

  function change(hold: Hold): void {
    changed.set(holdKey(hold), hold);
    const open = openHolds.get(pairKey(hold));
    if (hold.resolution !== null && open !== undefined) openHolds.set(pairKey(hold), open - 1n);
  }

  function decideCapture(task: CaptureTask): CaptureOutcome {
    const hold = find(task);
    if (hold === undefined) return NOT_FOUND;
    if (state.frozenAt !== null) return { result: "refused", refusal: { reason: "vault_frozen" } };
    const captured = capture(hold, task, draft);
    if ("reason" in captured) return { result: "refused", refusal: captured };

    const { rateCardVersion } = hold.rate;
    const priceBasis = priceBasisOf(hold.rate, hold.capturedQuantity);
    const { charges, costMicros } = captured;
    const { provider, quantity, payloadHash } = task;
    const { spender, meter, dimensions } = hold;
    const work = { spender, meter, quantity, dimensions, occurredAt: state.now };
    const event = { provider, id: task.eventId, ...work };
    for (const [part, charge] of charges.entries()) {
      const feeMicros = feeOf(charge.amountMicros, rules.feeBps);
      const price = { rateCardVersion, priceBasis, feeMicros };
      debits.push({ ...charge, ...price, event, part, payloadHash });
    }
    prices.count(hold.rate, quantity, hold.capturedQuantity);
    change(captured.hold);
    const debit = {
      result: "debited",
      costMicros,
      rateCardVersion,
      charges,
      recordedAt: state.now,
      repeated: false,
    } as const;
    return { result: "captured", hold: captured.hold, debit };
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
    return { result: "released", hold: ended };
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
    return { result: "held", hold, repeated: false };
  }

  const captured = captures.map(decideCapture);
  const ended = ends.map(decideEnd);
  const held = requests.map(decideRequest);
  return {
    captured,
    ended,
    held,
    debits,
    changedHolds: [...changed.values()],
    newHolds,
    changes: draft.changes,
    tierUnits: prices.added,
  };
}

const NOT_FOUND = { result: "refused", refusal: { reason: "hold_not_found" } } as const;
