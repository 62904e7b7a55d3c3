import { z } from "zod";

import { AddressField, EventIdField } from "@compute-credits/protocol/json/fields";
import { CheckpointStatus } from "../checkpoints/checkpointStatus.ts";
import {
  AddressText,
  Bytes32Text,
  MicrosText,
  SignedMicrosText,
  TimeText,
  UintText,
} from "../fields.ts";
import { PriceBasis } from "../pricing/priceBasis.ts";
import { Rate } from "../pricing/rates.ts";
import { ShownEvidence } from "../evidence/evidence.ts";
import { route } from "../route.ts";

const known = { leftMicros: SignedMicrosText };
const unknown = {
  leftMicros: z.null(),
  unknownBecause: z.enum([
    "purchase_times_not_kept",
    "refund_amounts_not_kept",
    "held_amounts_not_kept",
    "carried_not_kept",
  ]),
};

/** A limit that a charge passed, with what it left. */
function limit<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.union([z.object({ ...shape, ...known }), z.object({ ...shape, ...unknown })]);
}

const passed = { limitMicros: MicrosText, spentMicros: MicrosText };

const Charge = z
  .object({
    account: AddressText,
    allowance: Bytes32Text,
    priority: z.int(),
    amountMicros: MicrosText,
    feeMicros: MicrosText,
    earnedMicros: MicrosText,
    limits: z.object({
      accountBalance: limit({}),
      allowanceLimit: limit(passed),
      campaignLimit: limit({ campaign: Bytes32Text, ...passed }).nullable(),
      accountCap: z.object({
        capMicros: MicrosText,
        spentMicros: MicrosText,
        leftMicros: SignedMicrosText,
      }),
    }),
  })
  .meta({ id: "ExplainedCharge" });

const Price = z
  .object({
    rateCardVersion: z.int(),
    publisher: AddressText.nullable().describe("`null`: the operator."),
    effectiveFrom: TimeText,
    rate: Rate,
    basis: PriceBasis.nullable(),
    formula: z.string().describe("The computation, to be read."),
    rounding: z.string(),
    costMicros: MicrosText,
  })
  .meta({ id: "PriceExplanation" });

const Explanation = z
  .object({
    event: z.object({
      provider: AddressText,
      id: z.string(),
      spender: Bytes32Text,
      meter: z.string(),
      quantity: UintText,
      dimensions: z.record(z.string(), z.string()),
      occurredAt: TimeText,
      recordedAt: TimeText,
    }),
    price: Price.nullable(),
    costMicros: MicrosText,
    feeMicros: MicrosText,
    charges: z.array(Charge),
    hold: z
      .object({
        id: z.string(),
        createdAt: TimeText,
        expiresAt: TimeText,
        status: z.enum(["open", "captured", "released", "expired"]),
        capturedMicros: MicrosText,
        heldMicros: MicrosText,
      })
      .nullable(),
    evidence: ShownEvidence.nullable().describe(
      "What a meter signed of the event. Only the owners of accounts that paid, their view keys " +
        "and auditors read it; for others it is `null`.",
    ),
    voidedAt: TimeText.nullable(),
    checkpoint: z
      .object({
        epoch: UintText,
        root: Bytes32Text,
        status: CheckpointStatus,
        finalAt: TimeText.nullable(),
        transactionHash: Bytes32Text.nullable(),
      })
      .nullable()
      .describe("The first that holds the event; `null` if none does yet."),
  })
  .meta({ id: "Explanation" });

const declared = {
  method: "get",
  tag: "insight",
  callers: ["theProvider", "theSpender", "owner", "viewKey", "operator", "auditor"],
  answers: { 200: { description: "The explanation.", schema: Explanation } },
  reasons: ["event_not_found"],
} as const;

export const explainEvent = route({
  ...declared,
  id: "explainEvent",
  weight: "heavyRead",
  path: "/v1/debits/{provider}/{eventId}/explain",
  summary: "Why an event cost what it cost",
  description:
    "Which allowances paid, and which checkpoint holds it. An account that paid reads its own " +
    "charges only; if others paid too, without the price and the hold.",
  params: z.strictObject({ provider: AddressField, eventId: EventIdField }),
});

export const explainEventById = route({
  ...declared,
  id: "explainEventById",
  weight: "heavyRead",
  path: "/v1/debits/{provider}/explain",
  summary: "The same, with `?eventId=`",
  description: "For ids such as `..` that clients would remove from a path.",
  params: z.strictObject({ provider: AddressField }),
  query: z.strictObject({ eventId: EventIdField }),
});
