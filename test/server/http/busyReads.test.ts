import { expect } from "chai";

import { ReadTimedOut, TooManyReads } from "@compute-credits/platform/postgres/boundedReads";
import { databaseKinds } from "../../fixtures/databases.ts";
import { expectProblem } from "../../fixtures/http.ts";
import { openLedger, party } from "../../fixtures/ledger.ts";
import { serveLedger } from "../../fixtures/ledgerServer.ts";

const CASES = [
  ["too_many_reads", new TooManyReads("full")],
  ["read_timed_out", new ReadTimedOut("slow")],
] as const;

describe("a read that the bounds refuse", () => {
  for (const [reason, error] of CASES) {
    it(`is answered 503 with ${reason}, and when to ask again`, async () => {
      const [kind] = databaseKinds;
      if (kind === undefined) throw new Error("there is no database");
      const ledger = await openLedger(await kind.open());
      const accounts = { balance: () => Promise.reject(error) };
      const server = await serveLedger({ ...ledger, accounts });
      try {
        const key = await server.sessionOf(party(1));
        const answer = await server.request(`/v1/accounts/${party(1)}`, { key });
        expectProblem(answer, 503, reason);
        expect(answer.headers.get("retry-after")).to.equal("1");
      } finally {
        await server.stop();
        await ledger.database.close();
      }
    });
  }
});
