/** What a transaction offers for a unit of gas (EIP-1559), in wei. */
export interface GasFees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** The most that may be offered is less than what would replace the transaction that waits. */
export interface FeeTooHigh {
  readonly reason: "fee_too_high";
  readonly neededPerGas: bigint;
}

/**
 * What to offer. Twice the base fee lasts for six full blocks, each of which may raise it by an eighth. A transaction that
 * waits is replaced only by one that offers a tenth more (an eighth here: clients differ), in both numbers.
 */
export function gasFees(
  market: { readonly baseFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint },
  waiting: readonly GasFees[],
  mostPerGas: bigint,
): GasFees | FeeTooHigh {
  const tips = waiting.map((fees) => raised(fees.maxPriorityFeePerGas));
  const most = waiting.map((fees) => raised(fees.maxFeePerGas));
  const maxPriorityFeePerGas = largest([market.maxPriorityFeePerGas, ...tips]);
  const floor = largest([market.baseFeePerGas + maxPriorityFeePerGas, ...most]);
  if (floor > mostPerGas) return { reason: "fee_too_high", neededPerGas: floor };
  const wanted = largest([2n * market.baseFeePerGas + maxPriorityFeePerGas, ...most]);
  return { maxFeePerGas: wanted < mostPerGas ? wanted : mostPerGas, maxPriorityFeePerGas };
}

/** Rounds up, or a small fee would not rise at all. */
function raised(fee: bigint): bigint {
  return fee + (fee + 7n) / 8n;
}

function largest(values: readonly bigint[]): bigint {
  return values.reduce((max, value) => (value > max ? value : max), 0n);
}
