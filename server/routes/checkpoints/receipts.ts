import { Router } from "express";

import { authenticatedProvider } from "../../http/authentication.ts";
import type { Context } from "../../context.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";

/**
 * `POST /v1/receipts`, with a provider's key: the signers' promise (EIP-712 `EarningsReceipt`) that every checkpoint from its
 * epoch on pays what the provider has earned as of now. 201. Events that it counts in can't be taken back any more.
 * With fewer signatures than `threshold` the contract takes no notice of it. 501 where this server has no signer's key.
 */
export function receiptRoutes(context: Context): Router {
  const router = Router();
  const { receipts, chain } = context;

  router.post("/receipts", async (req, res) => {
    const provider = await authenticatedProvider(req, context);
    if (receipts === null) {
      throw fail(
        501,
        "receipts_not_offered",
        "This server has no signer's key: ask one that settles, or wait for a final checkpoint.",
      );
    }
    const threshold = await chain.threshold();
    const { message, signatures } = await receipts.issue(provider);
    respond(res, 201, {
      receipt: message,
      signatures,
      threshold,
      isEnforceable: signatures.length >= threshold,
    });
  });

  return router;
}
