import { z } from "zod";

import { AddressField, uintField } from "@compute-credits/protocol/json/fields";
import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";
import { SignedQuoteJson } from "@compute-credits/protocol/json/quote";
import { AddressText } from "../fields.ts";
import { PRICE_REFUSALS } from "../problems/chargeRefusals.ts";
import { route } from "../route.ts";

export const makeQuote = route({
  id: "makeQuote",
  weight: "heavyRead",
  method: "post",
  path: "/v1/quotes",
  tag: "pricing",
  summary: "A signed price that holds honour",
  description:
    "For one account's work at one provider (EIP-712 `Quote`). A hold that shows it before it " +
    "expires is charged at it. What the account has used decides the tier, so only its owner may " +
    "ask, with a session or `CampaignAccess`, a spender that accepted it, and an approved provider " +
    "with its key, for its own rates.",
  isWork: true,
  callers: ["owner", "theSpender", "theProvider", "operator"],
  body: z.strictObject({
    provider: AddressField,
    account: AddressField,
    meter: MeterName,
    dimensions: Dimensions.default({}),
    quantity: uintField(63),
    ttlSeconds: z
      .int()
      .min(1)
      .default(300)
      .describe("At most `maxQuoteSeconds` of the server's limits."),
  }),
  exampleBody: {
    provider: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
    account: "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    meter: "gpu.seconds",
    dimensions: { gpu: "H100" },
    quantity: 90,
    ttlSeconds: 60,
  },
  answers: {
    201: {
      description: "The quote, and who signed it.",
      schema: SignedQuoteJson.extend({ signer: AddressText }).meta({ id: "SignedQuote" }),
    },
  },
  reasons: ["quotes_not_offered", "label_too_long", "quote_too_long", ...PRICE_REFUSALS],
});
