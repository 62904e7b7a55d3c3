import type { Hex } from "viem";
import type { Logger } from "pino";

import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { CheckpointSigner } from "../chain/signer.ts";
import {
  type JournalDeps,
  type JournaledSigner,
  createJournaledSigner,
} from "./journaledSigner.ts";
import { openSigningJournal } from "./signingJournal.ts";

export interface JournalPlace {
  readonly folder: string;
  /** the hash of the block before the deployment */
  readonly origin: Hex;
  readonly log: Logger;
}

/**
 * Puts its journal before a key, and makes the journal of one that has never signed. If that fails,
 * logs it and goes on: what is wrong is told again when there is something to sign.
 */
export async function openJournaledSigner(
  key: CheckpointSigner,
  { folder, origin, log }: JournalPlace,
  deps: JournalDeps,
): Promise<JournaledSigner> {
  const { chainId, contract } = deps.chain.deployment;
  const owner = { address: key.address, chainId, contract: lowercaseHex(contract), origin };
  const signer = createJournaledSigner(key, openSigningJournal(folder, owner), deps);
  await signer.prepare().catch((error: unknown) => {
    log.error({ err: error, key: key.address }, "this key signs nothing: see its journal");
  });
  return signer;
}
