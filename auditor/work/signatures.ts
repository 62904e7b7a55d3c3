import { type Address, type Hex, hashTypedData } from "viem";

import { allowanceId, scopeHash } from "@compute-credits/protocol/messages/allowance";
import { allowanceRevocationTypedData } from "@compute-credits/protocol/messages/allowanceRevocation";
import { providerAccessTypedData } from "@compute-credits/protocol/messages/providerAccess";
import { providerAccessRevocationTypedData } from "@compute-credits/protocol/messages/providerAccessRevocation";
import { spenderWallet } from "@compute-credits/protocol/messages/spender";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { signatureName } from "../replay/replayEntry.ts";

export interface AllowanceOwner {
  readonly account: Address;
  /** issued out of another one */
  readonly isGrant: boolean;
}

/**
 * Checks all that is signed in a stretch of the log; the names of those entries whose signature does not hold. `ownerOf`
 * tells whose an allowance is that came before.
 */
export async function forgedIn(
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

  async function holds(entry: LogEntry): Promise<boolean> {
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
        // A grant may also be taken back by whoever holds its campaign's key: nothing is signed.
        if (signature === null) return owner.isGrant;
        const digest = hashTypedData(allowanceRevocationTypedData(deployment, { allowance }));
        return await chain.isSignedBy(owner.account, digest, signature);
      }
      case "access":
      case "access_end": {
        const { provider, signature } = entry;
        const spender = spenderWallet(entry.spender);
        // The holder of an API key shows it, and nothing is signed.
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

  const checked = await Promise.all(entries.map(holds));
  return new Set(entries.filter((_, index) => checked[index] === false).map(signatureName));
}
