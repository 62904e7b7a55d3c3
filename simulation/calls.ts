import type { Address, Hex } from "viem";

import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { EarningsReceiptMessage } from "@compute-credits/protocol/messages/earningsReceipt";
import type { IssuingKeyMessage } from "@compute-credits/protocol/messages/issuingKey";
import type { AcceptanceProof } from "@compute-credits/rules/acceptances/acceptance";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { RuleTerms } from "@compute-credits/rules/grants/campaignRule";
import type {
  ClaimOutcome,
  RuleClaim,
  SetRuleOutcome,
} from "../server/stores/issuing/campaignRuleStore.ts";
import type { PromotionCode } from "@compute-credits/rules/grants/promotionCode";
import type { GrantRequest } from "@compute-credits/rules/grants/grant";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type {
  AcceptanceChange,
  AcceptanceOutcome,
} from "../server/stores/acceptances/acceptanceStore.ts";
import type { SignedAllowance } from "../server/stores/allowances/allowanceStore.ts";
import type { StoredCheckpoint } from "../server/stores/checkpoints/checkpointStore.ts";
import type {
  AuthorizeOutcome,
  CaptureOutcome,
  ExtendOutcome,
  ReleaseOutcome,
} from "@compute-credits/rules/holds/outcome";
import type { HoldRequest } from "@compute-credits/rules/holds/authorize";
import type { CaptureRequest, ExtendRequest, HoldKey } from "@compute-credits/rules/holds/requests";
import type { AddKeyOutcome, RevokedKey } from "../server/stores/issuing/issuingKeyStore.ts";
import type {
  GrantStore,
  NewCode,
  RedeemOutcome,
  Redemption,
} from "../server/stores/allowances/grantStore.ts";
import type { ReportResult, UtilisationReport } from "../server/stores/pricing/multiplierStore.ts";
import type { QuoteStore, QuoteRequest, SignedQuote } from "../server/stores/pricing/quoteStore.ts";
import type { WriteOffResult } from "../server/stores/settlement/writeOffStore.ts";
import type { VoidOutcome } from "../server/stores/usage/usageLedger.ts";

/** The code of an answer that nothing is known of: the database, or the way to it, failed. */
export const OUTAGE = "outage";

/** The calls that a server process answers: the same store methods that the HTTP routes use. */
export interface Calls {
  record: { input: readonly UsageEvent[]; output: readonly UsageOutcome[] };
  void: { input: { provider: Address; id: string }; output: VoidOutcome };
  authorize: {
    input: { request: HoldRequest; quote: SignedQuote | null };
    output: AuthorizeOutcome;
  };
  quote: { input: QuoteRequest; output: Awaited<ReturnType<QuoteStore["make"]>> };
  utilisation: { input: UtilisationReport; output: ReportResult };
  capture: { input: CaptureRequest; output: CaptureOutcome };
  release: { input: HoldKey; output: ReleaseOutcome };
  extend: { input: ExtendRequest; output: ExtendOutcome };
  expire: { input: { limit: number }; output: number };
  allow: {
    input: { signed: SignedAllowance; proof: AcceptanceProof | null };
    /** `changedAt` is when its account was accepted last, or that ended; `null` if never */
    output: { allowance: Allowance; changedAt: Date | null };
  };
  accept: { input: AcceptanceChange; output: AcceptanceOutcome };
  revoke: { input: { id: Hex }; output: Allowance | null };
  /** `issued` has the allowances that the outcomes name, read afterwards */
  issue: {
    input: { campaign: Hex; grants: readonly GrantRequest[]; issuer: Hex };
    output: {
      outcomes: Awaited<ReturnType<GrantStore["issue"]>>;
      issued: readonly (Allowance | null)[];
    };
  };
  addCodes: {
    input: { campaign: Hex; codes: readonly NewCode[]; issuer: Hex };
    output: Awaited<ReturnType<GrantStore["addCodes"]>>;
  };
  redeem: { input: Redemption; output: RedeemOutcome };
  setRule: { input: { campaign: Hex; terms: RuleTerms; issuer: Hex }; output: SetRuleOutcome };
  claim: { input: RuleClaim; output: ClaimOutcome };
  closeCode: { input: { campaign: Hex; codeHash: Hex }; output: PromotionCode | null };
  issuingKey: { input: IssuingKeyMessage; output: AddKeyOutcome };
  endIssuingKey: { input: { account: Address; keyHash: Hex }; output: RevokedKey | null };
  receipt: { input: Address; output: EarningsReceiptMessage };
  cursor: { input: null; output: BlockPoint };
  apply: { input: BlockStep; output: boolean };
  writeOff: { input: Address; output: WriteOffResult };
  /** gives a checkpoint up that no one signed, if a cap lost its force since; whether it was so */
  loseCover: { input: bigint; output: boolean };
  /** adds as many log orders as `most` to the daily sums */
  rollUp: { input: { most: number }; output: "done" | "more" };
  cut: { input: { maxFeeBps: bigint }; output: StoredCheckpoint | null };
}

export type CallName = keyof Calls;

export interface BlockStep {
  readonly from: BlockPoint;
  readonly upTo: BlockPoint;
  readonly events: readonly ChainEvent[];
}

export interface CallRequest<Name extends CallName = CallName> {
  readonly sequence: number;
  readonly name: Name;
  readonly input: Calls[Name]["input"];
}

/** What a server process says first: it serves calls from now on, or ends for this reason. */
export type StartMessage = "ready" | { readonly notStarted: string };

export interface CallAnswer<Name extends CallName = CallName> {
  readonly sequence: number;
  readonly name: Name;
  readonly answer:
    { readonly output: Calls[Name]["output"] } | { readonly error: string; readonly code: string };
}
