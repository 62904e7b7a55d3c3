import { z } from "zod";

import { CheckpointJson } from "@compute-credits/protocol/json/checkpoint";
import { CheckpointStatus } from "../checkpoints/checkpointStatus.ts";
import { AddressText, Bytes32Text, MicrosText, TimeText, UintText } from "../fields.ts";
import { budgetUse } from "../insight/budgets.ts";
import { debitedWork } from "../insight/debits.ts";

/**
 * The data of each event of a stream, by the event's name. An entry (`debit`, `void`) is sent once;
 * a state (the others) is sent whenever it has changed, and the latest replaces all before it.
 */
export const LIVE_EVENTS = {
  balance: z
    .object({
      account: AddressText,
      purchasedMicros: MicrosText,
      spentMicros: MicrosText,
      heldMicros: MicrosText,
      refundingMicros: MicrosText,
      refundWaitingMicros: MicrosText.describe("Requested, and still bound by holds or spent."),
      refundedMicros: MicrosText,
      availableMicros: MicrosText,
      counter: UintText.describe("A higher one has ended all allowances of lower ones."),
    })
    .meta({ id: "LiveBalance" }),
  debit: z
    .object({
      ...debitedWork,
      amountMicros: MicrosText,
      feeMicros: MicrosText.describe("The operator's part of the amount."),
      earnedMicros: MicrosText.describe("The provider's part of the amount."),
      holdId: z.string().nullable().describe("Of the hold that it was captured from."),
    })
    .meta({ id: "LiveDebit" }),
  void: z
    .object({
      voidedAt: TimeText,
      provider: AddressText,
      eventId: z.string(),
      part: z.int(),
      account: AddressText,
      allowance: Bytes32Text,
      spender: Bytes32Text,
      amountMicros: MicrosText.describe("What this part had paid, and gets back."),
    })
    .meta({ id: "LiveVoid" }),
  hold: z
    .object({
      provider: AddressText,
      holdId: z.string(),
      spender: Bytes32Text,
      status: z.enum(["open", "captured", "released", "expired"]),
      heldMicros: MicrosText.describe("Still set aside: of the stream's account, or of all."),
      createdAt: TimeText,
      expiresAt: TimeText,
      endedAt: TimeText.nullable(),
    })
    .meta({ id: "LiveHold" }),
  budget: z.object(budgetUse).meta({ id: "LiveBudget" }),
  refund: z
    .object({
      account: AddressText,
      status: z
        .enum(["requested", "due", "paid"])
        .describe("`due`: in a row that the contract pays once its checkpoint is final."),
      requestedMicros: MicrosText.nullable().describe("Of the newest request on chain."),
      requestedAt: TimeText.nullable(),
      refundingMicros: MicrosText.describe("Set aside, and not yet in a checkpoint."),
      refundWaitingMicros: MicrosText,
      refundedMicros: MicrosText.describe("All that checkpoints have given back."),
      paidMicros: MicrosText.describe("Of `refundedMicros`, what the contract has paid."),
    })
    .meta({ id: "LiveRefund" }),
  checkpoint: z
    .object({
      checkpoint: CheckpointJson,
      status: CheckpointStatus,
      finalAt: TimeText.nullable(),
      transactionHash: Bytes32Text.nullable(),
    })
    .meta({ id: "LiveCheckpoint" }),
  reset: z
    .object({ reason: z.enum(["too_old", "unknown_position"]), detail: z.string() })
    .meta({ id: "LiveReset" }),
  closing: z
    .object({
      reason: z.enum(["stopping", "credentials_ended", "slow_reader"]),
      detail: z.string(),
    })
    .meta({ id: "LiveClosing" }),
} as const;

export type LiveEventName = keyof typeof LIVE_EVENTS;

/** An event as a program reads it: amounts as `bigint`, times as `Date`. */
export type LiveEventOf<Name extends LiveEventName> = {
  [Each in Name]: {
    readonly event: Each;
    readonly data: z.output<(typeof LIVE_EVENTS)[Each]>;
    /** send it as `Last-Event-ID` to go on after this event */
    readonly id: string;
  };
}[Name];

/** What a stream of each party can be asked for. */
export const LIVE_KINDS = {
  account: ["balance", "debit", "void", "hold", "budget", "refund"],
  provider: ["debit", "void", "hold"],
  spender: ["debit", "void", "hold", "budget"],
} as const satisfies Record<string, readonly LiveEventName[]>;

export type LiveKind = (typeof LIVE_KINDS)[keyof typeof LIVE_KINDS][number];
