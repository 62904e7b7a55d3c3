import { Router } from "express";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { authenticatedProvider } from "../../http/authentication.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { ReceiptStore } from "../../stores/checkpoints/receiptStore.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";

export interface ReceiptDeps {
  readonly providers: Pick<ProviderStore, "providerOfKey">;
  /** `null` if this server has no signer's key */
  readonly receipts: ReceiptStore | null;
  readonly chain: Pick<ChainReader, "threshold">;
}

/**
 * `POST /v1/receipts`, with a provider's key: 201 with the signers' promise (EIP-712
 * `EarningsReceipt`) that every checkpoint from its epoch on pays what the provider has earned now.
 * Events that it counts can no longer be voided. The contract takes it from `threshold` signatures
 * on. 501 if this server has no signer's key.
 */
export function receiptRoutes({ providers, receipts, chain }: ReceiptDeps): Router {
  const router = Router();

  router.post("/receipts", async (req, res) => {
    const provider = await authenticatedProvider(req, providers);
    if (receipts === null) {
      throw fail(
        501,
        "receipts_not_offered",
        "This server has no signer's key. " +
          "Ask a server that settles, or wait for a final checkpoint.",
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
