import { getAccount, getProof } from "./accounts/accounts.ts";
import type { Route } from "./route.ts";

/** Every route of the API, in the order of the documents. */
export const ROUTES = [getAccount, getProof] as const satisfies readonly Route[];
