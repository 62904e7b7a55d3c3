import type { Address } from "viem";

import type { Limits } from "./limits.ts";
import type { AccountStore } from "./stores/accounts/accountStore.ts";
import type { AllowanceStore } from "./stores/allowances/allowanceStore.ts";
import type { ChainReader, Terms } from "@compute-credits/platform/chain/chainReader";
import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import type { CheckpointStore } from "./stores/checkpoints/checkpointStore.ts";
import type { CheckpointData } from "./stores/checkpoints/checkpointData.ts";
import type { MultiplierStore } from "./stores/pricing/multiplierStore.ts";
import type { PriceStore } from "./stores/pricing/priceStore.ts";
import type { GrantStore } from "./stores/allowances/grantStore.ts";
import type { HoldStore } from "./stores/holds/holdStore.ts";
import type { InsightStore } from "./stores/insight/insightStore.ts";
import type { ProviderStore } from "./stores/providers/providerStore.ts";
import type { QuoteStore } from "./stores/pricing/quoteStore.ts";
import type { RateCardStore } from "./stores/pricing/rateCardStore.ts";
import type { DisputeStore } from "./stores/settlement/disputeStore.ts";
import type { TransactionStore } from "@compute-credits/platform/chain/transactionStore";
import type { ReceiptStore } from "./stores/checkpoints/receiptStore.ts";
import type { SubmissionStore } from "./stores/settlement/submissionStore.ts";
import type { ReportStore } from "./stores/insight/reportStore.ts";
import type { UsageLedger } from "./stores/usage/usageLedger.ts";
import type { UsageLog } from "./stores/feed/usageLog.ts";
import type { VaultReader } from "@compute-credits/platform/chain/vaultReader";

/** What the routes and the workers work with. */
export interface Context {
  readonly limits: Limits;
  readonly feeBps: bigint;
  readonly terms: Terms;
  readonly chain: ChainReader;
  readonly chainStore: ChainStore;
  readonly accounts: AccountStore;
  readonly allowances: AllowanceStore;
  readonly grants: GrantStore;
  readonly providers: ProviderStore;
  readonly rateCards: RateCardStore;
  readonly prices: PriceStore;
  readonly multipliers: MultiplierStore;
  readonly usage: UsageLedger;
  readonly holds: HoldStore;
  /** `null` where this server signs none */
  readonly quotes: QuoteStore | null;
  readonly checkpoints: CheckpointStore;
  readonly checkpointData: CheckpointData;
  readonly submissions: SubmissionStore;
  /** `null` where this server has no signer's key */
  readonly receipts: ReceiptStore | null;
  readonly disputes: DisputeStore;
  readonly transactions: TransactionStore;
  readonly insight: InsightStore;
  readonly reports: ReportStore;
  readonly vault: VaultReader;
  readonly usageLog: UsageLog;
  /** who may read the log besides the contract's signers */
  readonly auditors: readonly Address[];
}
