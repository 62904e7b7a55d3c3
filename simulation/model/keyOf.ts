import type { Hex } from "viem";

import type { HoldKey } from "@compute-credits/rules/holds/requests";

export const keyOf = ({ provider, id }: HoldKey): string => `${provider}/${id}`;

/** A lot of a hold, by its place. */
export const lotKey = (hold: string, lot: number): string => `${hold} ${lot}`;

export const grantKey = (campaign: Hex, key: string): string => `${campaign}|${key}`;

export const codeKey = ({ campaign, codeHash }: { campaign: Hex; codeHash: Hex }): string =>
  `${campaign}|${codeHash}`;

/** The key of a code's grant to a spender. No issuer's key contains spaces. */
export const redemptionKey = ({ codeHash, spender }: { codeHash: Hex; spender: Hex }): string =>
  `code ${codeHash} ${spender}`;
