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
