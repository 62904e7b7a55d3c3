import { expect } from "chai";
import { type Hex, getAddress, numberToHex } from "viem";

import { claimDatabase, isClaimed } from "../../../server/stores/chain/claimDatabase.ts";
import type { Database } from "@compute-credits/platform/postgres/database";
import { bothDatabases } from "../../fixtures/databases.ts";
import { hashOf } from "../../fixtures/ledger.ts";

for (const { name, open } of bothDatabases) {
  describe(`claimDatabase on ${name}`, () => {
    const deployment = { chainId: 31337, contract: numberToHex(0xc0ffee, { size: 20 }) };
    const origin = { number: 7n, hash: hashOf("block 7"), time: new Date(7_000) };
    let database: Database;

    before(async () => {
      database = await open();
      expect(await isClaimed(database)).to.equal(false);
      // Several servers start at once on an empty database.
      await Promise.all(
        Array.from({ length: 4 }, () => claimDatabase(database, deployment, origin)),
      );
    });
    after(() => database.close());

    it("is claimed then", async () => {
      expect(await isClaimed(database)).to.equal(true);
    });

    it("starts the chain cursor at the deployment's block", async () => {
      const cursors = await database.query<{ block_number: bigint; block_hash: Hex }>(
        "select block_number, block_hash from chain_cursor",
      );
      expect(cursors).to.deep.equal([{ block_number: 7n, block_hash: origin.hash }]);
    });

    it("accepts the same deployment again in any letter case, and keeps the cursor", async () => {
      await database.query("update chain_cursor set block_number = 99");
      const checksummed = { ...deployment, contract: getAddress(deployment.contract) };
      await claimDatabase(database, checksummed, origin);
      expect(await database.query("select block_number from chain_cursor")).to.deep.equal([
        { block_number: 99n },
      ]);
    });

    for (const [what, otherDeployment, otherOrigin] of [
      ["another chain", { ...deployment, chainId: 1 }, origin],
      ["another contract", { ...deployment, contract: numberToHex(1, { size: 20 }) }, origin],
      ["another past of the chain", deployment, { ...origin, hash: hashOf("another block 7") }],
    ] as const) {
      it(`refuses ${what} and changes nothing`, async () => {
        const before = await database.query("select * from deployment");
        const refusal = await claimDatabase(database, otherDeployment, otherOrigin).catch(
          (error: unknown) => error,
        );
        expect(refusal)
          .to.be.instanceOf(Error)
          .with.property("message")
          .that.includes("this database belongs to the deployment 0x0000")
          .and.includes("give this deployment a database of its own, or set DEPLOYMENT_BLOCK");
        expect(await database.query("select * from deployment")).to.deep.equal(before);
      });
    }
  });
}
