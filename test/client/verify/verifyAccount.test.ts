import { expect } from "chai";
import { hashTypedData, keccak256, numberToHex, stringToBytes, zeroHash } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import type { CheckpointOnChain } from "@compute-credits/client/chain/readCheckpoints";
import { ApiProblem } from "@compute-credits/client/http/api";
import type { ShownAllowance, SignedReceipt } from "@compute-credits/client/http/meteringClient";
import type { ChainFacts } from "@compute-credits/client/verify/chainFacts";
import type { OwnAnswers, ServerAnswers } from "@compute-credits/client/verify/serverAnswers";
import { type Verification, verifyAccount } from "@compute-credits/client/verify/verifyAccount";
import type { SignedCopy } from "@compute-credits/client/wallet/copies";
import {
  type AllowanceMessage,
  NO_SCOPE,
  allowanceTypedData,
} from "@compute-credits/protocol/messages/allowance";
import { allowanceId } from "@compute-credits/protocol/messages/allowance";
import { earningsReceiptTypedData } from "@compute-credits/protocol/messages/earningsReceipt";
import { isEcdsaSignature } from "@compute-credits/protocol/messages/signatureCheck";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { commitToRows, tableHead } from "@compute-credits/protocol/data/checkpointData";
import { concatBytes } from "@compute-credits/protocol/tree/levels";
import type { Row } from "@compute-credits/protocol/tree/row";
import { rowsToBytes } from "@compute-credits/protocol/tree/rowBytes";
import { readTable } from "@compute-credits/protocol/data/tableFile";
import { TableHasher } from "@compute-credits/protocol/tree/tableHasher";
import { buildTree } from "@compute-credits/protocol/tree/tree";

const keyOf = (name: string) => privateKeyToAccount(keccak256(stringToBytes(name)));
const [owner, mallory, meter] = [keyOf("alice"), keyOf("mallory"), keyOf("meter")];
const [alice, bob] = [lowercaseHex(owner.address), numberToHex(0xb0b, { size: 20 })];
const deployment = { chainId: 31_337, contract: numberToHex(0xc0, { size: 20 }) };

/**
 * The chain's time in seconds. The final checkpoint was submitted at 500, the pending one at 1,000.
 */
const at = (seconds: number) => new Date(seconds * 1000);

/** An allowance as the server shows it, signed by alice by default. */
async function shown(
  fields: Partial<AllowanceMessage> = {},
  { signer = owner, revokedAt = null }: { signer?: typeof owner; revokedAt?: Date | null } = {},
): Promise<ShownAllowance> {
  const allowance = {
    account: alice,
    spender: zeroHash,
    limit: 1_000n,
    period: 0n,
    rollover: 0n,
    startsAt: 0n,
    expiresAt: 0n,
    priority: 128,
    scope: NO_SCOPE,
    accountCap: 1_000n,
    counter: 1n,
    salt: 0n,
    ...fields,
  };
  const signature = await signer.signTypedData(allowanceTypedData(deployment, allowance));
  return { allowance, signature, revokedAt };
}

async function receipt(
  earned: bigint,
  epoch: bigint,
  { signer = meter, provider = alice } = {},
): Promise<SignedReceipt> {
  const message = { provider, earned, epoch };
  const signature = await signer.signTypedData(earningsReceiptTypedData(deployment, message));
  return {
    receipt: message,
    signatures: [{ signer: lowercaseHex(signer.address), signature }],
    standbySignatures: [],
    threshold: 1,
    isEnforceable: true,
  };
}
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
    finalAt: at(status === "final" ? 1_000 : 1_500),
    submittedAt: at(status === "final" ? 500 : 1_000),
  };
}

function fileOf(rows: readonly Row[]): Uint8Array {
  const bytes = rowsToBytes(rows);
  const hasher = new TableHasher();
  hasher.push(bytes);
  return concatBytes([tableHead(hasher.finish()), bytes]);
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}

/** Of the newest block: the final checkpoint has been final for ten seconds. */
const NOW = at(1_010);

