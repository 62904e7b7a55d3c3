import type { Address, Hex } from "viem";

import type { SimulatedHold } from "./model/holdRequest.ts";
import type { GrantRequest } from "@compute-credits/rules/grants/grant";
import type { Debited, UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { EarningsReceiptMessage } from "@compute-credits/protocol/messages/earningsReceipt";
import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import type { SignedAllowance } from "../server/stores/allowances/allowanceStore.ts";
import type { CaptureOutcome, CaptureRequest, HoldKey } from "../server/stores/holds/holdStore.ts";
import { periodOf } from "./model/budget.ts";
import { keyOf } from "./model/keyOf.ts";
import type { ModelPrice } from "./model/price.ts";
import { saidByCapture, saidByEvent, saidByHold } from "./fingerprint.ts";
import type { Performed } from "./serverPool.ts";

/** One time that an event was reported, and what was answered. */
export interface Report {
  readonly said: string;
  readonly from: Date;
  readonly until: Date;
  readonly lost: number;
  readonly answer: Debited | { readonly refused: string };
  /** what makes the price: an event's measurement, or the hold that a capture charges to */
  readonly source: UsageEvent | CaptureRequest;
}

export interface JournalledAllowance {
  readonly message: AllowanceMessage;
  /** that its budget began with */
  readonly period: bigint;
  /** what it was granted out of */
  readonly campaign: Hex | null;
}

/** What the ledger said about a hold when it made it. */
export interface HoldReport {
  readonly said: string;
  readonly request: SimulatedHold;
  /** where it was held at a quote's price */
  readonly quoted: ModelPrice | null;
  readonly parts: readonly { account: Address; allowance: Hex; heldMicros: bigint }[];
  /** the parts are those of the first moment: nothing had been captured or returned yet */
  readonly isWhole: boolean;
  readonly repeated: boolean;
  readonly lost: number;
}

export interface VoidReport {
  readonly from: Date;
  readonly until: Date;
  readonly lost: number;
  readonly result: "voided" | "repeated" | "event_not_found" | "already_settled" | "receipt_given";
}

/** All that was asked of the ledger and all that it answered: what the snapshot are audited against. */
export class Journal {
  /** by event */
  readonly reports = new Map<string, Report[]>();
  readonly holds = new Map<string, HoldReport[]>();
  readonly voids = new Map<string, VoidReport[]>();
  /** of earnings, in the order in which they were answered */
  readonly receipts: EarningsReceiptMessage[] = [];
  readonly allowances = new Map<Hex, JournalledAllowance>();
  /** ids of grants, by campaign and key */
  readonly grants = new Map<string, Hex>();
  operations = 0;
  refusals = new Map<string, number>();

  allowed({ id, message }: SignedAllowance, { output }: Performed<"allow">): void {
    const period = output.usage.periodIndex;
    const known = this.allowances.get(id);
    // Sent again, it may have moved on.
    const first = known === undefined || period < known.period ? period : known.period;
    this.allowances.set(id, { message, period: first, campaign: null });
  }

  issued(campaign: Hex, grants: readonly GrantRequest[], { output }: Performed<"issue">): void {
    const { outcomes, issued } = output;
    if ("reason" in outcomes) {
      this.#count(outcomes.reason);
      return;
    }
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.result === "refused") this.#count(outcome.refusal.reason);
      const allowance = issued[index] ?? null;
      const request = grants[index];
      if (allowance === null || request === undefined) continue;
      const { id, message, createdAt } = allowance;
      this.grants.set(`${campaign}|${request.key}`, id);
      this.allowances.set(id, { message, period: periodOf(message, createdAt), campaign });
    }
  }

  recorded(events: readonly UsageEvent[], done: Performed<"record">): void {
    for (const [index, event] of events.entries()) {
      const outcome = done.output[index];
      if (outcome === undefined) throw new Error("an event without an outcome");
      this.#report(keyOf(event), saidByEvent(event), event, outcome, done);
    }
  }

  captured(request: CaptureRequest, done: Performed<"capture">): void {
    const { output } = done;
    const outcome = output.result === "captured" ? output.debit : output;
    const key = keyOf({ provider: request.provider, id: request.eventId });
    this.#report(key, saidByCapture(request), request, outcome, done);
  }

  held(
    request: SimulatedHold,
    { output, lost }: Performed<"authorize">,
    quoted: ModelPrice | null,
  ): void {
    if (output.result === "refused") {
      this.#count(output.refusal.reason);
      return;
    }
    const { hold, repeated } = output;
    const isWhole = !repeated || (hold.capturedMicros === 0n && hold.resolution === null);
    append(this.holds, keyOf(request), {
      said: saidByHold(request),
      request,
      quoted,
      parts: hold.parts,
      isWhole,
      repeated,
      lost,
    });
  }

  voided(key: HoldKey, { output, from, until, lost }: Performed<"void">): void {
    const voided = output.result === "voided" && output.repeated ? "repeated" : output.result;
    const result = output.result === "refused" ? output.reason : voided;
    if (result === "refused") return;
    append(this.voids, keyOf(key), { from, until, lost, result });
  }

  #report(
    key: string,
    said: string,
    source: Report["source"],
    outcome: UsageOutcome | Exclude<CaptureOutcome, { result: "captured" }>,
    { from, until, lost }: Pick<Performed<"record">, "from" | "until" | "lost">,
  ): void {
    if (outcome.result === "refused") this.#count(outcome.refusal.reason);
    const answer =
      outcome.result === "debited" ? outcome : { refused: outcome.refusal.reason as string };
    append(this.reports, key, { said, from, until, lost, answer, source });
  }

  #count(reason: string): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
