import { z } from "zod";

import {
  AddressField,
  ApiKeyField,
  EventIdField,
  SpenderField,
  uintField,
} from "@compute-credits/protocol/json/fields";
import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";
import { SignedQuoteJson } from "@compute-credits/protocol/json/quote";
import { AddressText, Bytes32Text, MicrosText, TimeText, UintText } from "../fields.ts";
import { CHARGE_REFUSALS } from "../problems/chargeRefusals.ts";
import { route } from "../route.ts";
import { Debit } from "../usage/debit.ts";

const HoldBody = z.object({
  id: EventIdField.describe("The provider's own. Captures and the release name the hold by it."),
  meter: MeterName,
  quantity: uintField(63).refine(
    (units) => units > 0n,
    "must be at least 1: a hold of nothing reserves nothing",
  ),
  dimensions: Dimensions.default({}),
  ttlSeconds: z.int().min(1).describe("At most `maxHoldSeconds` of the server's limits."),
  quote: SignedQuoteJson.nullable().default(null),
});

/** Of a spender that gave the provider access before. */
export const SpenderHoldBody = HoldBody.extend({ spender: SpenderField }).strict();

/** The spender's key itself also gives the provider access to the spender. */
export const KeyHoldBody = HoldBody.extend({ apiKey: ApiKeyField }).strict();

const Hold = z
  .object({
    id: EventIdField,
    provider: AddressText,
    spender: Bytes32Text.describe("The spender as allowances name it: 32 bytes."),
    meter: MeterName,
    dimensions: Dimensions,
    quantity: UintText.describe("The most that may be captured, in units of the meter."),
    rateCardVersion: z.int().min(1).describe("Of the pinned rate, which all captures pay."),
    status: z.enum(["open", "captured", "released", "expired"]),
    heldMicros: MicrosText.describe("What is neither captured nor returned."),
    capturedMicros: MicrosText,
    createdAt: TimeText,
    expiresAt: TimeText,
    resolvedAt: TimeText.nullable().describe("`null` while it is open."),
    parts: z.array(
      z.object({ account: AddressText, allowance: Bytes32Text, heldMicros: MicrosText }),
    ),
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
    "If other holds cover what is missing, a refusal has `waitMayHelp`, and `Retry-After` says " +
    "when the account's next hold ends.",
  callers: ["provider"],
  body: z.union([SpenderHoldBody, KeyHoldBody]),
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

const Capture = Debit.extend({ hold: Hold }).meta({ id: "Capture" });

export const captureHold = route({
  id: "captureHold",
  weight: "hot",
  method: "post",
  path: "/v1/holds/{id}/captures",
  tag: "holds",
  summary: "Charges from a hold",
  description: "At the pinned rate. Records a usage event with the id `eventId`.",
  callers: ["provider"],
  params: HoldParams,
  body: z.strictObject({
    eventId: EventIdField,
    quantity: uintField(63),
    final: z.boolean().default(true).describe("Returns the rest, and ends the hold."),
  }),
  exampleBody: { eventId: "job-4712/1", quantity: 3 },
  answers: {
    200: { description: "The first outcome of a capture that is repeated.", schema: Capture },
    201: { description: "What was charged, and the hold.", schema: Capture },
  },
  reasons: [
    "label_too_long",
    "hold_not_found",
    "hold_resolved",
    "capture_exceeds_hold",
    "event_id_conflict",
    "vault_frozen",
  ],
});

export const releaseHold = route({
  id: "releaseHold",
  weight: "hot",
  method: "post",
  path: "/v1/holds/{id}/release",
  tag: "holds",
  summary: "Returns the rest of a hold",
  callers: ["provider"],
  params: HoldParams,
  body: z.strictObject({}).optional(),
  exampleBody: {},
  answers: { 200: { description: "The hold, which has ended.", schema: Hold } },
  reasons: ["hold_not_found", "hold_resolved"],
});
