import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { checkpointTypedData } from "../../../protocol/checkpoint.ts";
import { lowercaseHex } from "../../../protocol/hex.ts";
import type { CheckpointSigner, TransactionSigner } from "../../ports/signer.ts";

/** A signer whose key is in this process. */
export function localSigner(privateKey: Hex): CheckpointSigner & TransactionSigner {
  const account = privateKeyToAccount(privateKey);
  return {
    address: lowercaseHex(account.address),
    sign: (deployment, message) => account.signTypedData(checkpointTypedData(deployment, message)),
    signTransaction: (transaction) => account.signTransaction(transaction),
  };
}
