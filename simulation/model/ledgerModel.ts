import type { Hex, Address } from "viem";

import type { IssuingKeyMessage } from "@compute-credits/protocol/messages/issuingKey";
import type { NewChainEvent } from "../newChainEvent.ts";
import type { RefundRequest } from "@compute-credits/rules/accounts/refundRequest";
import type { WriteOffRow } from "../ledgerSnapshot.ts";
import { dueAfter } from "../vault.ts";
import type { SimulatedCapture, SimulatedHold } from "./holdRequest.ts";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { NewCode, Redemption } from "../../server/stores/allowances/grantStore.ts";
import type { SignedAllowance } from "../../server/stores/allowances/allowanceStore.ts";
import type { ExtendRequest, HoldKey } from "@compute-credits/rules/holds/requests";
import type { UtilisationReport } from "../../server/stores/pricing/multiplierStore.ts";
import type { VoidOutcome } from "../../server/stores/usage/usageLedger.ts";
import { ModelState, availableOf } from "./modelState.ts";
import { accept } from "./accepting.ts";
import { type Arrival, allow, campaignRefusal, grant, mayIssue, revoke } from "./granting.ts";
import { type ModelCapture, captureHold } from "./capturing.ts";
import {
  type ModelAuthorize,
  type ModelExtend,
  type ModelRelease,
  authorizeHold,
  endHold,
  extendHold,
  releaseHold,
} from "./holding.ts";
import {
  type CodePrediction,
  type RedemptionPrediction,
  addCode,
  closeCode,
  redeem,
} from "./promotions.ts";
import { modelCost } from "./price.ts";
import { findModelRate, priceOf, stepCount, stepMultiplier } from "./pricing.ts";
import type { ModelHold, ModelQuote } from "./state.ts";
import { recordAll, voidOne } from "./usage.ts";

/**
 * A second, plain implementation of the ledger for one lane. Applies operations one at a time, at
 * the times that the ledger returned. Uses types of `packages/rules`, but none of its rules.
 */
export class LedgerModel extends ModelState {
  /** open refund requests, as the contract recorded them */
  readonly #requests = new Map<Address, RefundRequest>();

  record(events: readonly UsageEvent[], at: Date): UsageOutcome[] {
    return recordAll(this, events, at);
  }

  void(key: HoldKey, at: Date): VoidOutcome {
    return voidOne(this, key, at);
  }

  authorize(request: SimulatedHold, quote: ModelQuote | null, at: Date): ModelAuthorize {
    return authorizeHold(this, request, quote, at);
  }

  capture(request: SimulatedCapture, at: Date): ModelCapture {
    return captureHold(this, request, at);
  }

  release(key: HoldKey, at: Date): ModelRelease {
    return releaseHold(this, key, at);
  }

  extend(request: ExtendRequest, at: Date): ModelExtend {
    return extendHold(this, request, { requested: this.#requests, at });
  }

  endHold(key: string, as: "released" | "expired", at: Date): ModelHold {
    return endHold(this, key, as, at);
  }

  allow(signed: SignedAllowance, arrival: Arrival): void {
    allow(this, signed, arrival);
  }

  /** Applies a spender's word about an account. Returns the answer that the model predicts. */
  accept(change: Parameters<typeof accept>[1], at: Date): ReturnType<typeof accept> {
    return accept(this, change, at);
  }

  revoke(id: Hex, revokedAt: Date): void {
    revoke(this, id, revokedAt);
  }

  campaignRefusal(campaign: Hex, issuer: Hex, at: Date): string | null {
    return campaignRefusal(this, campaign, issuer, at);
  }

  mayIssue(campaign: Hex, issuer: Hex): boolean {
    return mayIssue(this, campaign, issuer);
  }

  addIssuingKey({ keyHash, ...key }: IssuingKeyMessage): void {
    if (this.issuingKeys.has(keyHash)) return;
    this.set(this.issuingKeys, keyHash, { ...key, isRevoked: false });
  }

  endIssuingKey(keyHash: Hex): void {
    const key = this.issuingKeys.get(keyHash);
    if (key !== undefined) this.set(this.issuingKeys, keyHash, { ...key, isRevoked: true });
  }

  grant(
    campaign: Hex,
    ...args: Parameters<typeof grant> extends [unknown, unknown, ...infer Rest] ? Rest : never
  ) {
    return grant(this, campaign, ...args);
  }

  addCode(campaign: Hex, terms: NewCode): CodePrediction {
    return addCode(this, campaign, terms);
  }

  closeCode(code: { campaign: Hex; codeHash: Hex }, closedAt: Date): void {
    closeCode(this, code, closedAt);
  }

  redeem(
    request: Redemption,
    { issued, at }: { issued: Allowance | null; at: Date },
  ): RedemptionPrediction {
    return redeem(this, request, { issued, at });
  }

  /** Predicts a multiplier step. `at` is the time when the step would take effect. */
  stepMultiplier(report: UtilisationReport, at: Date) {
    return stepMultiplier(this, report, at);
  }

  /** How many steps the rate of a report that takes effect at `at` has made. */
  stepCount(report: UtilisationReport, at: Date): number {
    return stepCount(this, report, at);
  }

  /** Predicts a quote's price at a time, or its refusal. */
  quote(
    request: Omit<ModelQuote, "price" | "expiresAt" | "dimensions"> & {
      dimensions: Readonly<Record<string, string>>;
    },
    at: Date,
  ) {
    const rate = findModelRate(this, request, at, at);
    if (typeof rate === "string") return { refusal: rate };
    const price = priceOf(this, rate, { ...request, occurredAt: at, at });
    return { price, costMicros: modelCost(price, request.quantity) };
  }

  chainEvent(event: NewChainEvent): void {
    switch (event.type) {
      case "purchased": {
        const { purchased } = this.account(event.account);
        this.changeAccount(event.account, { purchased: purchased + event.amountMicros });
        return;
      }
      case "refund_requested": {
        const { refunding, refunded } = this.account(event.account);
        const missing = event.requestedMicros + event.refundedMicros - refunded - refunding;
        this.#requests.set(event.account, event);
        this.changeAccount(event.account, { waiting: missing > 0n ? missing : 0n });
        this.serveWaiting(event.account, availableOf(this.account(event.account)));
        return;
      }
      case "row_settled": {
        const request = this.#requests.get(event.party);
        if (request === undefined || dueAfter(request, event) > 0n) return;
        this.#requests.delete(event.party);
        this.changeAccount(event.party, { waiting: 0n });
        return;
      }
      case "counter_raised": {
        const { account, counter } = event;
        const recordedCap = this.recordedCaps.get(`${account} ${counter}`) ?? 0n;
        this.changeAccount(account, { counter, recordedCap });
        return;
      }
      case "cap_recorded": {
        const { account, counter, accountCapMicros: recordedCap } = event;
        this.set(this.recordedCaps, `${account} ${counter}`, recordedCap);
        if (this.account(account).counter === counter) this.changeAccount(account, { recordedCap });
        return;
      }
      default:
    }
  }

  /** Takes spending that the operator's account took over off an account. */
  writeOff({ account, amount, at }: WriteOffRow): void {
    if (!this.accounts.has(account)) return;
    this.changeAccount(account, { spent: this.account(account).spent - amount });
    this.serveWaiting(account, amount);
    this.set(this.writtenOffAt, account, at);
  }

  /** Moves the credits set aside for refunds into `refunded`, as a cut does. */
  serveRefunds(): void {
    for (const [address, { refunded, refunding }] of this.accounts) {
      this.changeAccount(address, { refunded: refunded + refunding, refunding: 0n });
    }
  }
}
