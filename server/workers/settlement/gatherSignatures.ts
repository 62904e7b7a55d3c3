import type { Address } from "viem";

import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import { checkpointDigest } from "@compute-credits/protocol/messages/checkpoint";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { StoredCheckpoint } from "../../stores/checkpoints/checkpointStore.ts";
import type { Probe } from "@compute-credits/platform/chain/probe";
import type { CheckpointSigner } from "@compute-credits/platform/chain/signer";
import type { SubmissionStore } from "../../stores/settlement/submissionStore.ts";

export interface SigningDeps {
  readonly chain: ChainReader;
  readonly submissions: SubmissionStore;
  readonly signers: readonly CheckpointSigner[];
  readonly probe: Probe;
}

/** What the contract asks for; or how many co-signers have signed, where others have to. */
export type Gathered =
  { readonly signatures: readonly SignerSignature[] } | { readonly coSigned: number };

/**
 * The signatures that the contract asks for, where co-signers have given theirs. The meter's own come
 * last: nobody ever holds one of a checkpoint that is cut anew because a co-signer refused it.
 */
export async function gatherSignatures(
  { chain, submissions, signers, probe }: SigningDeps,
  { id, message, signatures }: StoredCheckpoint,
): Promise<Gathered> {
  const digest = checkpointDigest(chain.deployment, message);
  const ours = new Set<Address>(signers.map(({ address }) => address));

  const [threshold, kept, able] = await Promise.all([
    chain.threshold(),
    // Signers are exchanged, and contract wallets change their minds: what counted when it came may not count now.
    filtered(
      signatures,
      async ({ signer, signature }) =>
        (await chain.isSigner(signer)) && (await chain.isSignedBy(signer, digest, signature)),
    ),
    filtered(signers, ({ address }) => chain.isSigner(address)),
  ]);
  const others = kept.filter(({ signer }) => !ours.has(signer)).slice(0, threshold);
  const needed = threshold - others.length;
  if (able.length < needed) return { coSigned: others.length };
  // False where it was given up in the meantime: from here on it never is.
  if (!(await submissions.beginSigning(id))) return { coSigned: others.length };
  await probe("decided");

  const own = await Promise.all(
    able.slice(0, needed).map(async (signer) => {
      const before = kept.find((known) => known.signer === signer.address);
      return (
        before ?? {
          signer: signer.address,
          signature: await signer.sign(chain.deployment, message),
        }
      );
    }),
  );
  await probe("signed");
  await submissions.keepOwnSignatures(id, own);
  await probe("kept");
  return { signatures: [...others, ...own].toSorted((a, b) => (a.signer < b.signer ? -1 : 1)) };
}

async function filtered<T>(
  items: readonly T[],
  isKept: (item: T) => Promise<boolean>,
): Promise<T[]> {
  const kept = await Promise.all(items.map(isKept));
  return items.filter((_, index) => kept[index]);
}
