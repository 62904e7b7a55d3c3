import { Router } from "express";

import { authenticatedProvider } from "../../http/authentication.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { ReceiptRecords, ReceiptStore } from "../../stores/checkpoints/receiptStore.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";
import { type ReceiptChain, describeReceipt } from "./describeReceipt.ts";

export interface ReceiptDeps {
  readonly providers: Pick<ProviderStore, "callerOfKey">;
  /** `null` if this server has no signer's key */
  readonly receipts: ReceiptStore | null;
  readonly receiptRecords: Pick<ReceiptRecords, "latest">;
  readonly chain: ReceiptChain;
}

/**
 * `POST /v1/receipts`, with a provider's key: 201 with the signers' promise (EIP-712
 * `EarningsReceipt`) that every checkpoint from its epoch on pays what the provider has earned now.
 * Events that it counts can no longer be voided. The contract takes it from `threshold` signatures
 * of its present signers on. `standbySignatures` are by keys that are no signers now: announced
 * ones count from the moment they take over, so a provider that keeps both always has a receipt
 * that counts. 501 if this server has no signer's key.
 *
 * `GET /v1/receipts/latest`, with a provider's key: 200 with the same receipt again, and the
 * signatures that co-signers have sent since. Promises and signs nothing.
 */
export function receiptRoutes({ providers, receipts, receiptRecords, chain }: ReceiptDeps): Router {
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
    respond(res, 201, await describeReceipt(chain, await receipts.issue(provider)));
  });

  router.get("/receipts/latest", async (req, res) => {
    const provider = await authenticatedProvider(req, providers);
    const latest = await receiptRecords.latest(provider);
    if (latest === null) {
      throw fail(
        404,
        "receipt_not_found",
        `${provider} has no receipt yet. POST /v1/receipts issues one.`,
      );
    }
    respond(res, 200, await describeReceipt(chain, latest));
  });

  return router;
}
