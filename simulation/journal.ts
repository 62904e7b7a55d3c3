import { isDeepStrictEqual } from "node:util";

import type { Hex } from "viem";

import {
  type SimulatedCapture,
  type SimulatedHold,
  type SimulatedLineCapture,
  lineCapturesOf,
} from "./model/holdRequest.ts";
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
import type { Hold, HoldLot } from "@compute-credits/rules/holds/hold";
import type { CaptureOutcome } from "@compute-credits/rules/holds/outcome";
import type { ExtendRequest, HoldKey } from "@compute-credits/rules/holds/requests";
import { DisagreementError } from "./disagreement.ts";
import { periodOf } from "./model/budget.ts";
import { codeKey, grantKey, keyOf, lotKey, redemptionKey } from "./model/keyOf.ts";
import type { ModelPrice } from "./model/price.ts";
import {
  fingerprintOfCapture,
  fingerprintOfEvent,
  fingerprintOfExtension,
  fingerprintOfHold,
} from "./fingerprint.ts";
import type { CallResult } from "./serverPool.ts";

/** One report of an event and its answer. */
export interface JournalledEvent {
  readonly fingerprint: string;
  readonly from: Date;
  readonly until: Date;
  readonly lost: number;
  readonly answer: Debited | { readonly refused: string };
  /** the reported event, or the capture that became one */
  readonly source: UsageEvent | SimulatedLineCapture;
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
  readonly repeated: boolean;
  readonly lost: number;
}

/** The answer to an extension. */
export interface JournalledExtension {
  readonly fingerprint: string;
  readonly request: ExtendRequest;
  readonly from: Date;
  readonly until: Date;
  readonly lost: number;
  readonly answer: { readonly repeated: boolean; readonly lots: number } | { refused: string };
}

/** Who paid for a lot, before anything of it was captured or returned. */
export type OriginalParts = HoldLot["parts"];

export interface KindCount {
  asked: number;
  done: number;
}

/** A capture that was refused because of the id of one of its events. */
export interface CaptureConflict {
  readonly request: SimulatedCapture;
  readonly events: readonly string[];
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
  /** by hold and id of the extension */
  readonly extensions = new Map<string, JournalledExtension[]>();
  /** by `lotKey`, if an answer had them */
  readonly originalParts = new Map<string, OriginalParts>();
  readonly captureConflicts: CaptureConflict[] = [];
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
  /** requests by kind, and how many of them were done */
  readonly kinds = new Map<string, KindCount>();
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
    this.#countKind("claims", output.result === "granted");
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
    assertGroups(events, result.output);
    for (const [index, { group }] of events.entries()) {
      if (group === undefined) continue;
      this.#countKind("events in groups", result.output[index]?.result === "debited");
    }
    for (const [index, event] of events.entries()) {
      const outcome = result.output[index];
      if (outcome === undefined) throw new Error("an event has no outcome");
      this.#addEvent(keyOf(event), fingerprintOfEvent(event), event, outcome, result);
    }
  }

  addCapture(request: SimulatedCapture, result: CallResult<"capture">): void {
    const { output } = result;
    const lines = lineCapturesOf(request);
    const kind = lines.length > 1 ? "captures of several lines" : "captures of one line";
    this.#countKind(kind, output.result === "captured");
    const events = lines.map(({ provider, eventId: id }) => keyOf({ provider, id }));
    if (output.result === "captured") this.#noteLots(output.hold);
    else if (output.refusal.reason === "event_id_conflict" && lines.length > 1) {
      this.captureConflicts.push({ request, events });
      this.#count(output.refusal.reason);
      return;
    }
    for (const [n, line] of lines.entries()) {
      const outcome = output.result === "captured" ? output.lines[n]?.debit : output;
      const key = events[n];
      if (outcome === undefined || key === undefined) throw new Error("a line has no outcome");
      this.#addEvent(key, fingerprintOfCapture(line), line, outcome, result);
    }
  }

  addExtension(request: ExtendRequest, { output, from, until, lost }: CallResult<"extend">): void {
    const kind = request.lines.length > 0 ? "extensions by units" : "extensions of time";
    this.#countKind(kind, output.result === "extended");
    if (output.result === "refused") this.#count(output.refusal.reason);
    else this.#noteLots(output.hold);
    const answer =
      output.result === "refused"
        ? { refused: output.refusal.reason }
        : { repeated: output.repeated, lots: output.hold.lots.length };
    const fingerprint = fingerprintOfExtension(request);
    const name = `${keyOf(request)} ${request.extensionId}`;
    append(this.extensions, name, { fingerprint, request, from, until, lost, answer });
  }

  /** Keeps the parts of lots of which nothing has been captured or returned. */
  #noteLots(hold: Hold): void {
    if (hold.resolution !== null) return;
    for (const [place, { parts, capturedMicros }] of hold.lots.entries()) {
      if (capturedMicros > 0n) continue;
      const key = lotKey(keyOf(hold), place);
      const known = this.originalParts.get(key);
      if (known !== undefined && !isDeepStrictEqual(known, parts)) {
        throw new DisagreementError("a lot has other parts", { hold, place, known });
      }
      this.originalParts.set(key, parts);
    }
  }

  addHold(
    request: SimulatedHold,
    { output, lost }: CallResult<"authorize">,
    quotedPrice: ModelPrice | null,
  ): void {
    const kind = request.lines.length > 1 ? "holds of several lines" : "holds of one line";
    this.#countKind(kind, output.result === "held");
    if (output.result === "refused") {
      this.#count(output.refusal.reason);
      return;
    }
    const { hold, repeated } = output;
    this.#noteLots(hold);
    append(this.holds, keyOf(request), {
      fingerprint: fingerprintOfHold(request),
      request,
      quotedPrice,
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

  #countKind(kind: string, isDone: boolean): void {
    const count = this.kinds.get(kind) ?? { asked: 0, done: 0 };
    count.asked++;
    if (isDone) count.done++;
    this.kinds.set(kind, count);
  }

  #count(reason: string): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
  }
}

/** Checks that of each group all new events were debited at one time, or none. */
function assertGroups(events: readonly UsageEvent[], outcomes: readonly UsageOutcome[]): void {
  const groups = Map.groupBy(events.keys(), (index) => events[index]?.group);
  for (const [group, places] of groups) {
    if (group === undefined) continue;
    const answers = places.flatMap((place) => outcomes[place] ?? []);
    const times = new Set(
      answers.flatMap((answer) =>
        answer.result === "debited" && !answer.repeated ? answer.recordedAt.getTime() : [],
      ),
    );
    const isRefused = answers.some(({ result }) => result === "refused");
    if (times.size > (isRefused ? 0 : 1)) {
      throw new DisagreementError("a group was torn apart", { group, answers });
    }
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
