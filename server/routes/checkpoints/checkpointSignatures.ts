import { Router } from "express";

import { addCheckpointSignature } from "@compute-credits/api/checkpoints/checkpointSignatures";
import { checkpointDigest } from "@compute-credits/protocol/messages/checkpoint";
import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { mount } from "../../http/mount.ts";
import { type ProblemError, fail } from "../../http/problem.ts";
import type {
  CheckpointStore,
  StoredCheckpoint,
} from "../../stores/checkpoints/checkpointStore.ts";
import type { SubmissionStore } from "../../stores/settlement/submissionStore.ts";
import { checkSignerSignature } from "./checkSignerSignature.ts";
import { findCheckpoint } from "./findCheckpoint.ts";

export interface CheckpointSignatureDeps {
  readonly checkpoints: Pick<CheckpointStore, "byEpoch">;
  readonly submissions: Pick<SubmissionStore, "addSignature">;
  readonly chain: Pick<ChainReader, "deployment" | "threshold" | "isSigner" | "isSignedBy">;
}

export function checkpointSignatureRoutes({
  checkpoints,
  submissions,
  chain,
}: CheckpointSignatureDeps): Router {
  const router = Router();

  mount(router, addCheckpointSignature, async ({ read, answer }) => {
    const { params, body } = read();
    const { root, ...signed } = body;
    const checkpoint = await findCheckpoint(checkpoints, params.epoch);
    if (checkpoint.message.root !== root) throw rootMismatch(checkpoint);
    if (!hasSignature(checkpoint, signed)) {
      if (checkpoint.status !== "prepared") throw notPrepared(checkpoint);
      const digest = checkpointDigest(chain.deployment, checkpoint.message);
      await checkSignerSignature(chain, signed, { digest, what: "checkpoint" });
      if (!(await submissions.addSignature(checkpoint.id, signed))) throw notPrepared(checkpoint);
    }

    const [{ signatures }, threshold] = await Promise.all([
      findCheckpoint(checkpoints, params.epoch),
      chain.threshold(),
    ]);
    return answer(200, { signatures, threshold });
  });

  return router;
}

function hasSignature(
  { signatures }: StoredCheckpoint,
  { signer, signature }: SignerSignature,
): boolean {
  return signatures.some((known) => known.signer === signer && known.signature === signature);
}

function rootMismatch({ message: { epoch, root } }: StoredCheckpoint): ProblemError {
  return fail(
    409,
    "root_mismatch",
    `The checkpoint of epoch ${epoch} has the root ${root} now: reproduce that one.`,
    { root },
  );
}

function notPrepared({ message: { epoch }, status }: StoredCheckpoint): ProblemError {
  const now = status === "prepared" ? "given up" : status;
  return fail(
    409,
    "checkpoint_not_prepared",
    `The checkpoint of epoch ${epoch} is ${now}, and takes no more signatures. Sign the next one.`,
    { checkpointStatus: status },
  );
}
