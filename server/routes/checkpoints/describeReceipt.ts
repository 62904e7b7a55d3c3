import { hashTypedData } from "viem";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { earningsReceiptTypedData } from "@compute-credits/protocol/messages/earningsReceipt";
import type { SignedReceipt } from "../../stores/checkpoints/receiptStore.ts";

export type ReceiptChain = Pick<
  ChainReader,
  "deployment" | "threshold" | "isSigner" | "isSignedBy"
>;

/** Says whether the contract takes a receipt now. The court refuses a list with anyone else's. */
export async function describeReceipt(
  chain: ReceiptChain,
  { message, signatures: all }: SignedReceipt,
) {
  const digest = hashTypedData(earningsReceiptTypedData(chain.deployment, message));
  const [threshold, states] = await Promise.all([
    chain.threshold(),
    Promise.all(
      all.map(async ({ signer, signature }) => {
        if (!(await chain.isSigner(signer))) return "standby";
        // A contract wallet can disown a signature that counted when it came.
        return (await chain.isSignedBy(signer, digest, signature)) ? "counts" : "disowned";
      }),
    ),
  ]);
  const signatures = all.filter((_, index) => states[index] === "counts");
  return {
    receipt: message,
    signatures,
    standbySignatures: all.filter((_, index) => states[index] === "standby"),
    threshold,
    isEnforceable: signatures.length >= threshold,
  };
}
