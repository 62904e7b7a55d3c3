import { z } from "zod";

import { AddressField } from "@compute-credits/protocol/json/fields";
import { AddressText, MicrosText, TimeText, UintText } from "../fields.ts";
import { route } from "../route.ts";

const Watch = z
  .object({
    watchedUntil: TimeText.describe("A sweep, or another request, makes it later."),
    sweptAt: TimeText.nullable().describe("When the server swept it last."),
    refusedAt: TimeText.nullable().describe("When the chain last refused; `null` after a sweep."),
    refusal: z.string().nullable().describe("What it said."),
  })
  .meta({ id: "DepositWatch" });

const DepositAddress = z
  .object({
    account: AddressText,
    depositAddress: AddressText.describe("Where to send tokens. On no other chain."),
    chainId: z.int(),
    depositAddresses: AddressText.describe("The contract that anyone asks to sweep."),
    token: AddressText.describe("The only token that becomes credits."),
    tokenAmount: UintText.describe("Base units there now, in the newest block."),
    creditMicros: MicrosText.describe("What a sweep would buy with them."),
    deployed: z.boolean(),
    sweepsFromMicros: MicrosText.nullable().describe(
      "The server sweeps what buys as much; `null`: it sweeps nothing.",
    ),
    watch: Watch.nullable().describe("`null`: the server does not look at this address."),
  })
  .meta({ id: "DepositAddress" });

const OF_ACCOUNT = z.strictObject({ address: AddressField });

export const getDepositAddress = route({
  id: "getDepositAddress",
  method: "get",
  path: "/v1/accounts/{address}/deposit-address",
  tag: "accounts",
  summary: "Where to send tokens, and what has arrived",
  description:
    "What arrived counts once it was swept and its block is confirmed: then it is in `purchasedMicros` " +
    "of the balance. Anyone may sweep.",
  callers: ["owner", "viewKey", "operator", "auditor"],
  params: OF_ACCOUNT,
  answers: { 200: { description: "The address.", schema: DepositAddress } },
  reasons: ["deposits_not_offered"],
});

export const watchDepositAddress = route({
  id: "watchDepositAddress",
  method: "post",
  path: "/v1/accounts/{address}/deposit-address",
  tag: "accounts",
  summary: "Has the server sweep what arrives there",
  description: "For a week, and for 90 days after each sweep. Repeat it to prolong it.",
  callers: ["owner", "operator"],
  params: OF_ACCOUNT,
  body: z.strictObject({}),
  exampleBody: {},
  answers: { 200: { description: "Until when.", schema: Watch } },
  reasons: ["deposits_not_offered", "too_many_deposit_watches"],
});
