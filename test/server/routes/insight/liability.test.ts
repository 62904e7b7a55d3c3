import { expect } from "chai";

import type { VaultTotals } from "@compute-credits/rules/insight/vaultTotals";
import { postgres } from "../../../fixtures/databases.ts";
import { expectProblem } from "../../../fixtures/http.ts";
import { type Ledger, openLedger, party } from "../../../fixtures/ledger.ts";
import { type LedgerServer, OPERATOR, serveLedger } from "../../../fixtures/ledgerServer.ts";

const NOTHING = { spent: 0n, refunded: 0n, earned: 0n };

/** Two credits of one token each, of which 0.3 were earned and settled, and 0.1 of fees taken. */
const VAULT: VaultTotals = {
  totalSupply: 1_600_000n,
  settled: { ...NOTHING, spent: 400_000n, earned: 300_000n },
  feesTaken: 100_000n,
  finalCheckpoint: { epoch: 0n, ...NOTHING },
  tokenBalance: 0n,
};

describe("the liability of a past moment", () => {
  let ledger: Ledger;
  let server: LedgerServer;
  let key: string;
  let between: Date;

  before(async () => {
    ledger = await openLedger(await postgres.open());
    server = await serveLedger(
      ledger,
      {},
      {
        askedVault: {
          totalsAt: () => Promise.resolve(VAULT),
          tokenUnit: () => Promise.resolve(1_000n),
          deferredChange: () => Promise.resolve(0n),
        },
      },
    );
    key = await server.sessionOf(OPERATOR);
    await ledger.purchase(party(1), "2");
    const bought = await ledger.allowances.now();
    do {
      // oxlint-disable-next-line no-await-in-loop -- until the clock's next millisecond
      between = await ledger.allowances.now();
    } while (between <= bought);
    const claimed = { type: "fees_claimed", recipient: OPERATOR, tokenAmount: 100n } as const;
    await ledger.chainEvents(
      {
        type: "row_settled",
        epoch: 1n,
        party: party(2),
        spent: 400_000n,
        refunded: 0n,
        earned: 300_000n,
      },
      { ...claimed, amountMicros: 100_000n },
    );
  });
  after(async () => {
    await server.stop();
    await ledger.database.close();
  });

  const at = (asOf: Date | string) =>
    server.request(`/v1/liability?asOf=${typeof asOf === "string" ? asOf : asOf.toISOString()}`, {
      key,
    });

  it("counts what was recorded before it, and takes off what the chain did since", async () => {
    const { status, document } = await at(between);
    expect(status).to.equal(200);
    expect(document).to.deep.include({
      asOf: between.toISOString(),
      block: "1",
      readBlock: "2",
      addsUp: true,
      purchased: { micros: "2000000", tokens: "2000" },
      feesTaken: { micros: "0", tokens: "0" },
    });
    expect(document).to.have.nested.property("liability.total.micros", "2000000");
    expect(document["reconciled"]).to.equal(true);
  });

  it("says so if the books and the chain differ", async () => {
    // The chain settled what this ledger never charged.
    const { document } = await server.request("/v1/liability", { key });
    expect(document).to.deep.include({ addsUp: true, reconciled: false });
    expect(document).to.have.nested.property("liability.earningsDue.micros", "-300000");
  });

  it("is CSV too", async () => {
    const headers = { accept: "text/csv", authorization: `Bearer ${key}` };
    const answer = await fetch(`${server.url}/v1/liability?asOf=${between.toISOString()}`, {
      headers,
    });
    expect(answer.headers.get("content-type")).to.match(/^text\/csv/);
    const lines = (await answer.text()).trim().split("\r\n");
    expect(lines[0]).to.equal("section,name,micros,tokens");
    expect(lines).to.include.members(["liability,total,2000000,2000", "reconciled,yes,,"]);
  });

  it("is of no future, and of no time before the history begins", async () => {
    expectProblem(await at("2100-01-01T00:00:00Z"), 422, "as_of_in_future");
    expectProblem(await at("yesterday"), 400, "invalid_request");
    const empty = await at("1970-01-01T00:00:00Z");
    expect(empty.document).to.have.nested.property("liability.total.micros", "0");
    await ledger.database.query(
      "insert into chain_history_start (block_number, begun_at) values (2, $1)",
      [between],
    );
    const early = await at("2020-01-01T00:00:00Z");
    expectProblem(early, 422, "history_not_kept");
    expect(early.document["begunAt"]).to.equal(between.toISOString());
    expect((await at(between)).status).to.equal(200);
  });
});
