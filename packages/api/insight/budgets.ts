import { z } from "zod";

import { AddressField, Bytes32Field, SpenderField } from "@compute-credits/protocol/json/fields";
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
import { route } from "../route.ts";

const Exhaustion = z.union([
  z.object({ secondsToExhaustion: UintText }),
  z.object({
    secondsToExhaustion: z.null(),
    reason: z.enum(["nothing_spent", "ends_first", "renewed_first", "not_in_force"]),
  }),
]);

/** What an allowance may spend in its period, and how much of it is used. */
export const budgetUse = {
  account: AddressText,
  allowance: Bytes32Text,
  spender: Bytes32Text,
  campaign: Bytes32Text.nullable(),
  status: z.enum(["in_force", "not_started", "expired", "revoked", "not_accepted"]),
  budgetMicros: MicrosText.describe("The limit, and what was carried over."),
  usedMicros: MicrosText.describe("Spent or on hold in this period."),
  remainingMicros: MicrosText,
  usedBps: UintText.describe("Rounds down: only the last micro-credit makes it 10,000."),
  periodStartsAt: UintText.nullable().describe("Seconds since 1970."),
  periodEndsAt: UintText.nullable().describe("Seconds since 1970; `null`: never."),
};

const Budget = z
  .object({
    ...budgetUse,
    exhaustion: Exhaustion.describe("At the rate of the last 24 hours."),
    spent24hMicros: MicrosText,
  })
  .meta({ id: "Budget" });

const page = {
  asOf: TimeText,
  budgets: z.array(Budget).max(PAGES.list.most),
  nextCursor: NextCursor,
};

const declared = {
  method: "get",
  tag: "insight",
  query: z.strictObject({ cursor: Bytes32Field.optional(), limit: limitField(PAGES.list) }),
  reasons: [],
} as const;

export const listBudgets = route({
  ...declared,
  id: "listBudgets",
  path: "/v1/accounts/{address}/budgets",
  summary: "How far each allowance is used",
  callers: ["owner", "viewKey", "operator", "auditor"],
  params: z.strictObject({ address: AddressField }),
  answers: {
    200: {
      description: "A page of budgets, oldest allowance first.",
      schema: z.object({ account: AddressText, ...page }),
    },
  },
});

export const listSpenderBudgets = route({
  ...declared,
  id: "listSpenderBudgets",
  path: "/v1/spenders/{spender}/budgets",
  summary: "How far each allowance of a spender is used",
  description: "Of all accounts that signed for it, also those that it has not accepted.",
  callers: ["theSpender", "operator", "auditor"],
  params: z.strictObject({ spender: SpenderField }),
  answers: {
    200: {
      description: "A page of budgets, oldest allowance first.",
      schema: z.object({ spender: Bytes32Text, ...page }),
    },
  },
});
