import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { checkpointTypedData } from "@compute-credits/protocol/messages/checkpoint";
import { earningsReceiptTypedData } from "@compute-credits/protocol/messages/earningsReceipt";
import { logHeadTypedData } from "@compute-credits/protocol/messages/logHead";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { KeySigner } from "./signer.ts";

/** Creates a signer whose key is in this process. */
export function createLocalSigner(privateKey: Hex): KeySigner {
  const account = privateKeyToAccount(privateKey);
  return {
    address: lowercaseHex(account.address),
    sign: (deployment, message) => account.signTypedData(checkpointTypedData(deployment, message)),
    signReceipt: (deployment, message) =>
      account.signTypedData(earningsReceiptTypedData(deployment, message)),
    signLogHead: (deployment, message) =>
      account.signTypedData(logHeadTypedData(deployment, message)),
    signTransaction: (transaction) => account.signTransaction(transaction),
  };
}
