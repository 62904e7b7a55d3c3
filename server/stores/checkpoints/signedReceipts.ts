import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { ReceiptRecords, ReceiptStore } from "./receiptStore.ts";
import type { ReceiptSigner } from "@compute-credits/platform/chain/signer";

/** Issues receipts that are signed by all signers whose keys this server has. */
export function createReceiptStore(
  deployment: Deployment,
  records: ReceiptRecords,
  signers: readonly ReceiptSigner[],
): ReceiptStore {
  const ascending = signers.toSorted((a, b) => (a.address < b.address ? -1 : 1));
  return {
    async issue(provider) {
      const message = await records.record(provider);
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
