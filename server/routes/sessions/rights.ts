import type { Right } from "@compute-credits/api/sessions/me";
import type { Principal } from "../../http/principal.ts";

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
