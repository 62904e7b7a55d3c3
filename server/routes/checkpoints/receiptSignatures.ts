import { Router } from "express";
import { hashTypedData } from "viem";

import { SignerSignatureJson } from "@compute-credits/protocol/json/checkpoint";
import { AddressField, uintField } from "@compute-credits/protocol/json/fields";
import { earningsReceiptTypedData } from "@compute-credits/protocol/messages/earningsReceipt";
import { parse } from "../../http/parse.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import { type ReceiptRecords, isSameReceipt } from "../../stores/checkpoints/receiptStore.ts";
import { checkSignerSignature } from "./checkSignerSignature.ts";
import { type ReceiptChain, describeReceipt } from "./describeReceipt.ts";

const SignatureBody = SignerSignatureJson.extend({ earned: uintField(64), epoch: uintField(64) });

export interface ReceiptSignatureDeps {
  readonly receiptRecords: Pick<ReceiptRecords, "latest" | "keep">;
  readonly chain: ReceiptChain;
}

/**
 * `POST /v1/receipts/:provider/signatures`: a co-signer's signature of the provider's newest receipt,
 * which the log has. 200 with how many signatures count so far; the same answer if it is sent again.
 * Says nothing of a receipt to anyone else: the signature is checked before the receipt is read.
 */
export function receiptSignatureRoutes({ receiptRecords, chain }: ReceiptSignatureDeps): Router {
  const router = Router();

  router.post("/receipts/:provider/signatures", async (req, res) => {
    const provider = parse(AddressField, req.params.provider);
    const { earned, epoch, ...signed } = parse(SignatureBody, req.body);
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
    respond(res, 200, { signatures: signatures.length, threshold, isEnforceable });
  });

  return router;
}
