import type { Address, Hex, TransactionSerializableEIP1559 } from "viem";

import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { EarningsReceiptMessage } from "@compute-credits/protocol/messages/earningsReceipt";

/** One of the meter's signers: a key in memory, or a service that keeps it. */
export interface CheckpointSigner {
  readonly address: Address;
  sign(deployment: Deployment, message: CheckpointMessage): Promise<Hex>;
}

/** One of the meter's signers, for what it promises to providers. */
export interface ReceiptSigner {
  readonly address: Address;
  signReceipt(deployment: Deployment, message: EarningsReceiptMessage): Promise<Hex>;
}

/** Who pays for the settler's transactions: a key in memory, or a service that keeps it. */
export interface TransactionSigner {
  readonly address: Address;
  /** the signed transaction, ready to be sent */
  signTransaction(transaction: TransactionSerializableEIP1559): Promise<Hex>;
}
