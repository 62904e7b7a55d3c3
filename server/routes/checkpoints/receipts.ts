import { Router } from "express";

import { getLatestReceipt, issueReceipt } from "@compute-credits/api/checkpoints/receipts";
import { authenticatedProvider } from "../../http/authentication.ts";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import type { Identify } from "../../http/principal.ts";
import { fail } from "../../http/problem.ts";
import { readProvider } from "../../http/readProvider.ts";
import type { ReceiptRecords, ReceiptStore } from "../../stores/checkpoints/receiptStore.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";
import { type ReceiptChain, describeReceipt } from "./describeReceipt.ts";

export interface ReceiptDeps {
  readonly providers: Pick<ProviderStore, "callerOfKey">;
  /** `null` if this server has no signer's key */
  readonly receipts: ReceiptStore | null;
  readonly receiptRecords: Pick<ReceiptRecords, "latest">;
  readonly chain: ReceiptChain;
  readonly identify: Identify;
  readonly permit: Permit;
}

export function receiptRoutes({
  providers,
  receipts,
  receiptRecords,
  chain,
  identify,
  permit,
}: ReceiptDeps): Router {
  const router = Router();

  mount(router, issueReceipt, async ({ req, answer }) => {
    const provider = await authenticatedProvider(req, providers);
    if (receipts === null) {
      throw fail(
        501,
        "receipts_not_offered",
        "This server has no signer's key. " +
          "Ask a server that settles, or wait for a final checkpoint.",
      );
    }
    return answer(201, await describeReceipt(chain, await receipts.issue(provider)));
  });

  mount(router, getLatestReceipt, async ({ req, read, answer }) => {
    const asked = { route: getLatestReceipt, named: read().query.provider, identify, permit };
    const provider = await readProvider(req, asked);
    const latest = await receiptRecords.latest(provider);
    if (latest === null) {
      throw fail(
        404,
        "receipt_not_found",
        `${provider} has no receipt yet. POST /v1/receipts issues one.`,
      );
    }
    return answer(200, await describeReceipt(chain, latest));
  });

  return router;
}
