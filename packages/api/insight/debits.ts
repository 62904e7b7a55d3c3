import { z } from "zod";

import { AddressField, SpenderField, TimeField } from "@compute-credits/protocol/json/fields";
import { MeterName } from "@compute-credits/protocol/json/names";
import { PAGES } from "../bounds.ts";
import {
  AddressText,
  Bytes32Text,
  MicrosText,
  NextCursor,
  TimeText,
  UintText,
  limitField,
} from "../fields.ts";
import { PriceBasis } from "../pricing/priceBasis.ts";
import { route } from "../route.ts";

const DebitQuery = z.strictObject({
  meter: MeterName.optional(),
  spender: SpenderField.optional(),
  from: TimeField.optional(),
  to: TimeField.optional(),
  cursor: z.string().max(512).optional(),
  limit: limitField(PAGES.list),
});

/** The work of a debit, and who pays whom for it. */
export const debitedWork = {
  recordedAt: TimeText,
  provider: AddressText,
  eventId: z.string(),
  part: z.int().describe("Counts the allowances that pay for one event, from 0."),
  account: AddressText,
  allowance: Bytes32Text,
  spender: Bytes32Text,
  meter: z.string(),
  quantity: UintText.describe("Of the whole event, even if several allowances paid for it."),
  dimensions: z.record(z.string(), z.string()),
  occurredAt: TimeText,
  rateCardVersion: z.int(),
};

const Debit = z
  .object({
    ...debitedWork,
    priceBasis: PriceBasis.nullable(),
    amountMicros: MicrosText,
    feeMicros: MicrosText.describe("The operator's part of the amount."),
    voidedAt: TimeText.nullable(),
    earnedMicros: MicrosText.describe("The provider's part of the amount."),
  })
  .meta({ id: "Debit" });

const declared = {
  method: "get",
  tag: "insight",
  description: "As CSV with `Accept: text/csv`; then a `Link` header leads to the next page.",
  query: DebitQuery,
  answers: {
    200: {
      description: "A page of debits.",
      schema: z.object({ debits: z.array(Debit).max(PAGES.list.most), nextCursor: NextCursor }),
      alternatives: ["text/csv"],
    },
  },
  reasons: [],
} as const;

export const listAccountDebits = route({
  ...declared,
  id: "listAccountDebits",
  weight: "heavyRead",
  callers: ["owner", "viewKey", "operator", "auditor"],
  params: z.strictObject({ address: AddressField }),
  path: "/v1/accounts/{address}/debits",
  summary: "What an account was charged, newest first",
});

export const listProviderDebits = route({
  ...declared,
  id: "listProviderDebits",
  weight: "heavyRead",
  callers: ["theProvider", "operator", "auditor"],
  params: z.strictObject({ address: AddressField }),
  path: "/v1/providers/{address}/debits",
  summary: "What a provider charged, newest first",
});

export const listSpenderDebits = route({
  ...declared,
  id: "listSpenderDebits",
  weight: "heavyRead",
  callers: ["theSpender", "operator", "auditor"],
  params: z.strictObject({ spender: SpenderField }),
  path: "/v1/spenders/{spender}/debits",
  summary: "What a spender used, newest first",
  query: DebitQuery.omit({ spender: true }),
});