/** The chain with a pending checkpoint of these rows. */
function chainWith(pending: readonly Row[] = after): ChainFacts {
  return {
    deployment,
    blockNumber: 90n,
    blockTime: NOW,
    purchased: 1_000n,
    purchases: [
      { blockNumber: 10n, creditMicros: 700n },
      { blockNumber: 80n, creditMicros: 300n },
    ],
    counter: 1n,
    answerWindowSeconds: 0,
    counterGraceSeconds: 100,
    submissionOf: async (epoch) =>
      [onChain(before, "final"), onChain(pending, "pending")].find((one) => one.epoch === epoch) ??
      null,
    counterOnChain: async () => ({ endedAt: null, recordedCap: 0n }),
    isSigned: ({ message, signature }) =>
      isEcdsaSignature(alice, allowanceId(deployment, message), signature),
    isEnforceable: async ({ receipt: message, signatures: [first] }) =>
      first !== undefined &&
      (await isEcdsaSignature(
        lowercaseHex(meter.address),
        hashTypedData(earningsReceiptTypedData(deployment, message)),
        first.signature,
      )),
    settled: { spent: 40n, refunded: 0n, earned: 0n },
    final: onChain(before, "final"),
    pending: onChain(pending, "pending"),
  };
}

/** A server with these files and answers; truthful by default. */
function serverWith({
  tables = [fileOf(before), fileOf(after)],
  proof,
  balance = { purchasedMicros: 1_000n, spentMicros: 160n, asOfBlock: 85n },
  allowances = async () => [await shown()],
}: {
  tables?: readonly Uint8Array[];
  proof?: Awaited<ReturnType<ServerAnswers["proof"]>>;
  balance?: Awaited<ReturnType<OwnAnswers["balance"]>>;
  allowances?: () => Promise<readonly ShownAllowance[]>;
} = {}): ServerAnswers {
  const tree = buildTree(before);
  return {
    own: { balance: async () => balance, allowances },
    proof: async () =>
      proof ?? { epoch: 1n, root: tree.root, row: rowOf(alice, 100n), proof: tree.proof(0) },
    table: (epoch, onRows) =>
      readTable(once(tables[Number(epoch) - 1] ?? new Uint8Array(0)), onRows),
  };
}

async function failures(
  chain: ChainFacts,
  server: ServerAnswers,
  more: Partial<Verification> = {},
) {
  const findings = await verifyAccount(alice, { chain, server, ...more });
  return findings.filter(({ result }) => result !== "holds");
}

/** A store with these allowances. */
function copiesOf(kept: readonly ShownAllowance[]) {
  return {
    list: async (): Promise<readonly SignedCopy[]> =>
      kept.map(({ allowance, signature }) => ({
        id: allowanceId(deployment, allowance),
        kind: "allowance",
        by: alice,
        deployment,
        allowance,
        scope: { providers: [], meters: [] },
        signature,
      })),
  };
}

async function withheld(): Promise<never> {
  throw new Error("withheld");
}

