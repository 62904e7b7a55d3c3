import type { Address } from "viem";

import type { Limits } from "../limits.ts";
import type { AccountBook } from "../ports/accountBook.ts";
import type { AllowanceBook } from "../ports/allowanceBook.ts";
import type { ChainReader, Terms } from "@compute-credits/platform/chain/chain";
import type { ChainBook } from "@compute-credits/platform/chain/chainStore";
import type { CheckpointBook } from "../ports/checkpointBook.ts";
import type { CheckpointData } from "../ports/checkpointData.ts";
import type { MultiplierBook } from "../ports/multiplierBook.ts";
import type { PriceBook } from "../ports/priceBook.ts";
import type { GrantBook } from "../ports/grantBook.ts";
import type { HoldBook } from "../ports/holdBook.ts";
import type { InsightBook } from "../ports/insightBook.ts";
import type { ProviderBook } from "../ports/providerBook.ts";
import type { QuoteBook } from "../ports/quoteBook.ts";
import type { RateCardBook } from "../ports/rateCardBook.ts";
import type { DisputeBook } from "../ports/disputeBook.ts";
import type { TransactionBook } from "@compute-credits/platform/chain/transactionStore";
import type { ReceiptBook } from "../ports/receiptBook.ts";
import type { SubmissionBook } from "../ports/submissionBook.ts";
import type { ReportBook } from "../ports/reportBook.ts";
import type { UsageLedger } from "../ports/usageLedger.ts";
import type { UsageLog } from "../ports/usageLog.ts";
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
