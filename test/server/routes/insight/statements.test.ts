import { expect } from "chai";
import type { Hex } from "viem";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { weightOfRequest } from "../../../../server/http/rates/routeWeight.ts";
import { bothDatabases } from "../../../fixtures/databases.ts";
import { expectProblem } from "../../../fixtures/http.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../../../fixtures/ledgerServer.ts";

const [owner, friend, provider, stranger] = [party(1), party(2), party(3), party(4)];
const inAMinute = () => new Date(Date.now() + 60_000);

for (const { name, open } of bothDatabases) {
  describe(`statements on ${name}`, () => {
    let ledger: Ledger;
    let server: LedgerServer;
    let ownersSession: string;
    let viewKey: string;
    let providerKey: string;

    before(async () => {
      ledger = await openLedger(await open());
      server = await serveLedger(ledger);
      providerKey = await server.keyOf(provider);
      ownersSession = await server.sessionOf(owner);
      viewKey = `ccvk_${"v".repeat(43)}`;
      const keyHash: Hex = apiKeySpender(viewKey);
      await ledger.purchase(owner, "1");
      await server.callers.viewKeys.add({ account: owner, keyHash, expiresAt: inAMinute() });
      await ledger.chainEvents({
        type: "purchased",
        account: owner,
        payer: friend,
        amountMicros: 500_000n,
        tokenAmount: 5n,
      });
      const { message } = await ledger.allow(owner);
      await ledger.grantAccess(message.spender, provider);
      const event = { provider, spender: message.spender, quantity: 100_000n };
      await ledger.usage.record([usageEvent(event), usageEvent(event)]);
    });
    after(async () => {
      await server.stop();
      await ledger.database.close();
    });

    const ofOwner = `/v1/accounts/${owner}/statement`;
    const ofProvider = `/v1/providers/${provider}/statement`;

    const answers = (path: string, ...keys: string[]) =>
      Promise.all(keys.map(async (key) => (await server.request(path, { key })).status));
    const get = (query: string) => server.request(`${ofOwner}?${query}`, { key: ownersSession });

    it("show an account's movements, and close with the balance", async () => {
      const { status, document } = await server.request(ofOwner, { key: ownersSession });
      expect(status).to.equal(200);
      expect(document).to.include({
        account: owner,
        openingMicros: "0",
        closingMicros: "1300000",
        reconciles: true,
      });
      expect(document).to.have.nested.property("purchases.0.kind", "purchase");
      expect(document).to.have.nested.property("purchases.1.kind", "top_up");
      expect(document).to.have.nested.property("purchases.1.payer", friend);
      expect(document).to.have.nested.property("debits.0.amountMicros", "200000");
      expect(document).to.have.nested.property("debits.0.events", "2");
      expect(document).to.deep.include({ notKept: [], settlements: [] });
      const debits = await server.request(String(document["debitsPath"]), { key: ownersSession });
      expect(debits.document["debits"]).to.have.length(2);
      const balance = await server.request(`/v1/accounts/${owner}`, { key: ownersSession });
      expect(balance.document["availableMicros"]).to.equal(document["closingMicros"]);
    });

    it("show what a provider earned after fees", async () => {
      const { document } = await server.request(ofProvider, { key: providerKey });
      expect(document).to.include({
        openingMicros: "0",
        closingMicros: "196000",
        reconciles: true,
      });
      expect(document).to.have.nested.property("earnings.0.earnedMicros", "196000");
      expect(document).to.have.nested.property("earnings.0.feeMicros", "4000");
    });

    it("show what was settled, and since when that is kept", async () => {
      await ledger.chainEvents({
        type: "row_settled",
        party: provider,
        epoch: 1n,
        spent: 0n,
        refunded: 0n,
        earned: 98_000n,
      });
      const { document } = await server.request(ofProvider, { key: providerKey });
      expect(document).to.deep.include({ notKept: [] });
      expect(document).to.have.nested.property("settlements.0.earnedMicros", "98000");
      expect(document).to.have.nested.property("settled.earnedMicros", "98000");
      await ledger.database.query(
        "insert into chain_history_start (block_number, begun_at) values (9, clock_timestamp())",
      );
      const later = await server.request(ofProvider, { key: providerKey });
      expect(later.document).to.deep.include({ notKept: ["settlement_times"], settlements: [] });
      await ledger.database.query("delete from chain_history_start");
    });

    it("are CSV too, whose amounts add up", async () => {
      for (const [path, key, closing] of [
        [ofOwner, viewKey, 1_300_000n],
        [ofProvider, providerKey, 196_000n],
      ] as const) {
        // oxlint-disable no-await-in-loop -- one after the other
        const headers = { accept: "text/csv", authorization: `Bearer ${key}` };
        const answer = await fetch(`${server.url}${path}`, { headers });
        expect(answer.headers.get("content-type")).to.match(/^text\/csv/);
        const lines = (await answer.text()).trim().split("\r\n");
        // oxlint-enable no-await-in-loop
        const rows = lines.map((line) => line.split(","));
        expect(rows[0]).to.deep.equal(["kind", "at", "name", "amountMicros", "reference"]);
        const ends = rows.findIndex(([kind]) => kind === "closing");
        const sum = rows.slice(1, ends).reduce((all, row) => all + BigInt(row[3] ?? ""), 0n);
        expect([sum, rows[ends]?.[3]]).to.deep.equal([closing, `${closing}`]);
        const settled = rows.filter(([kind]) => kind === "settled").map((row) => row.slice(2, 4));
        expect(settled).to.deep.equal(path === ofProvider ? [["earned", "98000"]] : []);
        expect(rows.at(-1)?.slice(0, 3)).to.include.members(["reconciles", "yes"]);
      }
    });

    it("are for the party itself: its wallet, its view key, its provider's key", async () => {
      const strangers = await server.sessionOf(stranger);
      const providers = await server.sessionOf(provider);
      expect(await answers(ofOwner, ownersSession, viewKey)).to.deep.equal([200, 200]);
      expect(await answers(ofProvider, providers, providerKey)).to.deep.equal([200, 200]);
      for (const [path, others] of [
        [ofOwner, [strangers, providers, providerKey, createApiKey()]],
        [ofProvider, [strangers, ownersSession, viewKey, createApiKey()]],
        [`/v1/accounts/${provider}/statement`, [providerKey]],
        [`/v1/providers/${owner}/statement`, [viewKey]],
      ] as const) {
        expectProblem(await server.request(path), 401, "missing_credentials");
        for (const key of others) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          expectProblem(await server.request(path, { key }), 403, "not_permitted");
        }
      }
    });

    it("take no range that is empty or too long", async () => {
      const [early, late] = ["2020-01-01T00:00:00Z", "2026-01-01T00:00:00Z"];
      expectProblem(await get(`from=${late}&to=${early}`), 400, "empty_range");
      expectProblem(await get(`from=${early}&to=${late}`), 422, "range_too_long");
    });

    it("weigh as heavy reads", () => {
      expect(weightOfRequest("GET", `/accounts/${owner}/statement`)).to.equal("heavyRead");
    });
  });
}
