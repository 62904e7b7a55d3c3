import { z } from "zod";

import { parseCredits } from "@compute-credits/protocol/amounts";

const Search = z.object({
  credits: z
    .string()
    .regex(/^\d{1,12}(\.\d{1,6})?$/)
    .optional()
    .catch(undefined),
});

export type BuySearch = z.output<typeof Search>;

/** The amount in the URL of `/buy`, as a decimal. The router may have read it as a number. */
export const buySearch = ({ credits }: Record<string, unknown>): BuySearch =>
  Search.parse({ credits: typeof credits === "number" ? `${credits}` : credits });

/** Micro-credits; `null` for none. */
export function amountOf({ credits }: BuySearch): bigint | null {
  const micros = credits === undefined ? 0n : parseCredits(credits);
  return micros === 0n ? null : micros;
}
