import { z } from "zod";

import {
  AddressField,
  ApiKeyField,
  EventIdField,
  SpenderField,
  uintField,
} from "@compute-credits/protocol/json/fields";
import { EvidenceJson } from "@compute-credits/protocol/json/evidence";
import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";
import { HOLDS } from "../bounds.ts";
import { SignedQuoteJson } from "@compute-credits/protocol/json/quote";
import { AddressText, Bytes32Text, MicrosText, TimeText, UintText } from "../fields.ts";
import { EvidenceOutcome } from "../evidence/evidence.ts";
import { EVIDENCE_REFUSALS } from "../problems/evidenceReasons.ts";
import { CHARGE_REFUSALS } from "../problems/chargeRefusals.ts";
import { route } from "../route.ts";
import { Debit } from "../usage/debit.ts";

const LineIdField = EventIdField.describe("The line's, unique within the hold.");

const units = uintField(63).refine(
  (quantity) => quantity > 0n,
  "must be at least 1: a hold of nothing reserves nothing",
);

const work = { meter: MeterName, quantity: units, dimensions: Dimensions.default({}) };

const terms = {
  id: EventIdField.describe("The provider's own. Captures and the release name the hold by it."),
  ttlSeconds: z.int().min(1).describe("At most `maxHoldSeconds` of the server's limits."),
};

/** One line, whose id is `main`. */
const oneLine = { ...terms, ...work, quote: SignedQuoteJson.nullable().default(null) };

/** Whether no two items have the same value of any of the fields. */
function areUnique<Item>(items: readonly Item[], ...fields: (keyof Item)[]): boolean {
  return fields.every((field) => new Set(items.map((item) => item[field])).size === items.length);
}

const severalLines = {
  ...terms,
  lines: z
    .array(z.strictObject({ id: LineIdField, ...work }))
    .min(1)
    .max(HOLDS.lines.most)
    .refine((lines) => areUnique(lines, "id"), "must have lines with different ids")
    .describe("Each pays its own rate. All of them are reserved, in this order, or none."),
};

/** Of a spender that gave the provider access before. */
const spenders = { spender: SpenderField };
/** The spender's key itself also gives the provider access to the spender. */
const keys = { apiKey: ApiKeyField };

/** The forms of a body: which one it has, the fields `apiKey` and `lines` tell. */
export const HOLD_BODIES = {
  oneLine: {
    spender: z.strictObject({ ...oneLine, ...spenders }),
    apiKey: z.strictObject({ ...oneLine, ...keys }),
  },
  severalLines: {
    spender: z.strictObject({ ...severalLines, ...spenders }),
    apiKey: z.strictObject({ ...severalLines, ...keys }),
  },
} as const;

const HoldLot = z
  .object({
    quantity: UintText.describe("The most that may be captured of it, in units of the meter."),
    capturedQuantity: UintText,
    rateCardVersion: z.int().min(1).describe("Of the pinned rate, which its captures pay."),
    heldMicros: MicrosText,
    capturedMicros: MicrosText,
    heldAt: TimeText,
  })
  .meta({ id: "HoldLot" });

const HoldLine = z
  .object({
    id: EventIdField.describe("`main`, unless the request named its lines."),
    meter: MeterName,
    dimensions: Dimensions,
    quantity: UintText.describe("With what extensions added."),
    capturedQuantity: UintText,
    heldMicros: MicrosText.describe("What is neither captured nor returned."),
    capturedMicros: MicrosText,
    lots: z
      .array(HoldLot)
      .min(1)
      .describe("What was reserved together. Captures use the lots in this order."),
  })
  .meta({ id: "HoldLine" });

