import type { Address } from "viem";

import { checkpointDigest } from "@compute-credits/protocol/messages/checkpoint";
import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { Probe } from "@compute-credits/platform/chain/probe";
import type { CheckpointSigner } from "@compute-credits/platform/chain/signer";
import type { StoredCheckpoint } from "../../stores/checkpoints/checkpointStore.ts";
import type { SubmissionStore } from "../../stores/settlement/submissionStore.ts";

export interface SigningDeps {
  readonly chain: Pick<ChainReader, "deployment" | "threshold" | "isSigner" | "isSignedBy">;
  readonly submissions: Pick<SubmissionStore, "beginSigning" | "keepOwnSignatures">;
  /** whose keys this server has */
  readonly signers: readonly CheckpointSigner[];
  readonly probe: Probe;
}

/** As many signatures as the contract asks for; or, if co-signers are missing, how many signed. */
export type Gathered =
  { readonly signatures: readonly SignerSignature[] } | { readonly coSigned: number };

/**
 * Signs a checkpoint once enough co-signers have signed it. The meter's own signatures come last:
 * otherwise one would exist for a checkpoint that is cut again because a co-signer refused it.
 */
export async function gatherSignatures(
  { chain, submissions, signers, probe }: SigningDeps,
  { id, message, signatures }: StoredCheckpoint,
): Promise<Gathered> {
  const digest = checkpointDigest(chain.deployment, message);
  const ours = new Set<Address>(signers.map(({ address }) => address));

  const [threshold, kept, able] = await Promise.all([
    chain.threshold(),
    // A signature that counted on arrival may not count now: signers change, and contract wallets
    // can disown a signature.
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
  // False if the checkpoint was given up meanwhile. Once true, it can no longer be given up.
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
