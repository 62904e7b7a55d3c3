import type { Principal } from "../../http/principal.ts";

/** What a caller may do. Each right concerns only what the caller's credentials are of. */
export type Right =
  /** the deployment, cards, prices, checkpoints, rows, proofs and health */
  | "read_public"
  /** balances, usage, budgets and allowances of the account */
  | "read_account"
  /** the spender's own budgets, acceptances and usage */
  | "read_spender"
  /** the provider's own debits and earnings */
  | "read_provider"
  /** what every party may read of itself, and reports of all */
  | "read_all"
  | "accept_accounts"
  /** usage, holds, captures, voids, rate cards */
  | "charge"
  | "issue_grants"
  /** labels, rotation and revocation of keys, and view keys */
  | "manage_keys"
  | "manage_sessions";

/** The rights of a caller, without its roles that need a look into the database. */
export function rightsOf(principal: Principal): readonly Right[] {
  switch (principal.kind) {
    case "anyone":
      return ["read_public"];
    case "session":
      return [
        ...readsOf(principal),
        "read_account",
        "read_spender",
        "read_provider",
        "manage_keys",
        "manage_sessions",
      ];
    case "wallet":
      return principal.signed === "CampaignAccess"
        ? ["read_public", "issue_grants"]
        : [...readsOf(principal), "read_account", "read_spender", "read_provider"];
    case "spenderKey":
      return ["read_public", "read_spender", "accept_accounts"];
    case "providerKey":
      return [
        "read_public",
        "read_provider",
        ...(principal.isApproved ? (["charge"] as const) : []),
      ];
    case "issuingKey":
      return ["read_public", "issue_grants"];
    case "viewKey":
      return ["read_public", "read_account"];
    default:
      return principal satisfies never;
  }
}

function readsOf({ isOperator }: { readonly isOperator: boolean }): readonly Right[] {
  return isOperator ? ["read_public", "read_all"] : ["read_public"];
}
