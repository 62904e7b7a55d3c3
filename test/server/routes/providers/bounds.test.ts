import { expect } from "chai";

import { PROVIDER_BOUNDS } from "../../../../server/stores/providers/providerBounds.ts";
import { ANSWERS } from "@compute-credits/api/bounds";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { expectProblem } from "../../../fixtures/http.ts";
import { listOf } from "../../../fixtures/httpApi.ts";
import { type Ledger, emptyLedger, hashOf, party } from "../../../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../../../fixtures/ledgerServer.ts";
import { refusalOf } from "../../../fixtures/refusalOf.ts";

const provider = party(1);
const hex = (address: string) => `\\x${address.slice(2)}`;

/** Rates of about so many bytes as JSON, which differ by `price`. */
function ratesOf(bytes: number, price: number) {
  const count = Math.ceil(bytes / 130);
  return Array.from({ length: count }, (_, n) => ({
    meter: `meter.${n}`,
    dimensions: { model: "m".repeat(60) },
    microCredits: BigInt(price),
    perUnits: 1n,
  }));
}

for (const { name, open } of databaseKinds) {
  describe(`bounds of one provider on ${name}`, () => {
    let ledger: Ledger;
    let http: LedgerServer;
    let database: Ledger["database"];

    before(async () => {
      database = await open();
    });
    beforeEach(async () => {
      ledger = await emptyLedger(database);
      http = await serveLedger(ledger, { maxRatesPerCard: 10_000 });
    });
    afterEach(() => http.stop());
    after(() => database.close());

    const publish = (rates: ReturnType<typeof ratesOf>, key: string) =>
      http.request("/v1/rate-cards", { body: { rates, effectiveFrom: null }, key });

    const grant = (text: string) =>
      ledger.providers.grantAccess({ provider, spender: hashOf(text) });

    it("keys: counts those that are not revoked", async () => {
      const { most } = PROVIDER_BOUNDS.openKeys;
      await database.query(
        `insert into provider_keys (key_hash, provider)
         select sha256(n::text::bytea), $1 from generate_series(1, $2::integer) as n`,
        [hex(provider), most],
      );
      const keyHash = hashOf("one more");
      const add = () => ledger.providers.addKey({ provider, keyHash });
      expect(await refusalOf(add())).to.include("keys that are not revoked");
      await database.query(
        `update provider_keys set revoked_at = now()
         where key_hash = (select key_hash from provider_keys limit 1)`,
      );
      expect(await add()).to.equal("added");
    });

    it("spenders: counts each once, and stores nothing beyond", async () => {
      const { most } = PROVIDER_BOUNDS.spenders;
      expect(await grant("first")).to.equal(true);
      await database.query("update provider_uses set spenders = $1", [most - 1]);
      expect(await grant("last")).to.equal(true);
      expect(await grant("first")).to.equal(true);
      expect(await refusalOf(grant("one more"))).to.include("spenders that ever");
      const [rows] = await database.query<{ count: bigint }>(
        "select count(*) as count from provider_access",
      );
      expect(rows?.count).to.equal(2n);
      const [use] = await database.query("select spenders from provider_uses");
      expect(use).to.deep.equal({ spenders: BigInt(most) });
    });

    it("cards: bounds one card, the cards of a day, and all of them", async () => {
      const key = await http.keyOf(provider);
      const tooLarge = await publish(ratesOf(PROVIDER_BOUNDS.cardBytes.most * 1.2, 1), key);
      expectProblem(tooLarge, 429, "provider_bound_reached");
      expect(tooLarge.document).to.include({ bound: "cardBytes" });
      expect((await publish(ratesOf(1_000, 1), key)).status).to.equal(201);

      const { most } = PROVIDER_BOUNDS.cardsPerDay;
      await database.query(
        `insert into rate_cards (version, provider, effective_from, card)
         select 1000 + n, $1, '2020-01-01'::timestamptz + n * interval '1 hour', '[]'
         from generate_series(2, $2::integer) as n`,
        [hex(provider), most],
      );
      const tooMany = await publish(ratesOf(1_000, 2), key);
      expect(tooMany.document).to.include({ bound: "cardsPerDay", limit: most });
      await database.query("update rate_cards set created_at = created_at - interval '2 days'");
      const large = await publish(ratesOf(100_000, 2), key);
      expect(large.status).to.equal(201);
      await database.query(
        `insert into rate_cards (version, provider, effective_from, card, created_at)
         select 2000 + n, $1, '2021-01-01'::timestamptz + n * interval '1 hour', card, '2021-01-01'
         from rate_cards cross join generate_series(1, $2::integer) as n where version = $3`,
        [
          hex(provider),
          Math.floor(PROVIDER_BOUNDS.allCardBytes.most / 100_000),
          large.document["version"],
        ],
      );
      const tooMuch = await publish(ratesOf(100_000, 3), key);
      expect(tooMuch.document).to.include({ bound: "allCardBytes" });
    });

    it("lists: a page of large cards ends where the answer is full", async () => {
      for (let n = 0; n < 14; n++) {
        const from = party(10 + n);
        const rates = ratesOf(100_000, n + 1);
        // oxlint-disable-next-line no-await-in-loop -- cards come one after the other
        await ledger.rateCards.publish({ provider: from, effectiveFrom: null, rates });
      }
      const versions: unknown[] = [];
      let cursor: unknown = null;
      do {
        const query = typeof cursor === "string" ? `?cursor=${cursor}` : "";
        // oxlint-disable-next-line no-await-in-loop -- each page names the next
        const { document } = await http.request(`/v1/rate-cards${query}`);
        const cards = listOf(document["rateCards"]);
        expect(cards.length).to.be.within(1, 13);
        expect(JSON.stringify(cards).length).to.be.at.most(ANSWERS.listBytes.most + 1_000);
        versions.push(...cards.map(({ version }) => version));
        cursor = document["nextCursor"];
      } while (cursor !== null);
      expect(versions).to.deep.equal(Array.from({ length: 15 }, (_, n) => 15 - n));
    });
  });
}
