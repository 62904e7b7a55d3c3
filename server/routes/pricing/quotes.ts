import { Router } from "express";
import { z } from "zod";

import { AddressField, uintField } from "@compute-credits/protocol/json/fields";
import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { chargeProblem } from "../../http/chargeProblem.ts";
import { type LabelLimits, checkLabels } from "../../http/labelLimits.ts";
import { parse } from "../../http/parse.ts";
import { ProblemError, fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { Limits } from "../../limits.ts";
import type { QuoteStore } from "../../stores/pricing/quoteStore.ts";

const QuoteBody = z.strictObject({
  provider: AddressField,
  account: AddressField,
  meter: MeterName,
  dimensions: Dimensions.default({}),
  quantity: uintField(63),
  ttlSeconds: z.int().min(1).default(300),
});

export interface QuoteDeps {
  /** `null` if this server signs no quotes */
  readonly quotes: Pick<QuoteStore, "make" | "signer"> | null;
  readonly limits: LabelLimits & Pick<Limits, "maxQuoteSeconds">;
  readonly deployment: Deployment;
}

/**
 * `POST /v1/quotes`: 201 with a binding price for one account's work at one provider, signed
 * (EIP-712 `Quote`). A hold that shows it before it expires is charged at it. 501 if this server
 * signs no quotes.
 */
export function quoteRoutes({ quotes, limits, deployment }: QuoteDeps): Router {
  const router = Router();

  router.post("/quotes", async (req, res) => {
    if (quotes === null) {
      throw fail(
        501,
        "quotes_not_offered",
        "This server signs no quotes. " +
          "Hold without one, or ask the operator to set QUOTE_PRIVATE_KEY.",
      );
    }
    const request = parse(QuoteBody, req.body);
    checkLabels(request, limits);
    const { maxQuoteSeconds } = limits;
    if (request.ttlSeconds > maxQuoteSeconds) {
      throw fail(
        422,
        "quote_too_long",
        `A quote lasts at most ${maxQuoteSeconds} seconds: ask for a shorter ttlSeconds.`,
        { maxQuoteSeconds },
      );
    }
    const quote = await quotes.make(request);
    if ("refusal" in quote) {
      throw new ProblemError(chargeProblem({ reason: quote.refusal }, deployment));
    }
    respond(res, 201, { ...quote, signer: quotes.signer });
  });

  return router;
}
