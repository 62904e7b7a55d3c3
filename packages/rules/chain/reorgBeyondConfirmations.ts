import type { Hex } from "viem";

/**
 * Thrown when a block that the ledger has recorded is no longer on the chain. The ledger stops
 * instead of guessing which purchases are real.
 */
export class ReorgBeyondConfirmations extends Error {
  override readonly name = "ReorgBeyondConfirmations";

  constructor(block: { readonly number: bigint; readonly hash: Hex }, now: Hex) {
    super(
      `block ${block.number} was ${block.hash} and is now ${now}: the chain was reorganised deeper than CONFIRMATIONS. ` +
        "The ledger has stopped until an operator decides which blocks are valid",
    );
  }
}
