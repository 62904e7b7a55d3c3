import { Router } from "express";

import { makeQuote } from "@compute-credits/api/pricing/quotes";
import { chargeProblem } from "../../http/chargeProblem.ts";
import { type LabelLimits, checkLabels } from "../../http/labelLimits.ts";
import { mount } from "../../http/mount.ts";
import { ProblemError, fail } from "../../http/problem.ts";
import type { Sale } from "../../http/sale.ts";
import type { Limits } from "../../limits.ts";
import type { QuoteStore } from "../../stores/pricing/quoteStore.ts";
import { type TierReaderDeps, checkTierReader } from "./tierReader.ts";

export interface QuoteDeps extends TierReaderDeps {
  /** `null` if this server signs no quotes */
  readonly quotes: Pick<QuoteStore, "make" | "signer"> | null;
  readonly limits: LabelLimits & Pick<Limits, "maxQuoteSeconds">;
  readonly sale: Sale;
}

export function quoteRoutes({ quotes, limits, sale, ...readers }: QuoteDeps): Router {
  const router = Router();

  mount(router, makeQuote, async ({ req, read, answer }) => {
    if (quotes === null) {
      throw fail(
        501,
        "quotes_not_offered",
        "This server signs no quotes. " +
          "Hold without one, or ask the operator to set QUOTE_PRIVATE_KEY.",
      );
    }
    const request = read().body;
    const { account, provider } = request;
    await checkTierReader(req, { route: makeQuote, account, provider }, readers);
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
      throw new ProblemError(chargeProblem({ reason: quote.refusal }, sale));
    }
    return answer(201, { ...quote, signer: quotes.signer });
  });

  return router;
}
