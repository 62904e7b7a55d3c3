import type { Database } from "@compute-credits/platform/postgres/database";
import type { ReceiptRecords } from "./receiptStore.ts";
import { writeNotes } from "../log/writeNotes.ts";
import { bytea } from "@compute-credits/platform/postgres/values";

export function createReceiptRecords(database: Database): ReceiptRecords {
  return {
    promise: (provider) =>
      database.transaction(async (tx) => {
        // In the order in which a cut takes them. The first waits for a checkpoint that is being cut: whether it holds what
        // is promised here would not be known. The second keeps events from being taken back meanwhile.
        await tx.query("lock table checkpoints in share mode");
        await tx.query("lock table voids in share mode");
        // earnings_of_provider, index only
        const [promised] = await tx.query<{ earned: bigint; epoch: bigint; at: Date }>(
          `insert into earnings_promises (provider, earned, epoch)
           select $1, (select coalesce(sum(earned), 0) from earnings where provider = $1),
             (select coalesce(max(epoch), 0) + 1 from checkpoints where not dropped)
           on conflict (provider) do update
             set earned = excluded.earned, epoch = excluded.epoch, promised_at = clock_timestamp()
           returning earned, epoch, promised_at as at`,
          [bytea(provider)],
        );
        if (promised === undefined) throw new Error("an insert without a row");
        const { earned, epoch, at } = promised;
        // After the sum was read, and under the lock that keeps events from being taken back: whoever replays the log in its
        // order has at least `earned` here.
        await writeNotes(tx, [{ kind: "receipt", provider, earned, epoch, at }]);
        return { provider, earned, epoch };
      }),
  };
}
