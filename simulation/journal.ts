import type { Address, Hex } from "viem";

import type { SimulatedCapture, SimulatedHold } from "./model/holdRequest.ts";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { RuleTerms } from "@compute-credits/rules/grants/campaignRule";
import type { GrantRequest } from "@compute-credits/rules/grants/grant";
import type { Debited, UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { EarningsReceiptMessage } from "@compute-credits/protocol/messages/earningsReceipt";
import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import type { NewCode, Redemption } from "../server/stores/allowances/grantStore.ts";
import type { RuleClaim } from "../server/stores/issuing/campaignRuleStore.ts";
import type { SignedAllowance } from "../server/stores/allowances/allowanceStore.ts";
import { capturedMicros, partsOf } from "@compute-credits/rules/holds/hold";
import type { CaptureOutcome } from "@compute-credits/rules/holds/outcome";
import type { HoldKey } from "@compute-credits/rules/holds/requests";
import { periodOf } from "./model/budget.ts";
import { codeKey, grantKey, keyOf, redemptionKey } from "./model/keyOf.ts";
import type { ModelPrice } from "./model/price.ts";
import { fingerprintOfCapture, fingerprintOfEvent, fingerprintOfHold } from "./fingerprint.ts";
import type { CallResult } from "./serverPool.ts";

/** One report of an event and its answer. */
export interface JournalledEvent {
  readonly fingerprint: string;
  readonly from: Date;
  readonly until: Date;
  readonly lost: number;
  readonly answer: Debited | { readonly refused: string };
  /** the reported event, or the capture that became one */
  readonly source: UsageEvent | SimulatedCapture;
}

export interface JournalledAllowance {
  readonly message: AllowanceMessage;
  /** the first period of its budget */
  readonly period: bigint;
  /** the campaign of a grant */
  readonly campaign: Hex | null;
  /** whether a contract wallet signed it, which can disown its signature; of a grant `null` */
  readonly byContract: boolean | null;
}

/** The answer to a hold request. */
export interface JournalledHold {
  readonly fingerprint: string;
  readonly request: SimulatedHold;
  /** the quote's price, if it was held at one */
  readonly quotedPrice: ModelPrice | null;
  readonly parts: readonly { account: Address; allowance: Hex; heldMicros: bigint }[];
  /** the parts are the original ones: nothing had been captured or returned yet */
  readonly isOriginal: boolean;
  readonly repeated: boolean;
  readonly lost: number;
}

/** An acknowledged code. */
export interface JournalledCode {
  readonly campaign: Hex;
  readonly terms: NewCode;
  readonly repeated: boolean;
  readonly lost: number;
}

/** The answer to a redemption. */
export interface JournalledRedemption {
  readonly request: Redemption;
  readonly from: Date;
  readonly lost: number;
  readonly answer:
    { readonly grant: Allowance; readonly repeated: boolean } | { readonly refused: string };
}

/** The answer to a claim of a campaign's rule. */
export interface JournalledClaim {
  /** `null` if it was refused */
  readonly grant: Hex | null;
  readonly repeated: boolean;
  readonly lost: number;
}

export interface JournalledVoid {
  readonly from: Date;
  readonly until: Date;
  readonly lost: number;
  readonly result:
    "voided" | "repeated" | "event_not_found" | "already_settled" | "receipt_given" | "written_off";
}

/** All requests to the ledger and their answers. The database is audited against it. */
export class Journal {
  /** by provider and event id */
  readonly events = new Map<string, JournalledEvent[]>();
  readonly holds = new Map<string, JournalledHold[]>();
  readonly voids = new Map<string, JournalledVoid[]>();
  /** earnings receipts, in the order of the answers */
  readonly receipts: EarningsReceiptMessage[] = [];
  readonly allowances = new Map<Hex, JournalledAllowance>();
  /** ids of grants, by campaign and key */
  readonly grants = new Map<string, Hex>();
  /** acknowledged codes, by `codeKey` */
  readonly codes = new Map<string, JournalledCode[]>();
  /** by `codeKey` */
  readonly redemptions = new Map<string, JournalledRedemption[]>();
  /** when a code was first said to be closed, by `codeKey` */
  readonly closedBy = new Map<string, Date>();
  /** rules by their campaigns */
  readonly rules = new Map<Hex, RuleTerms>();
  /** by campaign and account */
  readonly claims = new Map<string, JournalledClaim[]>();
  operations = 0;
  /** answers that an event was debited, repeated ones included */
  debited = 0;
  refusals = new Map<string, number>();

  addAllowance(
    { id, message, byContract }: SignedAllowance,
    { output }: CallResult<"allow">,
  ): void {
    const period = output.allowance.usage.periodIndex;
    const known = this.allowances.get(id);
    // A repeated request may return a later period.
    const first = known === undefined || period < known.period ? period : known.period;
    this.allowances.set(id, { message, period: first, campaign: null, byContract });
  }

  addGrants(campaign: Hex, grants: readonly GrantRequest[], { output }: CallResult<"issue">): void {
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
      this.#addGrant(campaign, request.key, allowance);
    }
  }

  addCodes(campaign: Hex, codes: readonly NewCode[], result: CallResult<"addCodes">): void {
    const { output: outcomes, lost } = result;
    if ("reason" in outcomes) {
      this.#count(outcomes.reason);
      return;
    }
    for (const [index, outcome] of outcomes.entries()) {
      const terms = codes[index];
      if (terms === undefined) throw new Error("an outcome has no code");
      if (outcome.result === "refused") {
        this.#count(outcome.refusal.reason);
        continue;
      }
      const { repeated } = outcome;
      append(this.codes, codeKey({ campaign, ...terms }), { campaign, terms, repeated, lost });
    }
  }

  addRedemption(request: Redemption, { output, from, lost }: CallResult<"redeem">): void {
    if (output.result === "refused") {
      this.#count(output.refusal.reason);
      const answer = { refused: output.refusal.reason };
      append(this.redemptions, codeKey(request), { request, from, lost, answer });
      return;
    }
    const { grant, repeated } = output;
    this.#addGrant(request.campaign, redemptionKey(request), grant);
    const answer = { grant, repeated };
    append(this.redemptions, codeKey(request), { request, from, lost, answer });
  }

  addClaim(claim: RuleClaim, { output, lost }: CallResult<"claim">): void {
    const name = `${claim.campaign} ${claim.account}`;
    if (output.result === "refused") {
      this.#count(output.refusal.reason);
      append(this.claims, name, { grant: null, repeated: false, lost });
      return;
    }
    const { grant, repeated } = output;
    this.#addGrant(claim.campaign, `rule ${claim.account}`, grant);
    append(this.claims, name, { grant: grant.id, repeated, lost });
  }

  addClosure(
    code: { readonly campaign: Hex; readonly codeHash: Hex },
    { output, until }: CallResult<"closeCode">,
  ): void {
    const known = this.closedBy.get(codeKey(code));
    if (output === null || (known !== undefined && known <= until)) return;
    this.closedBy.set(codeKey(code), until);
  }

  #addGrant(campaign: Hex, key: string, { id, message, createdAt }: Allowance): void {
    this.grants.set(grantKey(campaign, key), id);
    const period = periodOf(message, createdAt);
    this.allowances.set(id, { message, period, campaign, byContract: null });
  }

  addEvents(events: readonly UsageEvent[], result: CallResult<"record">): void {
    for (const [index, event] of events.entries()) {
      const outcome = result.output[index];
      if (outcome === undefined) throw new Error("an event has no outcome");
      this.#addEvent(keyOf(event), fingerprintOfEvent(event), event, outcome, result);
    }
  }

  addCapture(request: SimulatedCapture, result: CallResult<"capture">): void {
    const { output } = result;
    const outcome = output.result === "captured" ? output.debit : output;
    const key = keyOf({ provider: request.provider, id: request.eventId });
    this.#addEvent(key, fingerprintOfCapture(request), request, outcome, result);
  }

  addHold(
    request: SimulatedHold,
    { output, lost }: CallResult<"authorize">,
    quotedPrice: ModelPrice | null,
  ): void {
    if (output.result === "refused") {
      this.#count(output.refusal.reason);
      return;
    }
    const { hold, repeated } = output;
    const isOriginal = !repeated || (capturedMicros(hold) === 0n && hold.resolution === null);
    append(this.holds, keyOf(request), {
      fingerprint: fingerprintOfHold(request),
      request,
      quotedPrice,
      parts: partsOf(hold),
      isOriginal,
      repeated,
      lost,
    });
  }

  addVoid(key: HoldKey, { output, from, until, lost }: CallResult<"void">): void {
    const voided = output.result === "voided" && output.repeated ? "repeated" : output.result;
    const result = output.result === "refused" ? output.reason : voided;
    if (result === "refused") return;
    append(this.voids, keyOf(key), { from, until, lost, result });
  }

  #addEvent(
    key: string,
    fingerprint: string,
    source: JournalledEvent["source"],
    outcome: UsageOutcome | Exclude<CaptureOutcome, { result: "captured" }>,
    { from, until, lost }: Pick<CallResult<"record">, "from" | "until" | "lost">,
  ): void {
    if (outcome.result === "refused") this.#count(outcome.refusal.reason);
    else this.debited++;
    const answer =
      outcome.result === "debited" ? outcome : { refused: outcome.refusal.reason as string };
    append(this.events, key, { fingerprint, from, until, lost, answer, source });
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
