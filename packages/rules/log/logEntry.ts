import type { Address, Hex } from "viem";

import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import type { AllowanceMessage, Scope } from "@compute-credits/protocol/messages/allowance";
import type { IssuingKeyMessage } from "@compute-credits/protocol/messages/issuingKey";
import type { IssuingKeyRevocationMessage } from "@compute-credits/protocol/messages/issuingKeyRevocation";
import type { ProviderApprovalMessage } from "@compute-credits/protocol/messages/providerApproval";
import type { ProviderKeyMessage } from "@compute-credits/protocol/messages/providerKey";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { AcceptanceProof } from "../acceptances/acceptance.ts";
import type { RuleTerms } from "../grants/campaignRule.ts";
import type { PromotionTerms } from "../grants/promotionCode.ts";
import type { HoldResolution } from "../holds/hold.ts";
import type { MultiplierStep } from "../pricing/multiplier.ts";
import type { PinnedRate } from "../pricing/pinnedRate.ts";
import type { PriceBasis } from "../pricing/priceBasis.ts";
import type { RateCard } from "../pricing/rateCard.ts";
import type { Charge } from "../spending/findCharges.ts";

/** The position of an entry in the log. */
export interface LogPosition {
  /** unique; ascending in the order of events for each account */
  readonly order: bigint;
  /** the writing transaction: a checkpoint holds the entries visible to its snapshot */
  readonly transaction: bigint;
}

/** The part of an event's cost that one allowance paid. */
export interface LoggedCharge extends Charge {
  /** the operator's share of `amountMicros` */
  readonly feeMicros: bigint;
}

/** Units of one line of a hold that were reserved together, at one rate. */
interface LoggedLot {
  readonly provider: Address;
  /** the hold's */
  readonly id: string;
  /** absent: the hold's only line, whose request named none */
  readonly line?: string | undefined;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: bigint;
  readonly rate: PinnedRate;
  /** the allowances that hold the credits, in the order in which they pay */
  readonly allowances: readonly Hex[];
}

/** An entry of the log. The log and the chain together are enough to rebuild every row. */
export type LogEntry = LogPosition &
  (
    | {
        readonly kind: "allowance";
        readonly id: Hex;
        readonly message: AllowanceMessage;
        readonly scope: Scope;
        readonly signature: Hex;
        readonly createdAt: Date;
        /** it counted before spenders accepted accounts, so it needs no acceptance */
        readonly predatesAcceptance: boolean;
      }
    /** covered by the campaign's signature only */
    | {
        readonly kind: "grant";
        readonly id: Hex;
        readonly campaign: Hex;
        /** the issuer's key for it, unique within the campaign */
        readonly key: string;
        readonly message: AllowanceMessage;
        readonly scope: Scope;
        /**
         * the hash of an open issuing key, or the owner's address, padded (`walletSpender`); `null`
         * if the holder of the campaign's API key issued it, before there were issuing keys
         */
        readonly issuer: Hex | null;
        readonly createdAt: Date;
        /** as of an allowance */
        readonly predatesAcceptance: boolean;
      }
    | ({ readonly kind: "issuing_key"; readonly signature: Hex } & IssuingKeyMessage)
    | ({ readonly kind: "issuing_key_end"; readonly signature: Hex } & IssuingKeyRevocationMessage)
    /** an operator's decision; an auditor checks its signature */
    | ({
        readonly kind: "provider_approval";
        readonly operator: Address;
        readonly signature: Hex;
      } & ProviderApprovalMessage)
    /** `signature` is `null` if the key was registered before the log had these entries */
    | ({
        readonly kind: "provider_key";
        readonly signature: Hex | null;
        readonly at: Date;
      } & ProviderKeyMessage)
    | ({
        readonly kind: "provider_key_end";
        readonly signature: Hex | null;
        readonly at: Date;
      } & ProviderKeyMessage)
    /** a promotion code, by its hash; redeeming it is a grant */
    | {
        readonly kind: "code";
        readonly campaign: Hex;
        readonly codeHash: Hex;
        readonly terms: Omit<PromotionTerms, "maxRedemptions">;
        readonly maxRedemptions: bigint;
        /** as of a grant */
        readonly issuer: Hex | null;
        readonly at: Date;
      }
    | {
        readonly kind: "code_end";
        readonly campaign: Hex;
        readonly codeHash: Hex;
        readonly at: Date;
      }
    /** what accounts must have done to claim grants of a campaign; it counts what comes after it */
    | {
        readonly kind: "campaign_rule";
        readonly campaign: Hex;
        readonly terms: RuleTerms;
        /** as of a grant; never `null` */
        readonly issuer: Hex;
        /** the last block whose events the ledger had recorded */
        readonly sinceBlock: bigint;
        readonly at: Date;
      }
    | { readonly kind: "campaign_rule_end"; readonly campaign: Hex; readonly at: Date }
    /** an account claimed its grant of a campaign's rule; the grant follows */
    | {
        readonly kind: "rule_claim";
        readonly campaign: Hex;
        readonly account: Address;
        readonly spender: SpenderId;
        /** the account that brought it; `null` unless the rule asks for one */
        readonly referrer: Address | null;
        readonly grant: Hex;
        readonly at: Date;
      }
    | { readonly kind: "revocation"; readonly allowance: Hex; readonly signature: Hex | null }
    | {
        readonly kind: "access";
        readonly spender: SpenderId;
        readonly provider: Address;
        /** the spending wallet's; `null` if the provider presented an API key */
        readonly signature: Hex | null;
        readonly createdAt: Date;
      }
    | {
        readonly kind: "access_end";
        readonly spender: SpenderId;
        readonly provider: Address;
        readonly signature: Hex | null;
      }
    /** the spender lets an account pay for it, or ends that */
    | {
        readonly kind: "acceptance";
        readonly spender: SpenderId;
        readonly account: Address;
        readonly accepted: boolean;
        readonly how: AcceptanceProof["how"];
        /** the spending wallet's; `null` if it did not sign */
        readonly signature: Hex | null;
        /** in the signed message; 0 without a signature */
        readonly signedAt: bigint;
        readonly at: Date;
      }
    | { readonly kind: "card"; readonly card: RateCard; readonly createdAt: Date }
    | {
        readonly kind: "multiplier";
        readonly provider: Address;
        readonly rateKey: string;
        readonly step: MultiplierStep;
      }
    /** a hold with its first lot */
    | (LoggedLot & {
        readonly kind: "hold";
        readonly spender: SpenderId;
        readonly createdAt: Date;
        readonly expiresAt: Date;
        /** the quote's expiry; `null` if the hold used the current price */
        readonly quoteExpiresAt: Date | null;
      })
    /** a further lot, reserved with the hold or by an extension */
    | (LoggedLot & { readonly kind: "hold_lot"; readonly heldAt: Date })
    | {
        readonly kind: "hold_extension";
        readonly provider: Address;
        readonly id: string;
        readonly extension: string;
        /** as it was asked for */
        readonly ttlSeconds: number | null;
        readonly lines: readonly { readonly line: string; readonly quantity: bigint }[];
        /** the hold's end since */
        readonly expiresAt: Date;
        readonly at: Date;
      }
    | {
        readonly kind: "hold_end";
        readonly provider: Address;
        readonly id: string;
        readonly as: HoldResolution["as"];
        readonly at: Date;
      }
    | DebitEntry
    | {
        readonly kind: "void";
        readonly provider: Address;
        readonly id: string;
        readonly amountMicros: bigint;
        readonly at: Date;
      }
    /** the ledger recorded the events of these blocks, inclusive */
    | { readonly kind: "blocks"; readonly from: bigint; readonly to: bigint }
    | MissedEventsEntry
    /** an operator let the indexer read a block whose bloom filter denies its logs */
    | { readonly kind: "passed_block"; readonly block: bigint; readonly hash: Hex }
    /** credits reserved for a refund went into the account's row */
    | { readonly kind: "refund"; readonly account: Address; readonly amountMicros: bigint }
    | ReceiptEntry
    | CheckpointEntry
    | WriteOffEntry
    /** from this entry on, debits and holds follow the rule; the migration to it writes the entry */
    | { readonly kind: "rule"; readonly name: "own_prices" }
  );

