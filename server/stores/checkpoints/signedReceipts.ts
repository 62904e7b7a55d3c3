import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { ReceiptSigner } from "@compute-credits/platform/chain/signer";
import { type ReceiptRecords, type ReceiptStore, isSameReceipt } from "./receiptStore.ts";

/** Issues receipts that are signed by all signers whose keys this server has. */
export function createReceiptStore(
  deployment: Deployment,
  records: ReceiptRecords,
  signers: readonly ReceiptSigner[],
): ReceiptStore {
  return {
    async issue(provider) {
      const message = await records.record(provider);
      const known = await records.latest(provider);
      const kept = known !== null && isSameReceipt(known.message, message) ? known.signatures : [];
      const missing = signers.filter(
        ({ address }) => !kept.some(({ signer }) => signer === address),
      );
      const own = await Promise.all(
        missing.map(async (signer) => ({
          signer: signer.address,
          signature: await signer.signReceipt(deployment, message),
        })),
      );
      // A receipt that was replaced meanwhile is as good, and nobody asks for it again.
      if (own.length > 0) await records.keep(message, own);
      const signatures = [...kept, ...own].toSorted((a, b) => (a.signer < b.signer ? -1 : 1));
      return { message, signatures };
    },
  };
}
