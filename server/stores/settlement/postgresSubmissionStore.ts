import type { Address } from "viem";

import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { SubmissionStore } from "./submissionStore.ts";
import { bytea } from "@compute-credits/platform/postgres/values";

/** SQL: cut, but neither submitted nor abandoned. */
const PREPARED = "not dropped and final_at is null";

export function createSubmissionStore(database: Database): SubmissionStore {
  return {
    addSignature: (id, signed) =>
      database.transaction(async (tx) => {
        // Locks the checkpoint, so that it cannot be abandoned before the insert.
        const prepared = await tx.query(
          `select from checkpoints where id = $1 and ${PREPARED} for share`,
          [id],
        );
        if (prepared.length === 0) return false;
        await upsertSignature(tx, id, signed);
        return true;
      }),

    async beginSigning(id) {
      const begun = await database.query(
        `update checkpoints set signing_at = coalesce(signing_at, clock_timestamp())
         where id = $1 and ${PREPARED} returning id`,
        [id],
      );
      return begun.length > 0;
    },

    keepOwnSignatures: (id, signatures) =>
      database.transaction(async (tx) => {
        for (const signed of signatures) {
          // oxlint-disable-next-line no-await-in-loop -- a handful, on one connection
          await upsertSignature(tx, id, signed);
        }
      }),

    async waiting() {
      // Plan: one_checkpoint_per_epoch; an epoch has few checkpoints.
      const [waiting] = await database.query<{
        epoch: bigint;
        seconds: bigint;
        signers: readonly Address[] | null;
      }>(
        `select epoch,
           (select floor(extract(epoch from clock_timestamp() - min(cut_at)))::bigint
            from checkpoints first where first.epoch = c.epoch and first.final_at is null) as seconds,
           (select array_agg(signer order by signer) from checkpoint_signatures
            where checkpoint = c.id) as signers
         from checkpoints c where ${PREPARED} order by id desc limit 1`,
      );
      if (waiting === undefined) return null;
      const { epoch, seconds, signers } = waiting;
      return { epoch, seconds: Number(seconds), signers: signers ?? [] };
    },

    async hasSigned(signer) {
      // Servers have few keys, and ask rarely; a signer of long ago is in one of the first rows.
      const found = await database.query(
        "select from checkpoint_signatures where signer = $1 limit 1",
        [bytea(signer)],
      );
      return found.length > 0;
    },

    async abandon(id, afterSeconds) {
      const abandoned = await database.query(
        `update checkpoints set dropped = true, abandoned_at = clock_timestamp()
         where id = $1 and ${PREPARED} and signing_at is null
           and created_at <= clock_timestamp() - $2 * interval '1 second'
         returning id`,
        [id, afterSeconds],
      );
      return abandoned.length > 0;
    },

    async dropSuperseded(id, signersSince) {
      const dropped = await database.query(
        `update checkpoints set dropped = true, dropped_at = to_timestamp($2::bigint)
         where id = $1 and ${PREPARED} and as_of <= $2
           and (select block_time from chain_cursor) >= to_timestamp($2::bigint)
         returning id`,
        [id, signersSince],
      );
      return dropped.length > 0;
    },
  };
}

/** Replaces the signer's earlier signature: a contract wallet may have disowned it. */
async function upsertSignature(
  tx: Sql,
  id: bigint,
  { signer, signature }: SignerSignature,
): Promise<void> {
  await tx.query(
    `insert into checkpoint_signatures (checkpoint, signer, signature) values ($1, $2, $3)
     on conflict (checkpoint, signer) do update set signature = excluded.signature`,
    [id, bytea(signer), bytea(signature)],
  );
}
