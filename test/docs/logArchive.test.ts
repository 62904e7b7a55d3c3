import { readFile } from "node:fs/promises";

import { expect } from "chai";

import { databaseKinds } from "../fixtures/databases.ts";
import { openLedger, party, usageEvent } from "../fixtures/ledger.ts";

/** The statements of docs/log-archive.md, in their order, for a month. */
async function statements(month: Date): Promise<readonly string[]> {
  const text = await readFile(new URL("../../docs/log-archive.md", import.meta.url), "utf8");
  const blocks = [...text.matchAll(/```sql\n(.*?)```/gs)].map(([, sql = ""]) => sql);
  const [from, to] = [firstOf(month, 0), firstOf(month, 1)];
  const inMonth: Record<string, string> = {
    "2026_09": from.slice(0, 7).replace("-", "_"),
    "2026-09-01": from,
    "2026-10-01": to,
  };
  return blocks.map((sql) =>
    sql.replaceAll(/2026_09|2026-09-01|2026-10-01/g, (written) => inMonth[written] ?? written),
  );
}

/** `2026-09-01` */
function firstOf(month: Date, later: number): string {
  return new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + later, 1))
    .toISOString()
    .slice(0, 10);
}

for (const { name, open } of databaseKinds) {
  describe(`docs/log-archive.md on ${name}`, () => {
    it("moves what is old and settled to the archive, and drops it by the month", async () => {
      const ledger = await openLedger(await open());
      const { database } = ledger;
      try {
        const [account, provider] = [party(1), party(2)];
        await ledger.purchase(account, "1");
        const { message } = await ledger.allow(account);
        await ledger.grantAccess(message.spender, provider);
        const charge = { provider, spender: message.spender, quantity: 5n };
        const [old, settledLate, recent] = ["old", "late", "recent"].map((id) =>
          usageEvent({ ...charge, id }),
        );
        if (old === undefined || settledLate === undefined || recent === undefined)
          throw new Error("three were made");
        await ledger.usage.record([old, settledLate, recent]);

        const longAgo = new Date(Date.now() - 60 * 86_400_000);
        await database.query(
          "update debits set recorded_at = $1 where event_id in ('old', 'late')",
          [longAgo],
        );
        // Not in the final checkpoint: it stays, however old it is.
        await database.query(
          "update debits set recorded_at = recorded_at + interval '1 hour' where event_id = 'late'",
        );
        await database.query(
          `insert into checkpoints (epoch, previous_root, root, spent, refunded, earned, as_of, data_hash, party_count,
             final_at, cut_at)
           values (1, '\\x', '\\x', 0, 0, 0, 1, '\\x', 1, now(), $1)`,
          [new Date(longAgo.getTime() + 60_000)],
        );

        const [prepare = "", month = "", move = "", drop = ""] = await statements(longAgo);
        await database.script(prepare);
        await database.script(month);
        await database.script(move);
        await database.script(move);

        const places = async () =>
          await database.query<{ event_id: string; place: string }>(
            `select event_id, 'debits' as place from debits
             union all select event_id, 'archive' from debits_archive order by 1`,
          );
        expect(await places()).to.deep.equal([
          { event_id: "late", place: "debits" },
          { event_id: "old", place: "archive" },
          { event_id: "recent", place: "debits" },
        ]);
        const [ever] = await database.query("select sum(amount_micros) as sum from debits_ever");
        expect(ever).to.deep.equal({ sum: 15n });

        const again = { ...old, occurredAt: longAgo };
        const [repeated] = await ledger.usage.record([again]);
        expect(repeated).to.deep.include({ result: "refused" });
        expect((await ledger.accounts.balance(account)).spent).to.equal(15n);
        const voided = await ledger.usage.void({ provider, id: "old" });
        expect(voided).to.deep.equal({ result: "refused", reason: "event_not_found" });

        await database.script(drop);
        const [left] = await database.query("select count(*) as count from debits_ever");
        expect(left).to.deep.equal({ count: 2n });
      } finally {
        await database.close();
      }
    });
  });
}
