import { z } from "zod";

import { AddressField, TimeField } from "@compute-credits/protocol/json/fields";
import { ANSWERS } from "../bounds.ts";
import {
  AddressText,
  Bytes32Text,
  MicrosText,
  SignedMicrosText,
  TimeText,
  UintText,
} from "../fields.ts";
import { route } from "../route.ts";

const list = <Item extends z.ZodType>(item: Item) => z.array(item).max(ANSWERS.groups.most);

const head = {
  from: TimeText,
  to: TimeText,
  asOf: TimeText.describe("The moment of the snapshot, by the database's clock."),
  block: z
    .object({ number: UintText, hash: Bytes32Text, time: TimeText })
    .describe("The block of the chain that the ledger has read."),
  debitsPath: z.string().describe("Lists the debits of the range."),
  settled: z
    .object({
      epoch: UintText,
      spentMicros: MicrosText,
      refundedMicros: MicrosText,
      earnedMicros: MicrosText,
    })
    .nullable()
    .describe("The party's newest row on chain, of all time; `null` without one."),
  settlements: list(
    z.object({
      at: TimeText,
      epoch: UintText,
      spentMicros: MicrosText,
      refundedMicros: MicrosText,
      earnedMicros: MicrosText,
      blockNumber: UintText,
      transactionHash: Bytes32Text,
    }),
  ).describe(
    "What the chain settled of the party's row, each without what was settled before. They move " +
      "nothing: what was spent, refunded and earned did already.",
  ),
  reconciles: z
    .boolean()
    .describe("Whether all movements until `asOf` add up to the balance, to the micro-credit."),
  notKept: z
    .array(z.enum(["purchase_times", "settlement_times"]))
    .describe(
      "What the ledger does not keep, so that the statement cannot say it. `settlement_times`: of " +
        "settlements before an upgrade of the server that the range reaches back to.",
    ),
};

const AccountStatement = z
  .object({
    account: AddressText,
    ...head,
    openingMicros: SignedMicrosText.nullable().describe(
      "Credits neither spent nor refunded at `from`; `null` if `notKept` has `purchase_times`.",
    ),
    closingMicros: SignedMicrosText.nullable().describe("The same at `to`, or at `asOf`."),
    purchases: list(
      z.object({
        at: TimeText.describe("When the ledger recorded it."),
        kind: z.enum(["purchase", "top_up"]).describe("`top_up`: another party paid."),
        payer: AddressText,
        amountMicros: MicrosText,
        tokenAmount: UintText,
        blockNumber: UintText,
        transactionHash: Bytes32Text,
      }),
    ),
    refundRequests: list(
      z.object({ at: TimeText, requestedMicros: MicrosText, served: z.boolean() }),
    ).describe("They move nothing: `refunds` do."),
    refunds: list(z.object({ at: TimeText, epoch: UintText, amountMicros: MicrosText })).describe(
      "What checkpoints gave back, when they were cut.",
    ),
    writeOffs: list(z.object({ at: TimeText, amountMicros: SignedMicrosText })).describe(
      "Spending that the operator took over; below 0 for the account that pays it.",
    ),
    debits: list(
      z.object({
        day: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
        meter: z.string(),
        events: UintText,
        amountMicros: MicrosText,
      }),
    ).describe("By UTC day and meter, without voided events."),
  })
  .meta({ id: "AccountStatement" });

const ProviderStatement = z
  .object({
    provider: AddressText,
    ...head,
    openingMicros: MicrosText.describe("All that the provider had earned at `from`."),
    closingMicros: MicrosText.describe("The same at `to`, or at `asOf`."),
    earnings: list(
      z.object({
        day: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
        meter: z.string(),
        events: UintText,
        amountMicros: MicrosText,
        feeMicros: MicrosText,
        earnedMicros: MicrosText,
      }),
    ).describe("By UTC day and meter, without voided events."),
  })
  .meta({ id: "ProviderStatement" });

const declared = {
  method: "get",
  tag: "insight",
  params: z.strictObject({ address: AddressField }),
  query: z.strictObject({ from: TimeField.optional(), to: TimeField.optional() }),
  reasons: ["empty_range", "range_too_long", "too_many_groups"],
} as const;

const RANGE =
  "`from` is inclusive, `to` exclusive; the default is the last 31 days. As CSV with " +
  "`Accept: text/csv`.";

export const getAccountStatement = route({
  ...declared,
  id: "getAccountStatement",
  weight: "heavyRead",
  path: "/v1/accounts/{address}/statement",
  summary: "An account's movements between two balances",
  description: RANGE,
  callers: ["owner", "viewKey", "operator", "auditor"],
  answers: {
    200: {
      description: "The statement.",
      schema: AccountStatement,
      alternatives: ["text/csv"],
    },
  },
});

export const getProviderStatement = route({
  ...declared,
  id: "getProviderStatement",
  weight: "heavyRead",
  path: "/v1/providers/{address}/statement",
  summary: "A provider's earnings between two totals",
  description: RANGE,
  callers: ["theProvider", "operator", "auditor"],
  answers: {
    200: {
      description: "The statement.",
      schema: ProviderStatement,
      alternatives: ["text/csv"],
    },
  },
});
