import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { expect } from "chai";
import * as fc from "fast-check";
import { zeroHash } from "viem";
import { hardhat } from "viem/chains";

import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { settleRow } from "@compute-credits/client/chain/credits";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { parseCredits } from "@compute-credits/protocol/amounts";
import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import { commitToRows } from "@compute-credits/protocol/data/checkpointData";
import { type Row, rowLeaf } from "@compute-credits/protocol/tree/row";
import { buildTree, padRows, processProof } from "@compute-credits/protocol/tree/tree";
import { LOCAL_WINDOWS } from "../../../scripts/local/deployLocal.ts";
import { wallets } from "../../../scripts/local/wallets.ts";
import { createLocalSigner } from "@compute-credits/platform/chain/localSigner";
import { anyRow } from "../../fixtures/arbitraries.ts";
import { party } from "../../fixtures/ledger.ts";
import { type LocalContract, startContract } from "../../fixtures/localContract.ts";

/** The tree of the same rows in OpenZeppelin's library. */
function standardTree(rows: readonly Row[]) {
  return StandardMerkleTree.of(
    padRows(rows).map(({ party: address, spent, refunded, earned }) => [
      address,
      spent,
      refunded,
      earned,
    ]),
    ["address", "uint64", "uint64", "uint64"],
    { sortLeaves: false },
  );
}

describe("tree", () => {
  it("with up to 70 rows: has the root and all proofs of OpenZeppelin's library", () => {
    for (let size = 1; size <= 70; size++) {
      const rows = fc.sample(anyRow, { numRuns: size, seed: size });
      const [ours, theirs] = [buildTree(rows), standardTree(rows)];
      expect(ours.root, `root of ${size}`).to.equal(theirs.root);
      for (const index of rows.keys()) {
        expect(ours.proof(index), `proof ${index} of ${size}`).to.deep.equal(
          theirs.getProof(index),
        );
      }
    }
  });

  it("proves all rows of any table, and no other row", () => {
    fc.assert(
      fc.property(
        fc.array(anyRow, { minLength: 1, maxLength: 70 }),
        anyRow,
        fc.nat(),
        (rows, other, pick) => {
          const tree = buildTree(rows);
          const index = pick % rows.length;
          const row = rows[index] ?? other;
          expect(processProof(rowLeaf(row), tree.proof(index))).to.equal(tree.root);
          expect(processProof(rowLeaf(other), tree.proof(index))).not.to.equal(tree.root);
          expect(standardTree(rows).root).to.equal(tree.root);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("when one row changes: keeps all other leaves in place", () => {
    const rows = fc.sample(anyRow, { numRuns: 8, seed: 1 });
    const [before, after] = [
      buildTree(rows),
      buildTree([...rows.slice(0, 7), { party: party(1), spent: 1n, refunded: 0n, earned: 0n }]),
    ];
    // The first row is in the other half of the tree: only the top of its path differs.
    expect(before.proof(0).slice(0, 2)).to.deep.equal(after.proof(0).slice(0, 2));
    expect(before.proof(0)[2]).not.to.equal(after.proof(0)[2]);
  });

  for (const index of [-1, 3, 0.5, NaN]) {
    it(`at index ${index} of three rows: throws a RangeError`, () => {
      const tree = buildTree(fc.sample(anyRow, { numRuns: 3, seed: 3 }));
      expect(() => tree.proof(index)).to.throw(RangeError, `no row at index ${index}`);
    });
  }
});

describe("tree on the chain", () => {
  const alice = wallets.alice.account.address;
  const provider = wallets.provider.account.address;
  const rows: readonly Row[] = [
    { party: alice, spent: parseCredits("300"), refunded: parseCredits("600"), earned: 0n },
    { party: provider, spent: 0n, refunded: 0n, earned: parseCredits("290") },
    { party: party(3), spent: 0n, refunded: 0n, earned: parseCredits("7") },
  ];
  let local: LocalContract;

  before(async () => {
    local = await startContract();
    await local.buy(wallets.alice, parseCredits("1000"));
    const message: CheckpointMessage = {
      epoch: 1n,
      previousRoot: zeroHash,
      ...commitToRows(rows),
      spent: parseCredits("300"),
      refunded: parseCredits("600"),
      earned: parseCredits("297"),
      asOf: 1n,
    };
    const signer = createLocalSigner(wallets.signer.privateKey);
    const hash = await local.as(wallets.bob).wallet.writeContract({
      address: local.contract,
      abi: computeCreditsAbi,
      functionName: "submitCheckpoint",
      args: [
        message,
        [{ signer: signer.address, signature: await signer.sign(local.deployment, message) }],
      ],
      account: wallets.bob.account,
      chain: hardhat,
    });
    await local.client.waitForTransactionReceipt({ hash });
    await local.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
  });
  after(() => local.stop());

  it("with one micro-credit more than in the table: a row is rejected", async () => {
    const [first] = rows;
    const forged = { ...first, party: alice, spent: 0n, refunded: 600_000_001n, earned: 0n };
    const refusal = await settleRow(local.as(wallets.bob), {
      row: forged,
      epoch: 1n,
      proof: buildTree(rows).proof(0),
    }).catch((error: unknown) => error);
    expect(revertedWith(refusal)).to.equal("RowNotInCheckpoint");
  });

  it("with its proof: each row is settled to the exact token", async () => {
    const tree = buildTree(rows);
    const before = await local.dollarsOf(provider);
    for (const [index, row] of rows.entries()) {
      await settleRow(local.as(wallets.bob), { row, epoch: 1n, proof: tree.proof(index) });
    }

    for (const row of rows) {
      const [, spent, refunded, earned] = await local.client.readContract({
        address: local.contract,
        abi: computeCreditsAbi,
        functionName: "party",
        args: [row.party],
      });
      expect({ party: row.party, spent, refunded, earned }).to.deep.equal(row);
    }
    // 100 credits cost one dollar; the token has six decimals.
    expect((await local.dollarsOf(provider)) - before).to.equal(2_900_000n);
    expect(await local.dollarsOf(party(3))).to.equal(70_000n);
  });
});

function revertedWith(error: unknown): string | undefined {
  return error instanceof CreditsError ? error.revert?.name : undefined;
}
