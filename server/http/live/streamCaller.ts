import type { Request } from "express";

import type { AddressList } from "@compute-credits/platform/process/addressList";
import { clientAddress } from "@compute-credits/platform/process/clientAddress";
import { addressGroup } from "@compute-credits/platform/process/connectionBound";
import type { Principal } from "../principal.ts";
import type { LiveCredential } from "./partyStream.ts";

/** Whose stream it is: its streams are counted together, and end with its credentials. */
export interface StreamCaller {
  readonly key: string;
  readonly credential: LiveCredential;
}

export function streamCaller(
  principal: Principal,
  req: Request,
  isTrustedProxy: AddressList,
): StreamCaller {
  switch (principal.kind) {
    case "anyone":
      return {
        key: `address/${addressGroup(clientAddress(req, isTrustedProxy))}`,
        credential: ENDLESS,
      };
    case "session": {
      const { sessionId: hash, expiresAt } = principal;
      const revocable = { kind: "sessions", hash } as const;
      return { key: `session/${hash}`, credential: { revocable, expiresAt } };
    }
    case "wallet":
      return {
        key: `wallet/${principal.address}`,
        credential: { revocable: null, expiresAt: principal.expiresAt },
      };
    case "spenderKey":
      return { key: `key/${principal.spender}`, credential: ENDLESS };
    case "providerKey": {
      const { keyHash: hash } = principal;
      const revocable = { kind: "providerKeys", hash } as const;
      return { key: `key/${hash}`, credential: { revocable, expiresAt: null } };
    }
    case "viewKey": {
      const { keyHash: hash, expiresAt } = principal;
      const revocable = { kind: "viewKeys", hash } as const;
      return { key: `key/${hash}`, credential: { revocable, expiresAt } };
    }
    case "issuingKey":
      return { key: `key/${principal.keyHash}`, credential: ENDLESS };
    default:
      return principal satisfies never;
  }
}

/** An API key is its spender: nobody can revoke it. */
const ENDLESS: LiveCredential = { revocable: null, expiresAt: null };
