import type { Hex } from "viem";

/** The chain has another past than the one that the ledger took in: it must not guess which money is real. */
export class ReorgBeyondConfirmations extends Error {
  override readonly name = "ReorgBeyondConfirmations";

  constructor(block: { readonly number: bigint; readonly hash: Hex }, now: Hex) {
    super(
      `block ${block.number} was ${block.hash} and is now ${now}: the chain was reorganised deeper than CONFIRMATIONS. ` +
        "The ledger stands still until an operator decides which blocks hold",
    );
  }
}
