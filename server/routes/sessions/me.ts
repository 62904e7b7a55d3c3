import { Router } from "express";
import type { Address } from "viem";

import type { Identify, Principal } from "../../http/principal.ts";
import { respond } from "../../http/respond.ts";
import type { ApprovalStore } from "../../stores/providers/approvalStore.ts";
import { rightsOf } from "./rights.ts";

export interface MeDeps {
  readonly identify: Identify;
  readonly approvals: Pick<ApprovalStore, "isApproved">;
  /** addresses that may read the log, besides the contract's signers */
  readonly auditors: readonly Address[];
}

/** `GET /v1/me`: who the caller is, by its credentials, and what it may do. Anyone may ask. */
export function meRoutes({ identify, approvals, auditors }: MeDeps): Router {
  const router = Router();

  router.get("/me", async (req, res) => {
    const principal = await identify(req);
    const roles = await rolesOf(principal);
    res.set("Cache-Control", "no-store");
    respond(res, 200, { ...describePrincipal(principal), roles, rights: rightsOf(principal) });
  });

  async function rolesOf(principal: Principal): Promise<readonly string[]> {
    switch (principal.kind) {
      case "session":
      case "wallet": {
        const { address, isOperator } = principal;
        return [
          ...(isOperator ? ["operator"] : []),
          ...(auditors.includes(address) ? ["auditor"] : []),
          ...((await approvals.isApproved(address)) ? ["provider"] : []),
        ];
      }
      case "providerKey":
        return principal.isApproved ? ["provider"] : [];
      case "anyone":
      case "spenderKey":
      case "issuingKey":
      case "viewKey":
        return [];
      default:
        return principal satisfies never;
    }
  }

  return router;
}

/** The caller's own names, without what only this server's code needs. */
function describePrincipal(principal: Principal) {
  switch (principal.kind) {
    case "session": {
      const { kind, address, sessionId, expiresAt } = principal;
      return { kind, address, sessionId, expiresAt };
    }
    case "wallet": {
      const { kind, address, expiresAt } = principal;
      return { kind, address, expiresAt };
    }
    case "providerKey": {
      const { kind, provider, keyHash } = principal;
      return { kind, provider, keyHash };
    }
    case "anyone":
    case "spenderKey":
    case "issuingKey":
    case "viewKey":
      return principal;
    default:
      return principal satisfies never;
  }
}
