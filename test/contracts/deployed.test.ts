import { readFile } from "node:fs/promises";

import { expect } from "chai";
import { artifacts } from "hardhat";
import { TypedDataEncoder } from "ethers";
import { hexToBytes, size, toHex, zeroHash } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { allowanceTypedData } from "@compute-credits/protocol/messages/allowance";
import { LIMITS } from "../../scripts/gas/limits.ts";
import { type GasTable, measureGas } from "../../scripts/gas/measure.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { type LocalContract, startContract } from "../fixtures/localContract.ts";

/** EIP-170 and EIP-3860. */
const MAX_CODE_BYTES = 24_576;
const MAX_INIT_CODE_BYTES = 49_152;

const SNAPSHOT = new URL("gas.snapshot.json", import.meta.url);

describe("the contracts, deployed", () => {
  for (const name of ["ComputeCredits", "Court"]) {
    it(`${name} fits the code size limits of a chain`, async () => {
      const { deployedBytecode, bytecode } = await artifacts.readArtifact(name);
      expect(hexToBytes(`0x${deployedBytecode.slice(2)}`).length).to.be.at.most(MAX_CODE_BYTES);
      expect(size(`0x${bytecode.slice(2)}`)).to.be.at.most(MAX_INIT_CODE_BYTES);
    });
  }

  context("gas", function () {
    this.timeout(180_000);
    let measured: GasTable;

    before(async () => {
      measured = await measureGas();
    });

    it("equals the snapshot (npm run gas -- --update records a change)", async () => {
      const snapshot: GasTable = JSON.parse(await readFile(SNAPSHOT, "utf8"));
      expect(measured).to.deep.equal(snapshot);
    });

    for (const [name, limit] of Object.entries(LIMITS)) {
      it(`of "${name}" is at most ${limit}`, () => {
        expect(measured[name]).to.be.at.most(limit);
      });
    }
  });

  context("the court", () => {
    let local: LocalContract;

    before(async () => {
      local = await startContract();
    });

    after(() => local.stop());

    it("hashes an allowance as wallets do, under the vault's domain", async () => {
      const message = {
        account: wallets.alice.account.address,
        spender: toHex(7n, { size: 32 }),
        limit: 1n,
        period: 2n,
        rollover: 3n,
        startsAt: 4n,
        expiresAt: 5n,
        priority: 6,
        scope: zeroHash,
        accountCap: 2n ** 64n - 1n,
        counter: 8n,
        salt: 2n ** 256n - 1n,
      };
      const court = await local.client.readContract({
        address: local.contract,
        abi: computeCreditsAbi,
        functionName: "court",
      });
      const { abi } = await artifacts.readArtifact("Court");
      const digest = await local.client.readContract({
        address: court,
        abi,
        functionName: "hashAllowance",
        args: [message],
      });
      const { domain, types } = allowanceTypedData(local.deployment, message);
      const mutable = Object.fromEntries(Object.entries(types).map(([k, v]) => [k, [...v]]));
      expect(digest).to.equal(TypedDataEncoder.hash(domain, mutable, message));
    });
  });
});
