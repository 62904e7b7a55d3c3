import { type Address, type Hex, hashTypedData } from "viem";

import { allowanceId, scopeHash } from "@compute-credits/protocol/messages/allowance";
import { allowanceRevocationTypedData } from "@compute-credits/protocol/messages/allowanceRevocation";
import { providerAccessTypedData } from "@compute-credits/protocol/messages/providerAccess";
import { providerAccessRevocationTypedData } from "@compute-credits/protocol/messages/providerAccessRevocation";
import { spenderWallet } from "@compute-credits/protocol/messages/spender";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { signatureKey } from "../replay/replayEntry.ts";

/** The account that an allowance belongs to. */
export interface AllowanceOwner {
  readonly account: Address;
  /** whether it was issued out of another allowance */
  readonly isGrant: boolean;
}

/**
 * Checks all signatures on a page of the log. Returns the `signatureKey`s of entries whose
 * signature is invalid. `ownerOf` looks up allowances of earlier pages.
 */
export async function findForgedSignatures(
  entries: readonly LogEntry[],
  chain: Pick<ChainReader, "deployment" | "isSignedBy">,
  ownerOf: (allowance: Hex) => AllowanceOwner | undefined,
): Promise<ReadonlySet<string>> {
  const owners = new Map(
    entries.flatMap((entry): [Hex, AllowanceOwner][] =>
      entry.kind === "allowance" || entry.kind === "grant"
        ? [[entry.id, { account: entry.message.account, isGrant: entry.kind === "grant" }]]
        : [],
    ),
  );

  async function isValid(entry: LogEntry): Promise<boolean> {
    const { deployment } = chain;
    switch (entry.kind) {
      case "allowance": {
        const { id, message, scope, signature } = entry;
        return (
          allowanceId(deployment, message) === id &&
          scopeHash(scope) === message.scope &&
          (await chain.isSignedBy(message.account, id, signature))
        );
      }
      case "revocation": {
        const { allowance, signature } = entry;
        const owner = owners.get(allowance) ?? ownerOf(allowance);
        if (owner === undefined) return false;
        // A holder of the campaign's key may revoke a grant without a signature.
        if (signature === null) return owner.isGrant;
        const digest = hashTypedData(allowanceRevocationTypedData(deployment, { allowance }));
        return await chain.isSignedBy(owner.account, digest, signature);
      }
      case "access":
      case "access_end": {
        const { provider, signature } = entry;
        const spender = spenderWallet(entry.spender);
        // The holder of an API key presents it instead of signing.
        if (spender === null) return true;
        if (signature === null) return false;
        const message = { spender, provider };
        const typedData =
          entry.kind === "access"
            ? hashTypedData(providerAccessTypedData(deployment, message))
            : hashTypedData(providerAccessRevocationTypedData(deployment, message));
        return await chain.isSignedBy(spender, typedData, signature);
      }
      default:
        return true;
    }
  }

  const checked = await Promise.all(entries.map(isValid));
  return new Set(entries.filter((_, index) => checked[index] === false).map(signatureKey));
}
