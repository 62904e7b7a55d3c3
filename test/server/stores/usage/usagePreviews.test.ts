import { expect } from "chai";
import * as fc from "fast-check";

import type { Database } from "@compute-credits/platform/postgres/database";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import { multiplierLockName } from "../../../../server/stores/pricing/postgresMultiplierStore.ts";
import { anySpending, makeSpending } from "../../../fixtures/anySpending.ts";
import { databaseKinds, postgres } from "../../../fixtures/databases.ts";
import { IS_FULL, repeated } from "../../../fixtures/effort.ts";
import { answerWhileEveryLockIsHeld } from "../../../fixtures/everyLockHeld.ts";
import { openPricedLedger } from "../../../fixtures/pricedLedger.ts";

type Priced = Awaited<ReturnType<typeof openPricedLedger>>;

/** An outcome without what differs between a preview and a debit: the time. */
const shown = (outcomes: readonly UsageOutcome[]) =>
  outcomes.map((outcome) => {
    if (outcome.result === "refused") return outcome.refusal;
    const { costMicros, rateCardVersion, charges } = outcome;
    return { costMicros, rateCardVersion, charges };
  });

const STATE = [
  "accounts",
  "allowance_usage",
  "tier_usage",
  "debits",
  "earnings",
  "multiplier_steps",
];

async function stateOf(database: Database): Promise<readonly string[]> {
  const tables = await Promise.all(
    STATE.map((table) =>
      database.query<{ row: string }>(`select t::text as row from ${table} t order by 1`),
    ),
  );
  return tables.flat().map(({ row }) => row);
}

for (const { name, open } of databaseKinds) {
  describe(`previews of usage on ${name}`, () => {
    let priced: Priced;

    before(async () => {
      priced = await openPricedLedger(await open());
    });
    after(() => priced.ledger.database.close());

    it("say what the report of the same work is answered, to the micro-credit", async () => {
      const met = new Map<string, number>();
      await fc.assert(
        fc.asyncProperty(anySpending, async (made) => {
          const { ledger } = priced;
          const { provider, spender, work } = await makeSpending(priced, made);
          const preview = await ledger.previews.preview({ provider, spender, work });
          const outcomes = await ledger.usage.record(
            work.map(({ occurredAt, ...fields }, index) => ({
              ...fields,
              occurredAt: occurredAt ?? preview.asOf,
              provider,
              spender,
              id: `${index}`,
            })),
          );
          expect(shown(preview.outcomes)).to.deep.equal(shown(outcomes));
          for (const outcome of outcomes) {
            const kind =
              outcome.result === "refused"
                ? outcome.refusal.reason
                : `paid by ${outcome.charges.length}`;
            met.set(kind, (met.get(kind) ?? 0) + 1);
          }
        }),
        // The same lists in `npm test`, so that it always meets what is named below.
        { numRuns: repeated(60), ...(IS_FULL ? {} : { seed: 16 }) },
      );
      // What the lists met, so that the test cannot become empty.
      const named = [
        "paid by 1",
        "paid by 2",
        "allowance_not_found",
        "account_not_accepted",
        "allowance_exhausted",
        "insufficient_credits",
        "account_cap_reached",
        "campaign_exhausted",
        "cap_not_recorded",
        "allowance_out_of_scope",
        "access_not_granted",
        "unknown_meter",
        "quantity_too_large",
        "event_too_old",
        "event_in_future",
      ];
      expect(named.filter((kind) => !met.has(kind))).to.deep.equal([]);
    });

    it("charge nothing: a preview changes no row, and a second says the same", async () => {
      const { ledger } = priced;
      const { spender, provider } = await priced.payer();
      const work = ["units", "graduated", "volume", "dynamic"].map((meter) => ({
        meter,
        quantity: 150n,
        dimensions: {},
        occurredAt: null,
      }));
      const before = await stateOf(ledger.database);
      const first = await ledger.previews.preview({ spender, provider, work });
      const second = await ledger.previews.preview({ spender, provider, work });
      expect(shown(first.outcomes)).to.deep.equal(shown(second.outcomes));
      expect(first.outcomes.map((each) => "costMicros" in each && each.costMicros)).to.deep.equal([
        450n,
        100n * 10n + 50n * 8n,
        150n * 5n,
        15_000n,
      ]);
      expect(await stateOf(ledger.database)).to.deep.equal(before);
    });

    it("take each event as new, whatever ids the provider used", async () => {
      const { spender, provider } = await priced.payer({ limit: 10n });
      await priced.record({ spender, provider }, { id: "0", quantity: 2n });
      const work = [{ meter: "units", quantity: 2n, dimensions: {}, occurredAt: null }];
      const { outcomes } = await priced.ledger.previews.preview({ spender, provider, work });
      expect(outcomes).to.have.nested.property("0.refusal.reason", "allowance_exhausted");
    });

    it("refuse everything once the vault is frozen", async () => {
      const { spender, provider } = await priced.payer();
      await priced.ledger.chainEvents({ type: "frozen", by: provider });
      const work = [{ meter: "units", quantity: 2n, dimensions: {}, occurredAt: null }];
      const { outcomes } = await priced.ledger.previews.preview({ spender, provider, work });
      expect(outcomes).to.deep.equal([{ result: "refused", refusal: { reason: "vault_frozen" } }]);
    });
  });
}

// PGlite has one connection, so no transaction waits for another.
describe("previews of usage while every lock is held", () => {
  it("wait for none", async () => {
    const priced = await openPricedLedger(await postgres.open());
    try {
      const { ledger } = priced;
      const { spender, provider } = await priced.payer();
      await priced.report(provider, 9_000n);
      const work = ["graduated", "dynamic"].map((meter) => ({
        meter,
        quantity: 2n,
        dimensions: {},
        occurredAt: null,
      }));
      const { outcomes } = await answerWhileEveryLockIsHeld(
        ledger.database,
        () => ledger.previews.preview({ spender, provider, work }),
        { names: [multiplierLockName({ provider, rateKey: "operator:dynamic" })] },
      );
      expect(outcomes.map(({ result }) => result)).to.deep.equal(["debited", "debited"]);
    } finally {
      await priced.ledger.database.close();
    }
  });
});