/** The position of an event on the chain, without its content, which each reader has itself. */
export interface EventPlace {
  readonly block: bigint;
  readonly logIndex: number;
}

/**
 * The ledger had missed these events of blocks that it had read, and recorded them now, in this
 * order. It has recorded all events up to block `upTo`.
 */
export interface MissedEventsEntry {
  readonly kind: "missed_events";
  readonly upTo: bigint;
  readonly events: readonly EventPlace[];
}

/**
 * The signers' promise to a provider: each checkpoint from `epoch` on shows at least `earned`, the
 * sum of all earnings recorded so far.
 */
export interface ReceiptEntry {
  readonly kind: "receipt";
  readonly provider: Address;
  /** micro-credits, cumulative */
  readonly earned: bigint;
  readonly epoch: bigint;
  /** events recorded until then can no longer be voided */
  readonly at: Date;
}

/**
 * The ledger cut a checkpoint. The entry is of the transaction of the cut, so the checkpoint itself
 * does not hold it.
 */
export interface CheckpointEntry extends CheckpointMessage {
  readonly kind: "checkpoint";
  /** ascending in the order of the cuts */
  readonly id: bigint;
  /** the PostgreSQL snapshot of the cut: the checkpoint holds the entries that it sees */
  readonly snapshot: string;
  /** no earlier than the snapshot; with microseconds */
  readonly cutAt: string;
}

/**
 * Spending of `account` that is in no final table and that no cap covers any more. The operator's
 * account `payer` takes it over. No event of `account` until then can be voided.
 */
export interface WriteOffEntry {
  readonly kind: "write_off";
  readonly account: Address;
  readonly payer: Address;
  readonly amountMicros: bigint;
  readonly at: Date;
  /** the chain's time by which no grace was left; later than `at` if the chain's clock is ahead */
  readonly chainTime: Date;
}

/** A usage event or a capture, with what each allowance paid. */
export interface DebitEntry {
  readonly kind: "debit";
  readonly provider: Address;
  readonly id: string;
  readonly spender: SpenderId;
  readonly meter: string;
  readonly quantity: bigint;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly occurredAt: Date;
  readonly recordedAt: Date;
  readonly rateCardVersion: number;
  readonly priceBasis: PriceBasis;
  /** for a capture, the hold's id */
  readonly holdId: string | null;
  /** for a capture, as of a lot */
  readonly line?: string | undefined;
  readonly charges: readonly LoggedCharge[];
}

export type LogEntryOf<Kind extends LogEntry["kind"]> = Extract<LogEntry, { kind: Kind }>;
