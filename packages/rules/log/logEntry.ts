import type { Address, Hex } from "viem";

import type { AllowanceMessage, Scope } from "@compute-credits/protocol/messages/allowance";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { HoldResolution } from "../holds/hold.ts";
import type { MultiplierStep } from "../pricing/multiplier.ts";
import type { PinnedRate } from "../pricing/pinnedRate.ts";
import type { PriceBasis } from "../pricing/priceBasis.ts";
import type { RateCard } from "../pricing/rateCard.ts";
import type { Charge } from "../spending/spendingDraft.ts";

/** Where an entry stands in the log. */
export interface LogPlace {
  /** unique; for each account, the order in which things happened to it */
  readonly order: bigint;
  /** that wrote it: a checkpoint holds the entries whose transactions its snapshot sees */
  readonly transaction: bigint;
}

/** What one allowance paid of an event. */
export interface LoggedCharge extends Charge {
  /** the operator's part */
  readonly feeMicros: bigint;
}

/** All that the rows of a checkpoint depend on, besides the chain: whoever has it can make them again. */
export type LogEntry = LogPlace &
  (
    | {
        readonly kind: "allowance";
        readonly id: Hex;
        readonly message: AllowanceMessage;
        readonly scope: Scope;
        readonly signature: Hex;
        readonly createdAt: Date;
      }
    /** issued out of an allowance, by whoever holds its key: nobody signed it but for the campaign's owner */
    | {
        readonly kind: "grant";
        readonly id: Hex;
        readonly campaign: Hex;
        /** the issuer's, unique within the campaign */
        readonly key: string;
        readonly message: AllowanceMessage;
        readonly scope: Scope;
        readonly createdAt: Date;
      }
    | { readonly kind: "revocation"; readonly allowance: Hex; readonly signature: Hex | null }
    | {
        readonly kind: "access";
        readonly spender: SpenderId;
        readonly provider: Address;
        /** of a spending wallet; `null` where the provider was shown an API key */
        readonly signature: Hex | null;
        readonly createdAt: Date;
      }
    | {
        readonly kind: "access_end";
        readonly spender: SpenderId;
        readonly provider: Address;
        readonly signature: Hex | null;
      }
    | { readonly kind: "card"; readonly card: RateCard; readonly createdAt: Date }
    | {
        readonly kind: "multiplier";
        readonly provider: Address;
        readonly rateKey: string;
        readonly step: MultiplierStep;
      }
    | {
        readonly kind: "hold";
        readonly provider: Address;
        readonly id: string;
        readonly spender: SpenderId;
        readonly meter: string;
        readonly dimensions: Readonly<Record<string, string>>;
        readonly quantity: bigint;
        readonly rate: PinnedRate;
        /** that hold its credits ready, in the order in which they pay */
        readonly allowances: readonly Hex[];
        readonly createdAt: Date;
        readonly expiresAt: Date;
        /** where its price was quoted before: until when that was good */
        readonly quoteExpiresAt: Date | null;
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
    /** the events of these blocks were taken in, both ends included */
    | { readonly kind: "blocks"; readonly from: bigint; readonly to: bigint }
    /** what had been set aside for a refund went into the account's row */
    | { readonly kind: "refund"; readonly account: Address; readonly amountMicros: bigint }
    | ReceiptEntry
  );

/** The signers' promise to a provider: every checkpoint from `epoch` on pays `earned`, which all that was recorded so far adds up to. */
export interface ReceiptEntry {
  readonly kind: "receipt";
  readonly provider: Address;
  /** micro-credits, cumulative */
  readonly earned: bigint;
  readonly epoch: bigint;
  /** no event that was recorded until then is taken back any more */
  readonly at: Date;
}

/** A usage event, or the capture of a hold, with all who paid for it. */
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
  /** the hold that it was captured from */
  readonly holdId: string | null;
  readonly charges: readonly LoggedCharge[];
}

export type LogEntryOf<Kind extends LogEntry["kind"]> = Extract<LogEntry, { kind: Kind }>;
