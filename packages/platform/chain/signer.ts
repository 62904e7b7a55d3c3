import type { Address, Hex, TransactionSerializableEIP1559 } from "viem";

import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { LogHeadMessage } from "@compute-credits/protocol/messages/logHead";
import type { EarningsReceiptMessage } from "@compute-credits/protocol/messages/earningsReceipt";

/** Signs checkpoints for the meter. The key is in memory or in a signing service. */
export interface CheckpointSigner {
  readonly address: Address;
  sign(deployment: Deployment, message: CheckpointMessage): Promise<Hex>;
}

/** Signs the meter's earnings receipts for providers. */
export interface ReceiptSigner {
  readonly address: Address;
  signReceipt(deployment: Deployment, message: EarningsReceiptMessage): Promise<Hex>;
}

/** Signs the heads of the published log. */
export interface LogHeadSigner {
  readonly address: Address;
  signLogHead(deployment: Deployment, message: LogHeadMessage): Promise<Hex>;
}

/** Signs and pays the settler's transactions. The key is in memory or in a signing service. */
export interface TransactionSigner {
  readonly address: Address;
  /** returns the signed transaction, serialized for `eth_sendRawTransaction` */
  signTransaction(transaction: TransactionSerializableEIP1559): Promise<Hex>;
}

/** A key that signs all of these. */
export type KeySigner = CheckpointSigner & LogHeadSigner & ReceiptSigner & TransactionSigner;
