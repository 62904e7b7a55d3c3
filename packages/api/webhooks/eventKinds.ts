import { z } from "zod";

import { AddressText, Bytes32Text, MicrosText, TimeText, UintText } from "../fields.ts";

/** Whose endpoint gets events. */
export const PARTIES = ["account", "provider", "operator"] as const;

export type Party = (typeof PARTIES)[number];

/** A kind of event: when it comes, under twelve words, for a cell; who gets it; its `data`. */
function kind<const Parties extends readonly Party[], Data extends z.ZodObject>(
  when: string,
  parties: Parties,
  data: Data,
) {
  return { when, parties, data };
}

const Allowance = {
  account: AddressText,
  allowance: Bytes32Text,
  spender: Bytes32Text,
};

const Checkpoint = z.object({
  epoch: UintText,
  root: Bytes32Text,
  spentMicros: MicrosText,
  refundedMicros: MicrosText,
  earnedMicros: MicrosText,
  finalAt: TimeText.nullable().describe("By the chain's clock: the end of the dispute window."),
});

const RefundRequest = z.object({
  account: AddressText,
  requestedMicros: MicrosText,
  requestedAt: TimeText.nullable().describe("By the chain's clock: the refund window begins."),
  transactionHash: Bytes32Text,
});

const TopUp = { account: AddressText, policy: Bytes32Text };

const Alarm = z.object({
  name: z.string().describe("As in `/readyz`."),
  message: z.string().describe("What is wrong and what to do."),
});

/** Every kind of event that a server sends. docs/webhooks.md is generated from these. */
export const EVENT_KINDS = {
  "balance.low": kind(
    "The available credits fell below `balanceBelowMicros`.",
    ["account"],
    z.object({ account: AddressText, availableMicros: MicrosText, belowMicros: MicrosText }),
  ),
  "runway.short": kind(
    "At last day's burn, credits end within `runwayBelowSeconds`.",
    ["account"],
    z.object({ account: AddressText, secondsToZero: UintText, belowSeconds: UintText }),
  ),
  "budget.reached": kind(
    "An allowance's period used one of `budgetPercents`.",
    ["account"],
    z.object({
      ...Allowance,
      percent: z.int(),
      usedMicros: MicrosText.describe("Spent or held in the period."),
      limitMicros: MicrosText.describe("What the period allows, with what was carried over."),
    }),
  ),
  "allowance.expiring": kind(
    "An allowance ends within `expiringWithinSeconds`.",
    ["account"],
    z.object({ ...Allowance, expiresAt: UintText.describe("Seconds since 1970.") }),
  ),
  "hold.expired": kind(
    "A hold ended by its time, and freed its credits.",
    ["account", "provider"],
    z.object({ provider: AddressText, holdId: z.string(), spender: Bytes32Text }),
  ),
  "checkpoint.submitted": kind("The chain took a checkpoint.", PARTIES, Checkpoint),
  "checkpoint.final": kind("A checkpoint's dispute window ended.", PARTIES, Checkpoint),
  "checkpoint.dropped": kind("The chain dropped a checkpoint.", PARTIES, Checkpoint),
  "refund.due": kind(
    "A refund was requested: its window begins.",
    ["account", "operator"],
    RefundRequest,
  ),
  "refund.paid": kind(
    "The contract served the refund request.",
    ["account", "operator"],
    RefundRequest,
  ),
  "settlement.claimable": kind(
    "A final checkpoint owes the party tokens that it can claim.",
    ["account", "provider"],
    z.object({
      party: AddressText,
      epoch: UintText,
      earnedMicros: MicrosText.describe("Earned and not claimed yet, as of the checkpoint."),
      refundedMicros: MicrosText.describe("Refunded and not claimed yet."),
    }),
  ),
  "top_up.bought": kind(
    "The keeper topped the account up, and the ledger counts it.",
    ["account"],
    z.object({ ...TopUp, creditMicros: MicrosText, transactionHash: Bytes32Text }),
  ),
  "top_up.refused": kind(
    "A policy's first refusal in a row, or it stopped.",
    ["account"],
    z.object({
      ...TopUp,
      message: z.string().describe("Why nothing was bought."),
      stoppedAs: z.string().nullable().describe("As in the list of policies; `null`: it waits."),
    }),
  ),
  "alarm.raised": kind("An alarm of `/readyz` went on.", ["operator"], Alarm),
  "alarm.ended": kind("That alarm went off.", ["operator"], Alarm),
  "webhook.test": kind(
    "Somebody asked for a test; no endpoint names it.",
    PARTIES,
    z.object({ webhook: z.uuid() }),
  ),
} as const;

export type EventKind = keyof typeof EVENT_KINDS;

/** The kinds that an endpoint may name. */
export const NAMED_KINDS = Object.keys(EVENT_KINDS).filter(isNamedKind);

export type NamedKind = Exclude<EventKind, "webhook.test">;

export function isNamedKind(name: string): name is NamedKind {
  return name in EVENT_KINDS && name !== "webhook.test";
}

/** What an endpoint gets, as JSON. */
export interface WebhookPayload<Kind extends EventKind = EventKind> {
  readonly type: Kind;
  /** when it happened */
  readonly timestamp: string;
  readonly data: z.input<(typeof EVENT_KINDS)[Kind]["data"]>;
}