const Hold = z
  .object({
    id: EventIdField,
    provider: AddressText,
    spender: Bytes32Text.describe("The spender as allowances name it: 32 bytes."),
    meter: MeterName.describe("Of the first line, as are the next three."),
    dimensions: Dimensions,
    quantity: UintText.describe("The most that may be captured, in units of the meter."),
    rateCardVersion: z.int().min(1).describe("Of the pinned rate, which all captures pay."),
    status: z.enum(["open", "captured", "released", "expired"]),
    heldMicros: MicrosText.describe("Of all lines: what is neither captured nor returned."),
    capturedMicros: MicrosText.describe("Of all lines."),
    remainingMicros: MicrosText.nullable().describe(
      "What the allowances in `parts` can still pay, after this and within all limits. `null` in " +
        "answers that change nothing: reads, and repetitions.",
    ),
    createdAt: TimeText,
    expiresAt: TimeText,
    resolvedAt: TimeText.nullable().describe("`null` while it is open."),
    parts: z
      .array(z.object({ account: AddressText, allowance: Bytes32Text, heldMicros: MicrosText }))
      .describe("Who pays, lot by lot."),
    lines: z.array(HoldLine).min(1).describe("In the order in which they were asked for."),
  })
  .meta({ id: "Hold" });

const HoldParams = z.strictObject({ id: EventIdField });

export const openHold = route({
  id: "openHold",
  weight: "hot",
  method: "post",
  path: "/v1/holds",
  tag: "holds",
  summary: "Sets the cost of work aside",
  description:
    "All of it, or nothing. `apiKey` also gives the provider access to the key's spender; a " +
    "provider that has access sends `spender`. A hold ends by itself at `expiresAt`.\n\n" +
    "With `meter` and `quantity` it has one line, `main`. With `lines` it has several, each with " +
    "its own work and rate; if one cannot be paid, `line` of the refusal names it.\n\n" +
    "If other holds cover what is missing, a refusal has `waitMayHelp`, and `Retry-After` says " +
    "when the account's next hold ends.",
  hasOwnIds: true,
  isWork: true,
  callers: ["provider"],
  body: z.union([
    HOLD_BODIES.oneLine.spender,
    HOLD_BODIES.oneLine.apiKey,
    HOLD_BODIES.severalLines.spender,
    HOLD_BODIES.severalLines.apiKey,
  ]),
  exampleBody: {
    id: "job-4712",
    apiKey: "cck_the-spenders-own-key",
    meter: "requests",
    quantity: 5,
    ttlSeconds: 60,
  },
  answers: {
    200: { description: "The same request opened this hold before.", schema: Hold },
    201: { description: "The hold.", schema: Hold },
  },
  reasons: [
    "label_too_long",
    "hold_too_long",
    "invalid_quote",
    "quote_expired",
    "quote_mismatch",
    "access_revoked",
    "provider_bound_reached",
    "hold_id_conflict",
    "too_many_holds",
    ...CHARGE_REFUSALS,
  ],
});

export const getHold = route({
  id: "getHold",
  method: "get",
  path: "/v1/holds/{id}",
  tag: "holds",
  summary: "One hold",
  callers: ["theProvider", "operator", "auditor"],
  params: HoldParams,
  query: z.strictObject({ provider: AddressField.optional().describe("The caller, if absent.") }),
  answers: { 200: { description: "The hold.", schema: Hold } },
  reasons: ["hold_not_found"],
});

const CapturedLine = Debit.omit({ result: true, repeated: true })
  .extend({
    id: EventIdField.describe("The line's."),
    eventId: EventIdField,
    evidence: EvidenceOutcome.optional(),
  })
  .meta({ id: "CapturedLine" });

const Capture = Debit.extend({
  hold: Hold,
  lines: z
    .array(CapturedLine)
    .min(1)
    .describe("Of these, `costMicros` and `charges` beside are the sums."),
}).meta({ id: "Capture" });

const captured = {
  eventId: EventIdField.describe("The id of the usage event that it records."),
  quantity: uintField(63),
  evidence: EvidenceJson.optional().describe("Signed by a meter; no price depends on it."),
};

const final = z
  .boolean()
  .default(true)
  .describe("Returns the rest of all lines, and ends the hold.");

