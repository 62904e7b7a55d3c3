import type { Address } from "viem";

import type { Limits } from "./limits.ts";
import type { AccountBook } from "./stores/accounts/accountStore.ts";
import type { AllowanceBook } from "./stores/allowances/allowanceStore.ts";
import type { ChainReader, Terms } from "@compute-credits/platform/chain/chain";
import type { ChainBook } from "@compute-credits/platform/chain/chainStore";
import type { CheckpointBook } from "./stores/checkpoints/checkpointStore.ts";
import type { CheckpointData } from "./stores/checkpoints/checkpointData.ts";
import type { MultiplierBook } from "./stores/pricing/multiplierStore.ts";
import type { PriceBook } from "./stores/pricing/priceStore.ts";
import type { GrantBook } from "./stores/allowances/grantStore.ts";
import type { HoldBook } from "./stores/holds/holdStore.ts";
import type { InsightBook } from "./stores/insight/insightStore.ts";
import type { ProviderBook } from "./stores/providers/providerStore.ts";
import type { QuoteBook } from "./stores/pricing/quoteStore.ts";
import type { RateCardBook } from "./stores/pricing/rateCardStore.ts";
import type { DisputeBook } from "./stores/settlement/disputeStore.ts";
import type { TransactionBook } from "@compute-credits/platform/chain/transactionStore";
import type { ReceiptBook } from "./stores/checkpoints/receiptStore.ts";
import type { SubmissionBook } from "./stores/settlement/submissionStore.ts";
import type { ReportBook } from "./stores/insight/reportStore.ts";
import type { UsageLedger } from "./stores/usage/usageLedger.ts";
import type { UsageLog } from "./stores/feed/usageLog.ts";
import type { VaultReader } from "@compute-credits/platform/chain/vaultReader";

/** What the routes and the workers work with. */
export interface Context {
  readonly limits: Limits;
  readonly feeBps: bigint;
  readonly terms: Terms;
  readonly chain: ChainReader;
  readonly chainBook: ChainBook;
  readonly accounts: AccountBook;
  readonly allowances: AllowanceBook;
  readonly grants: GrantBook;
  readonly providers: ProviderBook;
  readonly rateCards: RateCardBook;
  readonly prices: PriceBook;
  readonly multipliers: MultiplierBook;
  readonly usage: UsageLedger;
  readonly holds: HoldBook;
  /** `null` where this server signs none */
  readonly quotes: QuoteBook | null;
  readonly checkpoints: CheckpointBook;
  readonly checkpointData: CheckpointData;
  readonly submissions: SubmissionBook;
  /** `null` where this server has no signer's key */
  readonly receipts: ReceiptBook | null;
  readonly disputes: DisputeBook;
  readonly transactions: TransactionBook;
  readonly insight: InsightBook;
  readonly reports: ReportBook;
  readonly vault: VaultReader;
  readonly usageLog: UsageLog;
  /** who may read the log besides the contract's signers */
  readonly auditors: readonly Address[];
}
