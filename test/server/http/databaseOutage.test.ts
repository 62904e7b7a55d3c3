import { expect } from "chai";
import type { Address, Hex } from "viem";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { withGroupCommit } from "../../../server/stores/usage/groupCommit.ts";
import { type Answer, expectProblem } from "../../fixtures/http.ts";
import { type Ledger, openLedger, party } from "../../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../../fixtures/ledgerServer.ts";
import { cloudEvent } from "../../fixtures/meteredStack.ts";
import { newLedgerDatabase } from "../../fixtures/postgresServer.ts";
import { type TcpProxy, startTcpProxy, through } from "../../../scripts/local/tcpProxy.ts";

const payer = party(1);
const provider = party(2);

/** How a commit ends in the bytes that the driver sends. */
const COMMIT = "commit\0";

function expectNothingApplied(answer: Answer): void {
  expectProblem(answer, 503, "database_unavailable");
  expect(answer.headers.get("retry-after")).to.equal("5");
  expect(answer.document["detail"]).to.include("Nothing of this request was applied.");
}

function expectUnknown(answer: Answer): void {
  expectProblem(answer, 503, "outcome_unknown");
  expect(answer.headers.get("retry-after")).to.equal("5");
  expect(answer.document["detail"])
    .to.include("may have been applied")
    .and.not.include("Nothing of this request");
}

describe("an outage of the database", () => {
  let proxy: TcpProxy;
  let ledger: Ledger;
  let server: LedgerServer;
  let key: string;
  let spender: Hex;

  beforeEach(async () => {
    const url = await newLedgerDatabase();
    proxy = await startTcpProxy(Number(new URL(url).port));
    ledger = await openLedger(await openPgDatabase(through(proxy, url), 4));
    server = await serveLedger({ ...ledger, usage: withGroupCommit(ledger.usage) });
    key = await server.keyOf(provider);
    spender = apiKeySpender(createApiKey());
    await ledger.purchase(payer, "1");
    await ledger.allow(payer, { spender });
    await ledger.grantAccess(spender, provider);
    // The server now knows the key, the prices and the allowance.
    expect((await report(event())).status).to.equal(201);
  });
  afterEach(async () => {
    await server.stop();
    await ledger.database.close();
    await proxy.stop();
  });

  const event = () => cloudEvent(spender, { meter: "units" }, { source: provider });
  const report = (body: unknown) => server.request("/v1/usage", { key, body });
  const spent = async (of: Address = payer) => (await ledger.accounts.balance(of)).spent;

  it("when a commit gets no answer: says that its outcome is unknown, and a repetition tells", async () => {
    const sent = event();
    proxy.loseAnswerTo(COMMIT);
    expectUnknown(await report(sent));

    const { status, document } = await report(sent);
    expect([status, document["repeated"]]).to.deep.equal([200, true]);
    expect(await spent()).to.equal(2n);
  });

  it("when the commit of a group gets no answer: says so to each of its requests", async () => {
    const events = Array.from({ length: 12 }, event);
    proxy.loseAnswerTo(COMMIT);
    const answers = await Promise.all(events.map(report));
    const lost = answers.filter(({ status }) => status !== 201);
    expect(lost).to.have.length.greaterThan(0);
    for (const answer of lost) expectUnknown(answer);

    const repeated = await Promise.all(events.map(report));
    expect(repeated.map(({ status }) => status)).to.deep.equal(events.map(() => 200));
    expect(await spent()).to.equal(13n);
  });

  it("when nothing answers: says that nothing was applied, and it was not", async () => {
    proxy.silence();
    expectNothingApplied(await report(event()));
    expect(await spent()).to.equal(1n);
    expect((await report(event())).status).to.equal(201);
  });

  for (const [code, what] of [
    ["08006", "a lost connection"],
    ["25006", "a standby"],
    ["53100", "a full disk"],
    ["53200", "no memory"],
    ["53300", "too many connections"],
    ["55P03", "a lock that is not free"],
    ["57014", "a statement that takes too long"],
    ["57P01", "a shutdown"],
    ["57P03", "a start"],
    ["58030", "a disk that fails"],
  ] as const) {
    it(`with ${what} (${code}): says that nothing was applied, and it was not`, async () => {
      await ledger.database.script(
        `create function fail() returns trigger language plpgsql as
           $$ begin raise exception 'as in an outage' using errcode = '${code}'; end $$;
         create trigger fail before insert on debits execute function fail();`,
      );
      expectNothingApplied(await report(event()));
      await ledger.database.script("drop trigger fail on debits");
      expect(await spent()).to.equal(1n);
      expect((await report(event())).status).to.equal(201);
    });
  }

  it("after the request committed something: does not say that nothing was applied", async () => {
    const twoSteps = async () => {
      await ledger.database.query("insert into metering_stop (message) values ('first step')");
      proxy.silence();
      await ledger.database.query("select 'second step'");
      throw new Error("the second step got an answer");
    };
    const stepped = await serveLedger({ ...ledger, usage: { ...ledger.usage, void: twoSteps } });
    try {
      expectUnknown(await stepped.request("/v1/voids", { key, body: { eventId: "event-1" } }));
    } finally {
      await stepped.stop();
    }
  });
});
