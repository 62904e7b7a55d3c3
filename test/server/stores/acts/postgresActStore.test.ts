import { randomUUID } from "node:crypto";

import { expect } from "chai";

import type { Database } from "@compute-credits/platform/postgres/database";
import type { Act, ActStore } from "../../../../server/stores/acts/actStore.ts";
import { createActStore } from "../../../../server/stores/acts/postgresActStore.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";

const account = `0x${"a1".repeat(20)}` as const;
const ALL = { account: null, provider: null, act: null };
const NEWEST = { before: null, limit: 10 };

function act(changes: Partial<Act> = {}): Act {
  return {
    request: randomUUID(),
    act: "labelKey",
    actor: { kind: "session", id: account },
    account,
    provider: null,
    allowance: null,
    clientAddress: "::1",
    details: { label: "ci", priority: 3, approved: true },
    ...changes,
  };
}

for (const { name, open } of databaseKinds) {
  describe(`createActStore on ${name}`, () => {
    let database: Database;
    let acts: ActStore;
    beforeEach(async () => {
      database = await open();
      acts = createActStore(database);
    });
    afterEach(() => database?.close());

    it("records a request once, however many transactions it has", async () => {
      const one = act();
      await database.transaction((tx) => acts.add(tx, one));
      await database.transaction((tx) => acts.add(tx, one));
      const { request: _, allowance: __, ...expected } = one;
      const [recorded, ...more] = await acts.list(ALL, NEWEST);
      expect(recorded).to.deep.include(expected);
      expect(more).to.deep.equal([]);
    });

    it("records nothing if the change is rolled back", async () => {
      const failed = database.transaction(async (tx) => {
        await acts.add(tx, act());
        throw new Error("the change failed");
      });
      expect(await failed.catch(String)).to.include("the change failed");
      expect(await acts.list(ALL, NEWEST)).to.deep.equal([]);
    });

    it("refuses to change or remove what is recorded", async () => {
      await database.transaction((tx) => acts.add(tx, act()));
      for (const change of ["update acts set act = 'x'", "delete from acts"]) {
        // oxlint-disable-next-line no-await-in-loop -- a failure names its statement
        const said = await database.query(change).then(() => "done", String);
        expect(said, change).to.include("acts are only ever added");
      }
      expect(await acts.list(ALL, NEWEST)).to.have.length(1);
    });
  });
}
