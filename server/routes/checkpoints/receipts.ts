import { Router } from "express";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { authenticatedProvider } from "../../http/authentication.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { ReceiptStore } from "../../stores/checkpoints/receiptStore.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";

export interface ReceiptDeps {
  readonly providers: Pick<ProviderStore, "callerOfKey">;
  /** `null` if this server has no signer's key */
  readonly receipts: ReceiptStore | null;
  readonly chain: Pick<ChainReader, "threshold" | "isSigner">;
}

/**
 * `POST /v1/receipts`, with a provider's key: 201 with the signers' promise (EIP-712
 * `EarningsReceipt`) that every checkpoint from its epoch on pays what the provider has earned now.
 * Events that it counts can no longer be voided. The contract takes it from `threshold` signatures
 * of its present signers on. `standbySignatures` are by keys of this server that are no signers now:
 * announced ones count from the moment they take over, so a provider that keeps both always has a
 * receipt that counts. 501 if this server has no signer's key.
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
    const { message, signatures: all } = await receipts.issue(provider);
    const [threshold, areSigners] = await Promise.all([
      chain.threshold(),
      Promise.all(all.map(({ signer }) => chain.isSigner(signer))),
    ]);
    // The court refuses a list with a signature of anyone else.
    const signatures = all.filter((_, index) => areSigners[index]);
    respond(res, 201, {
      receipt: message,
      signatures,
      standbySignatures: all.filter((_, index) => areSigners[index] === false),
      threshold,
      isEnforceable: signatures.length >= threshold,
    });
  });

  return router;
}
