import { z } from "zod";

import { AddressField, TimeField } from "@compute-credits/protocol/json/fields";
import { ANSWERS } from "../bounds.ts";
import { AddressText, MicrosText, TimeText, UintText } from "../fields.ts";
import { route } from "../route.ts";

const range = { from: TimeField.optional(), to: TimeField.optional() };

const Group = z
  .object({
    key: z.string().describe("The meter, the UTC day, or the address or id of the grouping."),
    meter: z.string(),
    quantity: UintText.describe("Units of the meter; an event counts once in a group."),
    events: UintText,
    amountMicros: MicrosText,
    feeMicros: MicrosText,
    earnedMicros: MicrosText,
  })
  .meta({ id: "UsageGroup" });

const sums = {
  from: TimeText,
  to: TimeText,
  groupBy: z.enum(["meter", "day", "spender", "provider", "account", "allowance"]),
  groups: z.array(Group).max(ANSWERS.groups.most),
  amountMicros: MicrosText,
  feeMicros: MicrosText,
  earnedMicros: MicrosText,
};

const declared = {
  method: "get",
  tag: "insight",
  description:
    "`from` is inclusive, `to` exclusive; the default is the last 31 days. Voided events do not " +
    "count. As CSV with `Accept: text/csv`.",
  params: z.strictObject({ address: AddressField }),
  reasons: ["empty_range", "range_too_long", "too_many_groups"],
} as const;

export const getAccountUsage = route({
  ...declared,
  id: "getAccountUsage",
  weight: "heavyRead",
  callers: ["owner", "viewKey", "operator", "auditor"],
  path: "/v1/accounts/{address}/usage",
  summary: "Sums of what an account was charged",
  query: z.strictObject({
    ...range,
    groupBy: z.enum(["meter", "day", "spender", "provider", "allowance"]).default("meter"),
  }),
  answers: {
    200: {
      description: "The sums, by group.",
      schema: z.object({ account: AddressText, ...sums }),
      alternatives: ["text/csv"],
    },
  },
});

export const getProviderEarnings = route({
  ...declared,
  id: "getProviderEarnings",
  weight: "heavyRead",
  callers: ["theProvider", "operator", "auditor"],
  path: "/v1/providers/{address}/earnings",
  summary: "Sums of what a provider charged",
  query: z.strictObject({
    ...range,
    groupBy: z.enum(["meter", "day", "spender", "account", "allowance"]).default("meter"),
  }),
  answers: {
    200: {
      description: "The sums, by group.",
      schema: z.object({ provider: AddressText, ...sums }),
      alternatives: ["text/csv"],
    },
  },
});
