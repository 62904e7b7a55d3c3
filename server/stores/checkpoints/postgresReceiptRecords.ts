import type { Address } from "viem";

import type { EarningsReceiptMessage } from "@compute-credits/protocol/messages/earningsReceipt";
import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { ReceiptRecords } from "./receiptStore.ts";
import { writeNotes } from "../log/writeNotes.ts";
import { bytea, byteaArray } from "@compute-credits/platform/postgres/values";

export function createReceiptRecords(database: Database): ReceiptRecords {
  return {
    async record(provider) {
      const known = await readSameReceipt(database, provider);
      if (known !== null) return known;
      return await database.transaction(async (tx) => {
        // Locks in the order of a cut. The first waits for a running cut, which may or may not
        // contain these earnings. The second keeps events from being voided meanwhile.
        await tx.query("lock table checkpoints in share mode");
        await tx.query("lock table voids in share mode");
        // Plan: earnings_of_provider, index-only.
        const [receipt] = await tx.query<{ earned: bigint; epoch: bigint; at: Date }>(
          `insert into earnings_promises (provider, earned, epoch)
           select $1, (select coalesce(sum(earned), 0) from earnings where provider = $1),
             (select coalesce(max(epoch), 0) + 1 from checkpoints where not dropped)
           on conflict (provider) do update
             set earned = excluded.earned, epoch = excluded.epoch, promised_at = clock_timestamp()
           returning earned, epoch, promised_at as at`,
          [bytea(provider)],
        );
        if (receipt === undefined) throw new Error("an insert returned no row");
        const { earned, epoch, at } = receipt;
        // Written after the sum was read and under the lock against voids. So a replay of the log
        // has at least `earned` at this note.
        await writeNotes(tx, [{ kind: "receipt", provider, earned, epoch, at }]);
        return { provider, earned, epoch };
      });
    },

    async latest(provider) {
      // Plan: earnings_promises and receipt_signatures by primary key.
      const [receipt] = await database.query<{
        earned: bigint;
        epoch: bigint;
        signatures: SignerSignature[] | null;
      }>(
        `select earned, epoch,
           (select jsonb_agg(jsonb_build_object(
               'signer', '0x' || encode(signer, 'hex'), 'signature', '0x' || encode(signature, 'hex'))
             order by signer)
            from receipt_signatures s
            where s.provider = p.provider and s.earned = p.earned and s.epoch = p.epoch) as signatures
         from earnings_promises p where provider = $1`,
        [bytea(provider)],
      );
      if (receipt === undefined) return null;
      const { earned, epoch, signatures } = receipt;
      return { message: { provider, earned, epoch }, signatures: signatures ?? [] };
    },

    async keep({ provider, earned, epoch }, signatures) {
      // Plan: earnings_promises by primary key. Of two signatures at once the newer receipt's stays.
      const kept = await database.query(
        `insert into receipt_signatures (provider, earned, epoch, signer, signature)
         select provider, earned, epoch, given.signer, given.signature
         from earnings_promises, unnest($4::bytea[], $5::bytea[]) as given (signer, signature)
         where provider = $1 and earned = $2 and epoch = $3
         on conflict (provider, signer) do update
           set earned = excluded.earned, epoch = excluded.epoch, signature = excluded.signature
           where (receipt_signatures.earned, receipt_signatures.epoch)
             <= (excluded.earned, excluded.epoch)
         returning signer`,
        [
          bytea(provider),
          earned,
          epoch,
          byteaArray(signatures.map(({ signer }) => signer)),
          byteaArray(signatures.map(({ signature }) => signature)),
        ],
      );
      return kept.length === signatures.length;
    },
  };
}

/**
 * Reads the last receipt if a new one would say the same; otherwise `null`. Its promise still
 * holds: events that it counts cannot be voided, and later ones add nothing to this sum.
 */
async function readSameReceipt(
  sql: Sql,
  provider: Address,
): Promise<EarningsReceiptMessage | null> {
  // Plan: earnings_promises by primary key, earnings_of_provider index-only.
  const [receipt] = await sql.query<{ earned: bigint; epoch: bigint }>(
    `select earned, epoch from earnings_promises where provider = $1
       and earned = (select coalesce(sum(earned), 0) from earnings where provider = $1)
       and epoch = (select coalesce(max(epoch), 0) + 1 from checkpoints where not dropped)`,
    [bytea(provider)],
  );
  return receipt === undefined ? null : { provider, ...receipt };
}
