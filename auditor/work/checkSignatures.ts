import { type Address, type Hex, hashTypedData } from "viem";

import { acceptanceTypedData } from "@compute-credits/protocol/messages/acceptance";
import { allowanceId, scopeHash } from "@compute-credits/protocol/messages/allowance";
import { allowanceRevocationTypedData } from "@compute-credits/protocol/messages/allowanceRevocation";
import { issuingKeyTypedData } from "@compute-credits/protocol/messages/issuingKey";
import { issuingKeyRevocationTypedData } from "@compute-credits/protocol/messages/issuingKeyRevocation";
import { providerAccessTypedData } from "@compute-credits/protocol/messages/providerAccess";
import { providerAccessRevocationTypedData } from "@compute-credits/protocol/messages/providerAccessRevocation";
import { providerApprovalTypedData } from "@compute-credits/protocol/messages/providerApproval";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { providerKeyRevocationTypedData } from "@compute-credits/protocol/messages/providerKeyRevocation";
import { spenderWallet } from "@compute-credits/protocol/messages/spender";
import type { Signing } from "@compute-credits/protocol/messages/signatureCheck";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { signatureKey } from "../replay/replayEntry.ts";

/** The account that an allowance belongs to. */
export interface AllowanceOwner {
  readonly account: Address;
  /** whether it was issued out of another allowance */
  readonly isGrant: boolean;
}

/** What the signatures on a page of the log are, by the `signatureKey`s of the entries. */
export interface CheckedSignatures {
  readonly forged: ReadonlySet<string>;
  /** allowances that no key signed */
  readonly byContract: ReadonlySet<string>;
}

/**
 * Checks all signatures on a page of the log. `ownerOf` looks up allowances of earlier pages.
 *
 * A contract wallet may accept a signature and disown it before an auditor looks. So a signature
 * that a contract does not accept now is no proof of a forgery, or each wallet could stop every
 * auditor. What was charged on it is bounded by the cap that the court has on record.
 */
export async function checkSignatures(
  entries: readonly LogEntry[],
  chain: Pick<ChainReader, "deployment" | "signingOf" | "allowanceSigning">,
  ownerOf: (allowance: Hex) => AllowanceOwner | undefined,
): Promise<CheckedSignatures> {
  const owners = new Map(
    entries.flatMap((entry): [Hex, AllowanceOwner][] =>
      entry.kind === "allowance" || entry.kind === "grant"
        ? [[entry.id, { account: entry.message.account, isGrant: entry.kind === "grant" }]]
        : [],
    ),
  );

  async function signingOf(entry: LogEntry): Promise<Signing> {
    const { deployment } = chain;
    switch (entry.kind) {
      case "allowance": {
        const { id, message, scope, signature } = entry;
        const isWhole =
          allowanceId(deployment, message) === id && scopeHash(scope) === message.scope;
        return isWhole ? await chain.allowanceSigning({ message, signature }) : "nobody";
      }
      case "revocation": {
        const { allowance, signature } = entry;
        const owner = owners.get(allowance) ?? ownerOf(allowance);
        if (owner === undefined) return "nobody";
        // Its issuer may revoke a grant without a signature, and so does the end of its key.
        if (signature === null) return owner.isGrant ? "key" : "nobody";
        const digest = hashTypedData(allowanceRevocationTypedData(deployment, { allowance }));
        return await chain.signingOf(owner.account, digest, signature);
      }
      case "issuing_key": {
        const digest = hashTypedData(issuingKeyTypedData(deployment, entry));
        return await chain.signingOf(entry.account, digest, entry.signature);
      }
      case "issuing_key_end": {
        const digest = hashTypedData(issuingKeyRevocationTypedData(deployment, entry));
        return await chain.signingOf(entry.account, digest, entry.signature);
      }
      case "provider_approval": {
        const digest = hashTypedData(providerApprovalTypedData(deployment, entry));
        return await chain.signingOf(entry.operator, digest, entry.signature);
      }
      case "provider_key":
      case "provider_key_end": {
        const { provider, signature } = entry;
        // Older servers kept none.
        if (signature === null) return "key";
        const typedData =
          entry.kind === "provider_key"
            ? hashTypedData(providerKeyTypedData(deployment, entry))
            : hashTypedData(providerKeyRevocationTypedData(deployment, entry));
        return await chain.signingOf(provider, typedData, signature);
      }
      case "access":
      case "access_end": {
        const { provider, signature } = entry;
        const spender = spenderWallet(entry.spender);
        // The holder of an API key presents it instead of signing.
        if (spender === null) return "key";
        if (signature === null) return "nobody";
        const message = { spender, provider };
        const typedData =
          entry.kind === "access"
            ? hashTypedData(providerAccessTypedData(deployment, message))
            : hashTypedData(providerAccessRevocationTypedData(deployment, message));
        return await chain.signingOf(spender, typedData, signature);
      }
      case "acceptance": {
        const { account, accepted, how, signature, signedAt } = entry;
        const wallet = spenderWallet(entry.spender);
        // The holder of an API key presents it instead of signing.
        if (wallet === null) return how === "wallet" || how === "own" ? "nobody" : "key";
        if (how === "own") return wallet === account && accepted ? "key" : "nobody";
        if (how === "issuer") return accepted ? "key" : "nobody";
        if (signature === null) return "nobody";
        const message = { spender: entry.spender, account, accepted, signedAt };
        const digest = hashTypedData(acceptanceTypedData(deployment, message));
        return await chain.signingOf(wallet, digest, signature);
      }
      default:
        return "key";
    }
  }

  // Debits, which are nearly all entries, have none.
  const signed = entries.filter(({ kind }) => kind !== "debit");
  const signings = await Promise.all(signed.map(signingOf));
  const keysOf = (wanted: (signing: Signing | undefined) => boolean) =>
    new Set(signed.filter((_, index) => wanted(signings[index])).map(signatureKey));
  return {
    forged: keysOf((signing) => signing === "nobody"),
    byContract: keysOf((signing) => signing !== "key"),
  };
}