describe("verifyAccount", () => {
  it("with an honest server: all checks hold", async () => {
    expect(await failures(chainWith(), serverWith())).to.deep.equal([]);
    const findings = await verifyAccount(alice, { chain: chainWith(), server: serverWith() });
    expect(findings.length).to.be.greaterThan(8);
  });

  it("says in words that the owner signed for all that was bought", async () => {
    const server = serverWith({
      allowances: async () => [await shown({ accountCap: 2n ** 64n - 1n })],
    });
    const findings = await verifyAccount(alice, { chain: chainWith(), server });
    expect(findings.map(({ text }) => text)).to.include(
      "Epoch 2 charges 0.00015 in all; you signed for all that you bought.",
    );
  });

  it("checks rows, purchases and the proof without credentials, and says what it did not check", async () => {
    const server = { ...serverWith(), own: null };
    const findings = await verifyAccount(alice, { chain: chainWith(), server });
    const unchecked = findings.filter(({ result }) => result === "not_checked");
    expect(unchecked.map(({ text }) => text).join(" ")).to.match(/allowances .* balance/s);
    expect(unchecked.every(({ remedy }) => remedy?.includes("--view-key"))).to.equal(true);
    expect(findings.filter(({ result }) => result === "fails")).to.deep.equal([]);
    expect(findings.filter(({ result }) => result === "holds")).to.have.length.greaterThan(5);
    const low = { chain: chainWith(), server, ceilingMicros: 1n };
    expect((await verifyAccount(alice, low)).map(({ result }) => result)).to.include("fails");
  });

  describe("with the owner's copies", () => {
    it("finds a charge above them if the server withholds the allowances", async () => {
      const server = serverWith({ allowances: withheld });
      const copies = copiesOf([await shown({ accountCap: 120n })]);
      const findings = await failures(chainWith(), server, { copies });
      expect(findings.map(({ text }) => text).join(" ")).to.match(
        /shows nothing .* charges 0\.00015 in all; you signed for up to 0\.00012/s,
      );
    });

    it("counts what the server does not show, so that an honest row is not accused", async () => {
      const server = serverWith({ allowances: async () => [await shown({ accountCap: 120n })] });
      const copies = copiesOf([await shown({ accountCap: 400n })]);
      expect(await failures(chainWith(), server, { copies })).to.deep.equal([]);
      expect(await failures(chainWith(), server)).to.have.length(1);
    });

    it("takes none for another vault", async () => {
      const copies = copiesOf([await shown({ accountCap: 120n })]);
      const elsewhere = {
        list: async () =>
          (await copies.list()).map((copy) => ({
            ...copy,
            deployment: { ...deployment, chainId: 1 },
          })),
      };
      const server = serverWith({ allowances: withheld });
      expect(await failures(chainWith(), server, { copies: elsewhere })).to.have.length(1);
    });
  });

  describe("with an honest server that is behind the chain, or ahead", () => {
    const ofEpoch1 = serverWith();
    const [oldTree, newTree] = [buildTree(before), buildTree(after)];
    /** Epoch 2 became final ten seconds before the newest block. */
    const moved = (blockTime = NOW): ChainFacts => ({
      ...chainWith(),
      blockTime,
      final: { ...onChain(after, "pending"), status: "final", finalAt: at(1_000) },
      pending: null,
      submissionOf: async (epoch) =>
        [onChain(before, "final"), { ...onChain(after, "pending"), finalAt: at(1_000) }].find(
          (one) => one.epoch === epoch,
        ) ?? null,
    });

    /** The results an hour and some seconds after epoch 2 was due to be final. */
    const anHourAfter = async (seconds: number) => {
      const chain = { ...moved(at(1_000 + 3_600 + seconds)), answerWindowSeconds: 300 };
      return (await failures(chain, ofEpoch1)).map(({ result }) => result);
    };

    it("says not yet if its proof is of the epoch before, within an hour", async () => {
      const [found, ...others] = await failures(moved(), ofEpoch1);
      expect(others).to.deep.equal([]);
      expect(found?.result).to.equal("not_yet");
      expect(found?.text).to.include("root on chain of epoch 1, though epoch 2 is final since");
    });

    it("fails if its proof is of the epoch before after more than an hour", async () => {
      const [found, ...others] = await failures(moved(at(1_000 + 3_601)), ofEpoch1);
      expect(others).to.deep.equal([]);
      expect(found?.result).to.equal("fails");
      expect(found?.remedy).to.include("does not follow the chain");
    });

    it("says not yet as long as a challenge of the next epoch may have delayed it", async () => {
      // The contract's finalAt is that of the submission again once the challenge is answered.
      expect(await anHourAfter(300)).to.deep.equal(["not_yet"]);
      expect(await anHourAfter(301)).to.deep.equal(["fails"]);
    });

    it("dates an epoch that is not the newest by the submission after it", async () => {
      const later = { ...onChain(after, "pending"), epoch: 3n, status: "final" } as const;
      const chain: ChainFacts = {
        ...moved(),
        final: { ...later, finalAt: at(9_000) },
        blockTime: at(9_000),
        submissionOf: async (epoch) => {
          if (epoch === 1n) return onChain(before, "final");
          return { ...onChain(after, "pending"), submittedAt: at(epoch === 3n ? 5_000 : 1_000) };
        },
      };
      const tables = [fileOf(before), fileOf(after), fileOf(after)];
      const results = async (blockTime: Date) =>
        (await failures({ ...chain, blockTime }, serverWith({ tables }))).map(
          ({ result }) => result,
        );
      expect(await results(at(5_000 + 3_600))).to.deep.equal(["not_yet"]);
      expect(await results(at(5_000 + 3_601))).to.deep.equal(["fails"]);
    });

    it("fails if its proof of the epoch before leads elsewhere", async () => {
      const row = rowOf(alice, 99n);
      const proof = { epoch: 1n, root: oldTree.root, row, proof: oldTree.proof(0) };
      const found = await failures(moved(), serverWith({ proof }));
      expect(found.map(({ result }) => result)).to.deep.equal(["fails"]);
    });

    it("holds if its proof is of the pending epoch, which it takes for final", async () => {
      const row = rowOf(alice, 150n);
      const proof = { epoch: 2n, root: newTree.root, row, proof: newTree.proof(0) };
      expect(await failures(chainWith(), serverWith({ proof }))).to.deep.equal([]);
    });

    it("says not yet if its proof is of an epoch that the endpoint does not know", async () => {
      const row = rowOf(alice, 150n);
      const proof = { epoch: 3n, root: newTree.root, row, proof: newTree.proof(0) };
      const found = await failures(chainWith(), serverWith({ proof }));
      expect(found.map(({ result }) => result)).to.deep.equal(["not_yet"]);
      expect(found[0]?.remedy).to.include("another endpoint");
    });

    it("says not yet if a newcomer's first row became final a short time ago", async () => {
      const problem = new ApiProblem(404, { reason: "row_not_found", detail: "none" });
      const server = { ...serverWith(), proof: () => Promise.reject(problem) };
      const results = async (chain: ChainFacts) =>
        (await failures(chain, server)).map(({ result }) => result);
      expect(await results(chainWith())).to.deep.equal(["not_yet"]);
      expect(await results(moved(at(1_000 + 3_601)))).to.deep.equal(["fails"]);
    });
  });

  it("before the first checkpoint: all checks hold", async () => {
    const chain = { ...chainWith(), final: null, pending: null };
    expect(await failures(chain, serverWith())).to.deep.equal([]);
  });

  const tree = buildTree(before);
  const lies: readonly (readonly [string, ChainFacts, ServerAnswers, RegExp, RegExp])[] = [
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
      "cuts a table off",
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
      "gives another party's row and proof",
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
      "signs totals that differ from the rows",
      { ...chainWith(), pending: { ...onChain(after, "pending"), spent: 151n } },
      serverWith(),
      /add up to the totals/,
      /guardian/,
    ],
    [
      "invents a purchase",
      chainWith(),
      serverWith({ balance: { purchasedMicros: 2_000n, spentMicros: 160n, asOfBlock: 85n } }),
      /balance says 0\.002 purchased/,
      /operator/,
    ],
    [
      "hides a purchase",
      chainWith(),
      serverWith({ balance: { purchasedMicros: 700n, spentMicros: 160n, asOfBlock: 85n } }),
      /0\.0007 purchased as of block 85; by the chain's events it was 0\.001/,
      /operator/,
    ],
    [
      "shows less spent than is settled",
      chainWith(),
      serverWith({ balance: { purchasedMicros: 1_000n, spentMicros: 39n, asOfBlock: 85n } }),
      /0\.000039 spent; 0\.00004 are settled/,
      /operator/,
    ],
    [
      "shows an allowance that another person signed",
      chainWith(),
      serverWith({
        allowances: async () => [
          await shown(),
          await shown({ accountCap: 9_000n }, { signer: mallory }),
        ],
      }),
      /up to 0\.009 \(0x[0-9a-f]{64}\) that you did not sign/,
      /counts for nothing/,
    ],
    [
      "raises the cap of a signed allowance",
      chainWith(),
      serverWith({
        allowances: async () => {
          const signed = await shown({ accountCap: 149n });
          return [{ ...signed, allowance: { ...signed.allowance, accountCap: 1_000n } }];
        },
      }),
      /up to 0\.001 \(0x[0-9a-f]{64}\) that you did not sign/,
      /counts for nothing/,
    ],
    [
      "shows another account's allowance",
      chainWith(),
      serverWith({
        allowances: async () => [
          await shown(),
          // Alice signed for another account.
          await shown({ account: lowercaseHex(mallory.address) }),
        ],
      }),
      /is not of this account/,
      /counts for nothing/,
    ],
    [
      "charges more than the highest signed cap",
      chainWith(),
      serverWith({
        allowances: async () => [
          await shown({ accountCap: 149n }),
          await shown({ accountCap: 120n }),
        ],
      }),
      /Epoch 2 charges 0\.00015 in all; you signed for up to 0\.000149/,
      /challengeRow/,
    ],
    [
      "charges by an allowance of a counter that ended before the grace",
      {
        ...chainWith(),
        counterOnChain: async (counter) => ({
          endedAt: counter === 0n ? at(899) : null,
          recordedCap: 0n,
        }),
      },
      serverWith({
        allowances: async () => [
          await shown({ counter: 0n }),
          await shown({ accountCap: 120n, counter: 1n }),
        ],
      }),
      /Epoch 2 charges 0\.00015 in all; you signed for up to 0\.00012/,
      /challengeRow/,
    ],
    [
      "charges by an allowance of a counter that never existed",
      chainWith(),
      serverWith({
        allowances: async () => [
          await shown({ counter: 7n }),
          await shown({ accountCap: 120n, counter: 1n }),
        ],
      }),
      /Epoch 2 charges 0\.00015 in all; you signed for up to 0\.00012/,
      /challengeRow/,
    ],
    [
      "has settled more than any cap that the owner signed",
      { ...chainWith(), settled: { spent: 100n, refunded: 0n, earned: 0n } },
      serverWith({ allowances: async () => [await shown({ accountCap: 99n })] }),
      /Epoch 1 charges 0\.0001 in all; you signed for up to 0\.000099/,
      /can't be challenged any more/,
    ],
    [
      "shows no allowances",
      chainWith(),
      serverWith({ allowances: () => Promise.reject(new Error("a mirror has tables only")) }),
      /nothing of your allowances: a mirror has tables only/,
      /--ceiling/,
    ],
    [
      "is checked through an endpoint that omits a purchase",
      { ...chainWith(), purchases: [{ blockNumber: 10n, creditMicros: 700n }] },
      serverWith({ balance: { purchasedMicros: 700n, spentMicros: 160n, asOfBlock: 85n } }),
      /purchased 0\.001, says the contract; its 1 purchase events up to block 90 add up to 0\.0007/,
      /ask another one/,
    ],
  ];
  for (const [what, chain, server, text, remedy] of lies) {
    it(`with a server that ${what}: reports it with a remedy`, async () => {
      const found = (await failures(chain, server)).filter((finding) => text.test(finding.text));
      expect(found).to.have.length(1);
      expect(found[0]?.remedy).to.match(remedy);
    });
  }

  it("with a counter that ended within the grace: counts its allowance, like the court", async () => {
    const chain: ChainFacts = {
      ...chainWith(),
      counterOnChain: async (counter) => ({
        endedAt: counter === 0n ? at(900) : null,
        recordedCap: 0n,
      }),
    };
    const server = serverWith({ allowances: async () => [await shown({ counter: 0n })] });
    expect(await failures(chain, server)).to.deep.equal([]);
  });

  it("with settled charges: counts allowances of counters that ended long ago", async () => {
    const chain: ChainFacts = {
      ...chainWith(),
      settled: { spent: 150n, refunded: 0n, earned: 0n },
      pending: null,
      final: onChain(after, "final"),
      counterOnChain: async (counter) => ({
        endedAt: counter === 0n ? at(1) : null,
        recordedCap: 0n,
      }),
    };
    const table = buildTree(after);
    const server = serverWith({
      tables: [fileOf(after)],
      proof: { epoch: 1n, root: table.root, row: rowOf(alice, 150n), proof: table.proof(0) },
      allowances: async () => [await shown({ counter: 0n, accountCap: 150n })],
    });
    expect(await failures(chain, server)).to.deep.equal([]);
  });

  it("with an allowance revoked off chain, or a cap recorded on chain: counts it", async () => {
    const revoked = await shown({}, { revokedAt: new Date("2026-01-01T00:00:00Z") });
    const server = serverWith({ allowances: async () => [revoked] });
    expect(await failures(chainWith(), server)).to.deep.equal([]);

    const chain: ChainFacts = {
      ...chainWith(),
      counterOnChain: async () => ({ endedAt: null, recordedCap: 150n }),
    };
    expect(await failures(chain, serverWith({ allowances: async () => [] }))).to.deep.equal([]);
  });

  it("with a lower ceiling from the owner: holds the row to it", async () => {
    const [found, ...others] = await failures(chainWith(), serverWith(), { ceilingMicros: 149n });
    expect(found?.text).to.include("Epoch 2 charges 0.00015 in all; you signed for up to 0.000149");
    expect(found?.remedy).to.match(/challengeRow/);
    expect(others).to.deep.equal([]);
  });

  describe("with a provider's receipts", () => {
    // Here alice has earnings too.
    const finalRow = rowOf(alice, 100n, 30n);
    const finalRows = [finalRow, rowOf(bob, 0n, 60n)];
    const pendingRows = [rowOf(alice, 150n, 50n), rowOf(bob, 0n, 90n)];
    const chain = { ...chainWith(pendingRows), final: onChain(finalRows, "final") };
    const finalTree = buildTree(finalRows);
    const server = serverWith({
      tables: [fileOf(finalRows), fileOf(pendingRows)],
      proof: { epoch: 1n, root: finalTree.root, row: finalRow, proof: finalTree.proof(0) },
    });

    it("when due receipts are paid: all checks hold, and later ones are not due yet", async () => {
      const receipts = [await receipt(30n, 1n), await receipt(50n, 2n), await receipt(70n, 3n)];
      expect(await failures(chain, server, { receipts })).to.deep.equal([]);
      const findings = await verifyAccount(alice, { chain, server, receipts });
      const texts = findings.map(({ text }) => text).filter((text) => text.includes("receipt"));
      expect(texts).to.have.length(4);
      expect(texts.at(-1)).to.include("not due yet");
    });

    const broken: readonly (readonly [string, () => Promise<SignedReceipt>, RegExp, RegExp])[] = [
      [
        "pays less than one",
        () => receipt(51n, 2n),
        /epoch 2 pays 0\.00005 \(pending\): 0\.000001 too few/,
        /challengeEarnings/,
      ],
      [
        "had one signed by a stranger",
        () => receipt(50n, 2n, { signer: mallory }),
        /not signed by enough/,
        /no notice/,
      ],
      [
        "gave one to another provider",
        () => receipt(50n, 2n, { provider: bob }),
        /not this account's/,
        /no notice/,
      ],
    ];
    for (const [what, signed, text, remedy] of broken) {
      it(`with a server that ${what}: reports it`, async () => {
        const [found, ...others] = await failures(chain, server, { receipts: [await signed()] });
        expect(found?.text).to.match(text);
        expect(found?.remedy).to.match(remedy);
        expect(others).to.deep.equal([]);
      });
    }

    it("when the table that pays one is withheld: reports it", async () => {
      const secretive = { ...server, table: () => Promise.reject(new Error("no")) };
      const found = await failures(chain, secretive, { receipts: [await receipt(50n, 2n)] });
      expect(found.at(-1)?.text).to.match(/is due, and the rows that pay it can't be had/);
    });
  });
});
