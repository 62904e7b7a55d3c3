import { Router } from "express";
import { z } from "zod";

import { parse } from "../../http/parse.ts";
import { MeterName, Dimensions } from "@compute-credits/protocol/json/names";
import { AddressField, uintField } from "@compute-credits/protocol/json/fields";
import { chargeProblem } from "../../http/chargeProblem.ts";
import type { Context } from "../../context.ts";
import { checkLabels } from "../../http/labelLimits.ts";
import { fail } from "../../http/problem.ts";
import { respond, respondProblem } from "../../http/respond.ts";

const QuoteBody = z.strictObject({
  provider: AddressField,
  account: AddressField,
  meter: MeterName,
  dimensions: Dimensions.default({}),
  quantity: uintField(63),
  ttlSeconds: z.int().min(1).default(300),
});

/**
 * `POST /v1/quotes`: a binding price for one account's work at one provider: 201 with the message and the signature
 * (EIP-712 `Quote`). A hold that shows it before it expires is charged at it. 501 where this server signs none.
 */
export function quoteRoutes({ quotes, limits, chain }: Context): Router {
  const router = Router();

  router.post("/quotes", async (req, res) => {
    if (quotes === null) {
      throw fail(
        501,
        "quotes_not_offered",
        "This server signs no quotes: its operator sets QUOTE_PRIVATE_KEY.",
      );
    }
    const request = parse(QuoteBody, req.body);
    checkLabels(request, limits);
    const { maxQuoteSeconds } = limits;
    if (request.ttlSeconds > maxQuoteSeconds) {
      throw fail(422, "quote_too_long", `A quote lasts at most ${maxQuoteSeconds} seconds.`, {
        maxQuoteSeconds,
      });
    }
    const quote = await quotes.make(request);
    if ("refusal" in quote) {
      respondProblem(res, chargeProblem({ reason: quote.refusal }, chain.deployment));
      return;
    }
    respond(res, 201, { ...quote, signer: quotes.signer });
  });

  return router;
}
