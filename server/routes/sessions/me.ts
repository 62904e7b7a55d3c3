import { Router } from "express";
import type { Address } from "viem";

import { type Right, type Role, getMe } from "@compute-credits/api/sessions/me";
import { mount } from "../../http/mount.ts";
import type { Identify, Principal } from "../../http/principal.ts";
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

  mount(router, getMe, async ({ req, res, answer }) => {
    const principal = await identify(req);
    const may = { roles: await rolesOf(principal), rights: rightsOf(principal) };
    res.set("Cache-Control", "no-store");
    return answer(200, describeCaller(principal, may));
  });

  async function rolesOf(principal: Principal): Promise<readonly Role[]> {
    switch (principal.kind) {
      case "session":
      case "wallet": {
        const { address, isOperator } = principal;
        return [
          ...(isOperator ? (["operator"] as const) : []),
          ...(auditors.includes(address) ? (["auditor"] as const) : []),
          ...((await approvals.isApproved(address)) ? (["provider"] as const) : []),
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

interface May {
  readonly roles: readonly Role[];
  readonly rights: readonly Right[];
}

/** The caller's own names, without what only this server's code needs. */
function describeCaller(principal: Principal, may: May) {
  switch (principal.kind) {
    case "session": {
      const { kind, address, sessionId, expiresAt } = principal;
      return { kind, address, sessionId, expiresAt, ...may };
    }
    case "wallet": {
      const { kind, address, expiresAt } = principal;
      return { kind, address, expiresAt, ...may };
    }
    case "providerKey": {
      const { kind, provider, keyHash } = principal;
      return { kind, provider, keyHash, ...may };
    }
    case "anyone":
    case "spenderKey":
    case "issuingKey":
    case "viewKey":
      return { ...principal, ...may };
    default:
      return principal satisfies never;
  }
}