/** The forms of a body: which one it has, the field `lines` tells. */
export const CAPTURE_BODIES = {
  oneLine: z.strictObject({
    ...captured,
    line: LineIdField.optional().describe("`main`, if absent."),
    final,
  }),
  severalLines: z.strictObject({
    lines: z
      .array(z.strictObject({ id: LineIdField, ...captured }))
      .min(1)
      .max(HOLDS.lines.most)
      .refine(
        (lines) => areUnique(lines, "id", "eventId"),
        "must have lines with different ids, and different eventIds",
      )
      .describe("All of them are charged, or none."),
    final,
  }),
} as const;

export const captureHold = route({
  id: "captureHold",
  weight: "hot",
  method: "post",
  path: "/v1/holds/{id}/captures",
  tag: "holds",
  summary: "Charges from a hold",
  description:
    "At the pinned rates. Records a usage event with the id `eventId`; with `lines`, one for each, " +
    "all or none.",
  hasOwnIds: true,
  isWork: true,
  callers: ["provider"],
  params: HoldParams,
  body: z.union([CAPTURE_BODIES.oneLine, CAPTURE_BODIES.severalLines]),
  exampleBody: { eventId: "job-4712/1", quantity: 3 },
  answers: {
    200: { description: "The first outcome of a capture that is repeated.", schema: Capture },
    201: { description: "What was charged, and the hold.", schema: Capture },
  },
  reasons: [
    "label_too_long",
    "hold_not_found",
    "hold_line_not_found",
    "hold_resolved",
    "capture_exceeds_hold",
    "event_id_conflict",
    "vault_frozen",
    ...EVIDENCE_REFUSALS,
  ],
});

export const extendHold = route({
  id: "extendHold",
  weight: "hot",
  method: "post",
  path: "/v1/holds/{id}/extensions",
  tag: "holds",
  summary: "Adds time and units to a hold",
  description:
    "All of it, or nothing. What is added to a line is reserved at the rate of now. Refused once " +
    "an account that holds credits for it has requested a refund or raised its counter, and if an " +
    "allowance of them may no longer pay.",
  hasOwnIds: true,
  isWork: true,
  callers: ["provider"],
  params: HoldParams,
  body: z
    .strictObject({
      id: EventIdField.describe("The extension's, unique within the hold: it is made once."),
      ttlSeconds: z
        .int()
        .min(1)
        .nullable()
        .default(null)
        .describe(
          "From now until the hold ends, which is never earlier than before. At most " +
            "`maxHoldSeconds` of the server's limits. `null` leaves the end as it is.",
        ),
      lines: z
        .array(z.strictObject({ id: LineIdField, quantity: units }))
        .max(HOLDS.lines.most)
        .refine((lines) => areUnique(lines, "id"), "must have lines with different ids")
        .default([])
        .describe("Units to add to lines of the hold."),
    })
    .refine(
      ({ ttlSeconds, lines }) => ttlSeconds !== null || lines.length > 0,
      "must ask for time with ttlSeconds, for units with lines, or for both",
    ),
  exampleBody: { id: "job-4712/more-1", ttlSeconds: 60, lines: [{ id: "main", quantity: 5 }] },
  answers: {
    200: { description: "The hold; the same extension was made before.", schema: Hold },
    201: { description: "The hold, with what was added.", schema: Hold },
  },
  reasons: [
    "label_too_long",
    "hold_too_long",
    "hold_not_found",
    "hold_line_not_found",
    "hold_resolved",
    "extension_id_conflict",
    "too_many_extensions",
    "refund_requested",
    ...CHARGE_REFUSALS,
  ],
});

export const releaseHold = route({
  id: "releaseHold",
  weight: "hot",
  method: "post",
  path: "/v1/holds/{id}/release",
  tag: "holds",
  summary: "Returns the rest of a hold",
  hasOwnIds: true,
  isWork: true,
  callers: ["provider"],
  params: HoldParams,
  body: z.strictObject({}).optional(),
  exampleBody: {},
  answers: { 200: { description: "The hold, which has ended.", schema: Hold } },
  reasons: ["hold_not_found", "hold_resolved"],
});
