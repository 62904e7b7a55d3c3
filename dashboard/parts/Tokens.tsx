import { formatUnits } from "viem";

import { localized } from "./creditsText.ts";
import { useServer } from "./ServerContext.tsx";

/** Token decimals that are shown; what credits are worth is rounded down to them. */
const DECIMALS = 6;

/** What credits cost in whole tokens of the vault, which never changes. */
export function Tokens({ micros }: { readonly micros: bigint }) {
  const { creditMicrosPerToken } = useServer().terms;
  const units = (micros * 10n ** BigInt(DECIMALS)) / creditMicrosPerToken;
  return <>{localized(formatUnits(units, DECIMALS))} tokens</>;
}
