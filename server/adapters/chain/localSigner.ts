import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { checkpointTypedData } from "../../../protocol/checkpoint.ts";
import { earningsReceiptTypedData } from "../../../protocol/earningsReceipt.ts";
import { lowercaseHex } from "../../../protocol/hex.ts";
import type { CheckpointSigner, ReceiptSigner, TransactionSigner } from "../../ports/signer.ts";

/** A signer whose key is in this process. */
export function localSigner(privateKey: Hex): CheckpointSigner & ReceiptSigner & TransactionSigner {
  const account = privateKeyToAccount(privateKey);
  return {
    address: lowercaseHex(account.address),
    sign: (deployment, message) => account.signTypedData(checkpointTypedData(deployment, message)),
    signReceipt: (deployment, message) =>
      account.signTypedData(earningsReceiptTypedData(deployment, message)),
    signTransaction: (transaction) => account.signTransaction(transaction),
  };
}
