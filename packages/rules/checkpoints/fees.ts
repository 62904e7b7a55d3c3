import { min } from "@compute-credits/protocol/amounts";

/** The fees that a transaction offers per unit of gas (EIP-1559), in wei. */
export interface GasFees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** The configured maximum is below the fee that the transaction needs, in wei per unit of gas. */
export interface FeeTooHigh {
  readonly reason: "fee_too_high";
  readonly neededPerGas: bigint;
}

/**
 * Chooses the fees of a transaction. Twice the base fee stays valid for six full blocks, each of
 * which raises it by an eighth. Nodes replace a pending transaction only if both fees rise by a
 * tenth; this raises them by an eighth, because clients differ.
 */
export function gasFees(
  market: { readonly baseFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint },
  pending: readonly GasFees[],
  maxPerGas: bigint,
): GasFees | FeeTooHigh {
  const tips = pending.map((fees) => raised(fees.maxPriorityFeePerGas));
  const maxFees = pending.map((fees) => raised(fees.maxFeePerGas));
  const maxPriorityFeePerGas = largest([market.maxPriorityFeePerGas, ...tips]);
  const floor = largest([market.baseFeePerGas + maxPriorityFeePerGas, ...maxFees]);
  if (floor > maxPerGas) return { reason: "fee_too_high", neededPerGas: floor };
  const wanted = largest([2n * market.baseFeePerGas + maxPriorityFeePerGas, ...maxFees]);
  return { maxFeePerGas: min(wanted, maxPerGas), maxPriorityFeePerGas };
}

/** Adds an eighth, rounded up, so that even a fee of one wei rises. */
function raised(fee: bigint): bigint {
  return fee + (fee + 7n) / 8n;
}

function largest(values: readonly bigint[]): bigint {
  return values.reduce((max, value) => (value > max ? value : max), 0n);
}
