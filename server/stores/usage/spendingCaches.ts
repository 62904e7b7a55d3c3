import { type AllowanceCache, createAllowanceCache } from "../allowances/allowanceCache.ts";
import { type AccessCache, createAccessCache } from "./accessCache.ts";

/** What usage and holds remember of signed allowances and of providers' access. */
export interface SpendingCaches {
  readonly allowances: AllowanceCache;
  readonly access: AccessCache;
}

export function createSpendingCaches(): SpendingCaches {
  return { allowances: createAllowanceCache(), access: createAccessCache() };
}
