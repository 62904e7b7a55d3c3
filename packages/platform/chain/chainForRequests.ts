import { allowanceId } from "@compute-credits/protocol/messages/allowance";
import { type Signing, isAccepted } from "@compute-credits/protocol/messages/signatureCheck";
import { type CallBound, rememberAnswers } from "./boundedCalls.ts";
import type { ChainReader } from "./chainReader.ts";
import { type KeyCheck, checkKeyInThread, fingerprint } from "./keyChecks.ts";
import type { VaultReader } from "./vaultReader.ts";

/** What requests ask of the chain. */
export type ChainForRequests = Pick<
  ChainReader,
  | "deployment"
  | "threshold"
  | "isSigner"
  | "isChallengeOpen"
  | "isSignedBy"
  | "isSignedByAnyWallet"
  | "signingOf"
  | "allowanceSigning"
>;

/**
 * Strangers repeat a request at will, so its answers are remembered. A wallet or a signer that
 * changes its mind is believed this much later, as if the request had come before.
 */
const MEMORY = { most: 1_000, lifeMs: 5_000 };

/** The totals of a block do not change, and a report asks for those of the newest ones. */
const TOTALS = { most: 4, lifeMs: 60_000 };

/** A token's decimals never change. */
const FOR_EVER = { most: 1, lifeMs: Number.POSITIVE_INFINITY };

/** Bounds, shares and remembers the calls of the chain that requests cause. */
export function chainForRequests(
  chain: Omit<ChainForRequests, "isSignedBy">,
  bound: CallBound,
  isKeySignature: KeyCheck = checkKeyInThread,
): ChainForRequests {
  const threshold = rememberAnswers<number>(bound, MEMORY);
  const signer = rememberAnswers<boolean>(bound, MEMORY);
  const challenges = rememberAnswers<boolean>(bound, MEMORY);
  const signings = rememberAnswers<Signing>(bound, MEMORY);
  const allowances = rememberAnswers<Signing>(bound, MEMORY);
  const wallets = rememberAnswers<boolean>(bound, MEMORY);

  const signingOf: ChainReader["signingOf"] = async (address, digest, signature) => {
    // A key's signature needs no call.
    if (await isKeySignature(address, digest, signature)) return "key";
    return await signings(fingerprint(address, digest, signature), () =>
      chain.signingOf(address, digest, signature),
    );
  };

  return {
    deployment: chain.deployment,
    threshold: () => threshold("", () => chain.threshold()),
    isSigner: (address) => signer(address, () => chain.isSigner(address)),
    isChallengeOpen: (account, challenger) =>
      challenges(`${account}/${challenger}`, () => chain.isChallengeOpen(account, challenger)),
    signingOf,
    isSignedBy: async (address, digest, signature) =>
      isAccepted(await signingOf(address, digest, signature)),
    async isSignedByAnyWallet(address, digest, signature) {
      if (await isKeySignature(address, digest, signature)) return true;
      return await wallets(fingerprint(address, digest, signature), () =>
        chain.isSignedByAnyWallet(address, digest, signature),
      );
    },
    async allowanceSigning({ message, signature }) {
      const digest = allowanceId(chain.deployment, message);
      if (await isKeySignature(message.account, digest, signature)) return "key";
      return await allowances(fingerprint(digest, signature), () =>
        chain.allowanceSigning({ message, signature }),
      );
    },
  };
}

/** The same for the vault's totals. */
export function vaultForRequests(vault: VaultReader, bound: CallBound): VaultReader {
  const totals = rememberAnswers<Awaited<ReturnType<VaultReader["totalsAt"]>>>(bound, TOTALS);
  const unit = rememberAnswers<bigint>(bound, FOR_EVER);
  return {
    totalsAt: (block) => totals(`${block}`, () => vault.totalsAt(block)),
    tokenUnit: () => unit("", () => vault.tokenUnit()),
    deferredChange: (range) => bound(() => vault.deferredChange(range)),
  };
}
