import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { ReceiptRecords, ReceiptStore } from "./receiptStore.ts";
import type { ReceiptSigner } from "@compute-credits/platform/chain/signer";

/** Receipts by the signers that this server has keys of. */
export function createReceiptStore(
  deployment: Deployment,
  promises: ReceiptRecords,
  signers: readonly ReceiptSigner[],
): ReceiptStore {
  const ascending = signers.toSorted((a, b) => (a.address < b.address ? -1 : 1));
  return {
    async issue(provider) {
      const message = await promises.promise(provider);
      const signatures = await Promise.all(
        ascending.map(async (signer) => ({
          signer: signer.address,
          signature: await signer.signReceipt(deployment, message),
        })),
      );
      return { message, signatures };
    },
  };
}
