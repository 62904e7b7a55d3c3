import { Router } from "express";
import { hashTypedData } from "viem";

import { addReceiptSignature } from "@compute-credits/api/checkpoints/receipts";
import { earningsReceiptTypedData } from "@compute-credits/protocol/messages/earningsReceipt";
import { mount } from "../../http/mount.ts";
import { fail } from "../../http/problem.ts";
import { type ReceiptRecords, isSameReceipt } from "../../stores/checkpoints/receiptStore.ts";
import { checkSignerSignature } from "./checkSignerSignature.ts";
import { type ReceiptChain, describeReceipt } from "./describeReceipt.ts";

export interface ReceiptSignatureDeps {
  readonly receiptRecords: Pick<ReceiptRecords, "latest" | "keep">;
  readonly chain: ReceiptChain;
}

export function receiptSignatureRoutes({ receiptRecords, chain }: ReceiptSignatureDeps): Router {
  const router = Router();

  mount(router, addReceiptSignature, async ({ read, answer }) => {
    const { params, body } = read();
    const { provider } = params;
    const { earned, epoch, ...signed } = body;
    const message = { provider, earned, epoch };
    const digest = hashTypedData(earningsReceiptTypedData(chain.deployment, message));
    await checkSignerSignature(chain, signed, { digest, what: "receipt" });

    const latest = await receiptRecords.latest(provider);
    if (latest === null) {
      throw fail(404, "receipt_not_found", `${provider} has no receipt. Read the log again.`);
    }
    const isKnown = latest.signatures.some(
      ({ signer, signature }) => signer === signed.signer && signature === signed.signature,
    );
    if (!isKnown) await receiptRecords.keep(message, [signed]);
    const now = await receiptRecords.latest(provider);
    if (now === null || !isSameReceipt(now.message, message)) {
      throw fail(
        409,
        "receipt_replaced",
        `${provider} has another receipt by now, which the log has. Sign that one.`,
      );
    }
    const { signatures, threshold, isEnforceable } = await describeReceipt(chain, now);
    return answer(200, { signatures: signatures.length, threshold, isEnforceable });
  });

  return router;
}
