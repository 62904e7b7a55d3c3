import type { Address, Hex } from "viem";
import { z } from "zod";

import {
  type CheckpointMessage,
  checkpointDigest,
} from "@compute-credits/protocol/messages/checkpoint";
import { CheckpointJson, SignerSignatureJson } from "@compute-credits/protocol/json/checkpoint";
import { boundedList } from "@compute-credits/protocol/json/fields";
import type { ChainReader } from "../chain/chainReader.ts";
import { boundedBody } from "../process/boundedBody.ts";

/** A co-signer's signature of a checkpoint, as its status server shows it. */
export interface PublishedSignature {
  readonly checkpoint: CheckpointMessage;
  readonly signer: Address;
  readonly signature: Hex;
}

/** The answer of `GET /signatures`; other fields are ignored. */
const Published = z.object({
  signatures: boundedList(SignerSignatureJson.extend({ checkpoint: CheckpointJson }), 64),
});

const TIMEOUT_MS = 5_000;
const MOST_BYTES = 65_536;

/**
 * Asks co-signers' status servers what they have signed. One that is silent, or answers something
 * else, has no say: it must not keep the others from signing.
 */
export async function readPublishedSignatures(
  urls: readonly string[],
): Promise<readonly PublishedSignature[]> {
  const answers = await Promise.all(urls.map(askCoSigner));
  return answers.flat();
}

async function askCoSigner(url: string): Promise<readonly PublishedSignature[]> {
  try {
    const response = await fetch(new URL("signatures", url.endsWith("/") ? url : `${url}/`), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: "error",
    });
    return Published.parse(JSON.parse(await boundedBody(response, MOST_BYTES))).signatures;
  } catch {
    return [];
  }
}

export interface RivalDeps {
  readonly chain: Pick<ChainReader, "deployment" | "isSigner" | "isSignedBy">;
  /** whether the chain voids the other checkpoint for whoever signs this one */
  readonly isVoid: (other: CheckpointMessage) => Promise<boolean>;
}

/**
 * Finds a valid signature of a present signer of another checkpoint for the same epoch, which the
 * chain has not voided. A signer that has signed this checkpoint too has changed its mind.
 */
export async function findRival(
  published: readonly PublishedSignature[],
  message: CheckpointMessage,
  { chain, isVoid }: RivalDeps,
): Promise<PublishedSignature | null> {
  const digestOf = (checkpoint: CheckpointMessage) =>
    checkpointDigest(chain.deployment, checkpoint);
  const digest = digestOf(message);
  const isGood = async ({ checkpoint, signer, signature }: PublishedSignature) =>
    (await chain.isSigner(signer)) &&
    (await chain.isSignedBy(signer, digestOf(checkpoint), signature));
  const ofEpoch = published.filter(({ checkpoint }) => checkpoint.epoch === message.epoch);
  for (const other of ofEpoch) {
    if (digestOf(other.checkpoint) === digest) continue;
    const same = ofEpoch.find(
      ({ signer, checkpoint }) => signer === other.signer && digestOf(checkpoint) === digest,
    );
    // oxlint-disable-next-line no-await-in-loop -- a handful, and mostly none
    if (same !== undefined && (await isGood(same))) continue;
    // oxlint-disable-next-line no-await-in-loop
    if ((await isGood(other)) && !(await isVoid(other.checkpoint))) return other;
  }
  return null;
}
