import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { CheckpointSigner } from "@compute-credits/platform/chain/signer";
import type { Database } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { checkpointDigest } from "@compute-credits/protocol/messages/checkpoint";
import type { LogSource, PublishedCut } from "../log/logSource.ts";
import { type StoredSignature, readSignature } from "../store/cutStore.ts";

export interface CosignDeps {
  readonly database: Database;
  readonly source: Pick<LogSource, "cosign">;
  readonly chain: Pick<ChainReader, "deployment" | "isSigner" | "isSignedBy">;
  readonly signer: CheckpointSigner;
}

/**
 * Signs a reproduced checkpoint that waits for signatures, once, and sends the signature. Sends it
 * again if that is due: a server that was restored from a copy of its log may have lost it. Returns
 * whether it sent anything.
 */
export async function cosignCheckpoint(
  deps: CosignDeps,
  cut: PublishedCut,
  isResendDue: boolean,
): Promise<boolean> {
  const { database, source, chain, signer } = deps;
  if (cut.status !== "prepared") return false;
  // An announced signer audits already, and signs from its takeover on.
  if (!(await chain.isSigner(signer.address))) return false;
  const { epoch, root, signature, sent } = await sign(deps, cut);
  if (sent && !isResendDue) return false;
  // A contract wallet may not accept the signature of this key.
  const digest = checkpointDigest(chain.deployment, cut.message);
  if (!(await chain.isSignedBy(signer.address, digest, signature))) {
    throw new Error(
      `the contract would reject the signature of ${signer.address}: check that it is the right key`,
    );
  }
  await source.cosign(epoch, { root, signer: signer.address, signature });
  await database.query("update signatures set sent = true where cut = $1", [cut.id]);
  return true;
}

/** Records the signature before it is sent: the auditor never signs a second root for the epoch. */
async function sign(
  { database, chain, signer }: CosignDeps,
  { id, message }: PublishedCut,
): Promise<StoredSignature> {
  const stored = await readSignature(database, id);
  if (stored !== null) return stored;
  const { epoch, root } = message;
  const signature = await signer.sign(chain.deployment, message);
  await database.query(
    "insert into signatures (cut, epoch, root, signature) values ($1, $2, $3, $4)",
    [id, epoch, bytea(root), bytea(signature)],
  );
  return { cut: id, epoch, root, signature, sent: false };
}
