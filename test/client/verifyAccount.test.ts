import { expect } from "chai";
import { numberToHex, zeroHash } from "viem";

import type { CheckpointOnChain } from "../../client/checkpointOnChain.ts";
import { type ChainFacts, type ServerSays, verifyAccount } from "../../client/verifyAccount.ts";
import { commitToRows, headOf } from "../../protocol/checkpointData.ts";
import { concatBytes } from "../../protocol/levels.ts";
import type { Row } from "../../protocol/row.ts";
import { rowsToBytes } from "../../protocol/rowBytes.ts";
import { readTable } from "../../protocol/tableFile.ts";
import { TableHasher } from "../../protocol/tableHasher.ts";
import { buildTree } from "../../protocol/tree.ts";

const [alice, bob] = [numberToHex(0xa11ce, { size: 20 }), numberToHex(0xb0b, { size: 20 })];
const rowOf = (party: Row["party"], spent: bigint, earned = 0n): Row => ({
  party,
  spent,
  refunded: 0n,
  earned,
});
const before = [rowOf(alice, 100n), rowOf(bob, 0n, 90n)];
const after = [rowOf(alice, 150n), rowOf(bob, 0n, 140n)];

function onChain(rows: readonly Row[], status: "final" | "pending"): CheckpointOnChain {
  return {
    epoch: status === "final" ? 1n : 2n,
    ...commitToRows(rows),
    spent: rows.reduce((sum, { spent }) => sum + spent, 0n),
    refunded: 0n,
    earned: rows.reduce((sum, { earned }) => sum + earned, 0n),
    status,
    finalAt: new Date(0),
  };
}

function fileOf(rows: readonly Row[]): Uint8Array {
  const bytes = rowsToBytes(rows);
  const hasher = new TableHasher();
  hasher.push(bytes);
  return concatBytes([headOf(hasher.finish()), bytes]);
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}

/** The chain after the signers signed these rows. */
function chainWith(pending: readonly Row[] = after): ChainFacts {
  return {
    purchased: 1_000n,
    settled: { spent: 40n, refunded: 0n, earned: 0n },
    final: onChain(before, "final"),
    pending: onChain(pending, "pending"),
  };
}

/** A server that answers with these files; truthfully unless told otherwise. */
function serverWith({
  tables = [fileOf(before), fileOf(after)],
  proof,
  balance = { purchasedMicros: 1_000n, spentMicros: 160n },
}: {
  tables?: readonly Uint8Array[];
  proof?: Awaited<ReturnType<ServerSays["proof"]>>;
  balance?: Awaited<ReturnType<ServerSays["balance"]>>;
} = {}): ServerSays {
  const tree = buildTree(before);
  return {
    balance: async () => balance,
    proof: async () =>
      proof ?? { epoch: 1n, root: tree.root, row: rowOf(alice, 100n), proof: tree.proof(0) },
    table: (epoch, onRows) =>
      readTable(once(tables[Number(epoch) - 1] ?? new Uint8Array(0)), onRows),
  };
}

async function failures(chain: ChainFacts, server: ServerSays, ceilingMicros = 1_000n) {
  const findings = await verifyAccount(alice, { chain, server, ceilingMicros });
  return findings.filter(({ holds }) => !holds);
}

describe("verifyAccount", () => {
  it("finds that everything holds where nobody lies", async () => {
    expect(await failures(chainWith(), serverWith())).to.deep.equal([]);
    const findings = await verifyAccount(alice, { chain: chainWith(), server: serverWith() });
    expect(findings.length).to.be.greaterThan(8);
  });

  it("has nothing to find before the first checkpoint", async () => {
    const chain = { ...chainWith(), final: null, pending: null };
    expect(await failures(chain, serverWith())).to.deep.equal([]);
  });

  const tree = buildTree(before);
  const lies: readonly (readonly [string, ChainFacts, ServerSays, RegExp, RegExp])[] = [
    [
      "publishes a table with another row",
      chainWith(),
      serverWith({ tables: [fileOf(before), fileOf([rowOf(alice, 151n), rowOf(bob, 0n, 140n)])] }),
      /others than those that were signed/,
      /mirror/,
    ],
    [
      "publishes the table of an old epoch",
      chainWith(),
      serverWith({ tables: [fileOf(before), fileOf(before)] }),
      /others than those that were signed/,
      /requestRefund/,
    ],
    [
      "breaks a table off",
      chainWith(),
      serverWith({ tables: [fileOf(before), fileOf(after).subarray(0, 100)] }),
      /can't be had: the file ends at byte 100/,
      /mirror/,
    ],
    [
      "had another data hash signed",
      { ...chainWith(), pending: { ...onChain(after, "pending"), dataHash: zeroHash } },
      serverWith(),
      /others than those that were signed/,
      /mirror/,
    ],
    [
      "gives a proof of another row",
      chainWith(),
      serverWith({
        proof: { epoch: 1n, root: tree.root, row: rowOf(alice, 99n), proof: tree.proof(0) },
      }),
      /proof does not lead/,
      /Make the proof yourself/,
    ],
    [
      "gives somebody else's row and proof",
      chainWith(),
      serverWith({
        proof: { epoch: 1n, root: tree.root, row: rowOf(bob, 0n, 90n), proof: tree.proof(1) },
      }),
      /proof does not lead/,
      /Make the proof yourself/,
    ],
    [
      "charges more than was purchased",
      chainWith([rowOf(alice, 1_001n), rowOf(bob, 0n, 990n)]),
      serverWith({
        tables: [fileOf(before), fileOf([rowOf(alice, 1_001n), rowOf(bob, 0n, 990n)])],
      }),
      /you purchased 0\.001/,
      /proveFraud/,
    ],
    [
      "shrinks a row",
      chainWith([rowOf(alice, 99n), rowOf(bob, 0n, 90n)]),
      serverWith({ tables: [fileOf(before), fileOf([rowOf(alice, 99n), rowOf(bob, 0n, 90n)])] }),
      /no less than in the final one/,
      /proveShrunk/,
    ],
    [
      "leaves a row out",
      chainWith([rowOf(bob, 0n, 90n)]),
      serverWith({ tables: [fileOf(before), fileOf([rowOf(bob, 0n, 90n)])] }),
      /is gone from the pending/,
      /challengeOmission/,
    ],
    [
      "signs totals that the rows do not have",
      { ...chainWith(), pending: { ...onChain(after, "pending"), spent: 151n } },
      serverWith(),
      /add up to the totals/,
      /guardian/,
    ],
    [
      "invents a purchase",
      chainWith(),
      serverWith({ balance: { purchasedMicros: 2_000n, spentMicros: 160n } }),
      /balance says 0\.002 purchased/,
      /operator/,
    ],
  ];
  for (const [what, chain, server, text, remedy] of lies) {
    it(`notices a server that ${what}, and says what to do`, async () => {
      const found = (await failures(chain, server)).filter((finding) => text.test(finding.text));
      expect(found).to.have.length(1);
      expect(found[0]?.remedy).to.match(remedy);
    });
  }

  it("notices a charge above what the owner signed for", async () => {
    const [found, ...others] = await failures(chainWith(), serverWith(), 149n);
    expect(found?.text).to.include("Epoch 2 charges 0.00015 in all; you signed for up to 0.000149");
    expect(found?.remedy).to.match(/challengeRow/);
    expect(others).to.deep.equal([]);
  });
});
