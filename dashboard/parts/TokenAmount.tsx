import { formatUnits } from "viem";

import type { Token } from "../queries/token.ts";
import { localized } from "./creditsText.ts";

/** An exact amount of the vault's token; hovering shows it in the smallest unit. */
export function TokenAmount({ amount, token }: { readonly amount: bigint; readonly token: Token }) {
  return (
    <data value={`${amount}`} title={`${amount} of the smallest unit`}>
      {tokenText(amount, token)}
    </data>
  );
}

export function tokenText(amount: bigint, { symbol, decimals }: Token): string {
  return `${localized(formatUnits(amount, decimals))} ${symbol}`;
}
