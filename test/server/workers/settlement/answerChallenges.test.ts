import { expect } from "chai";
import { type Address, type Hex, numberToHex, zeroHash } from "viem";

import type { CapProof } from "@compute-credits/platform/chain/chainWriter";
import type { Row } from "@compute-credits/protocol/tree/row";
import type { StoredCheckpoint } from "../../../../server/stores/checkpoints/checkpointStore.ts";
import type { OpenChallenge } from "../../../../server/stores/settlement/disputeStore.ts";
import {
  type AnsweringDeps,
  answerChallenges,
} from "../../../../server/workers/settlement/answerChallenges.ts";
import { createBackoff } from "../../../../server/workers/settlement/backoff.ts";

const SUBMITTED_AT = 10_000;
const GRACE = 600;
const TERMS = { disputeWindowSeconds: 100, counterGraceSeconds: GRACE };

const address = (index: number): Address => numberToHex(index, { size: 20 });
const payer = address(1);
const challenger = address(99);

function checkpoint(id: bigint): StoredCheckpoint {
  return {
    id,
    message: {
      epoch: id,
      previousRoot: zeroHash,
      root: zeroHash,
      spent: 0n,
      refunded: 0n,
      earned: 0n,
      asOf: 0n,
      dataHash: zeroHash,
    },
    partyCount: 1,
    status: id === 1n ? "final" : "pending",
    finalAt: new Date((SUBMITTED_AT + TERMS.disputeWindowSeconds) * 1000),
    transactionHash: null,
    signatures: [],
    isSigning: true,
  };
}
const FINAL = checkpoint(1n);
const PENDING = checkpoint(2n);

const rowWith = (spent: bigint, party = payer): Row => ({ party, spent, refunded: 0n, earned: 0n });

function capOf(counter: bigint, accountCap: bigint, signature: Hex = "0x01"): CapProof {
  return {
    message: {
      account: payer,
      spender: zeroHash,
      limit: 0n,
      period: 0n,
      rollover: 0n,
      startsAt: 0n,
      expiresAt: 0n,
      priority: 0,
      scope: zeroHash,
      accountCap,
      counter,
      salt: 0n,
    },
    signature,
  };
}

interface Situation {
  readonly settled?: bigint;
  readonly final?: bigint;
  readonly pending?: bigint;
  readonly currentCounter?: bigint;
  /** when each counter ended, in seconds; by counter */
  readonly endedAt?: readonly number[];
  /** by counter */
  readonly recorded?: readonly bigint[];
  /** caps that the owner signed */
  readonly signed?: readonly CapProof[];
  /** signatures that the court refuses */
  readonly disowned?: readonly Hex[];
  readonly challenges?: readonly OpenChallenge[];
}

const asked: OpenChallenge = {
  account: payer,
  challenger,
  spent: 100n,
  refunded: 0n,
  earned: 0n,
  deadline: new Date(0),
};

/** Answers the challenges of a situation, and says by which calls. */
async function answersIn({
  settled = 0n,
  final = 0n,
  pending = 100n,
  currentCounter = 0n,
  endedAt = [],
  recorded = [],
  signed = [],
  disowned = [],
  challenges = [asked],
}: Situation) {
  const calls: string[] = [];
  const caps = [...recorded];
  const sent = Promise.resolve({ transactionHash: zeroHash, gasUsed: 0n });
  const refusedAnswers = createBackoff<string>({ firstPauseMs: 1, maxPauseMs: 1, now: () => 0 });
  const deps: AnsweringDeps = {
    chain: {
      isChallengeOpen: () => Promise.resolve(true),
      settledRows: () => Promise.resolve([rowWith(settled)]),
      counterState: (_, counter) =>
        Promise.resolve({
          currentCounter,
          endedAt: endedAt[Number(counter)] ?? 0,
          recordedCap: caps[Number(counter)] ?? 0n,
        }),
    },
    writer: {
      answer(_, { row }, counter) {
        calls.push(`answer of ${row.party === payer ? "payer" : "other"} by counter ${counter}`);
        return sent;
      },
      answerWithFinalRow(_, shown, shownFinal) {
        calls.push(`final row ${shownFinal.row.spent} for ${shown.row.spent}`);
        return sent;
      },
      recordCap({ message, signature }) {
        if (disowned.includes(signature)) return Promise.reject(new Error("disowned"));
        calls.push(`record ${message.accountCap}`);
        caps[Number(message.counter)] = message.accountCap;
        return sent;
      },
    },
    checkpoints: {
      latestFinal: () => Promise.resolve(FINAL),
      proofs: (id, parties) =>
        Promise.resolve(
          [...new Set(parties)].map((party) => ({
            row: rowWith(id === FINAL.id ? final : pending, party),
            proof: [],
          })),
        ),
    },
    disputes: {
      openChallenges: () => Promise.resolve(challenges),
      recordedCounters: (_, spent) =>
        Promise.resolve(
          recorded.flatMap((cap, counter) => (cap >= spent ? [BigInt(counter)] : [])).toReversed(),
        ),
      capsCovering: (_, spent) =>
        Promise.resolve(signed.filter(({ message }) => message.accountCap >= spent)),
    },
    terms: TERMS,
    refusedAnswers,
    events: { unanswerable: () => undefined },
  };
  const outcome = await answerChallenges(deps, PENDING).then(
    (unanswered) => unanswered.map(({ why }) => why),
    (error: unknown) => String(error),
  );
  return { calls, outcome };
}

describe("answerChallenges", () => {
  it("answers settled spending with any counter", async () => {
    const { calls } = await answersIn({ settled: 100n, final: 100n });
    expect(calls).to.deep.equal(["answer of payer by counter 0"]);
  });

  it("answers by a recorded cap in force, and in the last second of its counter's grace", async () => {
    expect((await answersIn({ recorded: [100n] })).calls).to.deep.equal([
      "answer of payer by counter 0",
    ]);
    const raised = { currentCounter: 1n, recorded: [100n] };
    expect((await answersIn({ ...raised, endedAt: [SUBMITTED_AT - GRACE] })).calls).to.deep.equal([
      "answer of payer by counter 0",
    ]);
    expect(
      (await answersIn({ ...raised, endedAt: [SUBMITTED_AT - GRACE - 1] })).outcome,
    ).to.deep.equal(["no_allowance_covers_it"]);
  });

  it("answers by the final row once the grace is over, and records no cap for it", async () => {
    const { calls, outcome } = await answersIn({
      final: 100n,
      currentCounter: 1n,
      endedAt: [SUBMITTED_AT - GRACE - 1],
      signed: [capOf(0n, 1_000n)],
    });
    expect(calls).to.deep.equal(["final row 100 for 100"]);
    expect(outcome).to.deep.equal([]);
  });

  it("prefers the final row to a cap that is not recorded: one transaction less", async () => {
    const { calls } = await answersIn({ final: 100n, signed: [capOf(0n, 1_000n)] });
    expect(calls).to.deep.equal(["final row 100 for 100"]);
  });

  it("records the owner's cap for spending that is not final", async () => {
    const { calls } = await answersIn({ final: 99n, signed: [capOf(0n, 1_000n)] });
    expect(calls).to.deep.equal(["record 1000", "answer of payer by counter 0"]);
  });

  it("tries the next signature if the court refuses one", async () => {
    const { calls } = await answersIn({
      final: 99n,
      currentCounter: 1n,
      endedAt: [SUBMITTED_AT],
      signed: [capOf(1n, 500n, "0xbad0"), capOf(0n, 1_000n)],
      disowned: ["0xbad0"],
    });
    expect(calls).to.deep.equal(["record 1000", "answer of payer by counter 0"]);
  });

  it("goes on with the others after one that fails, and tells of it at the end", async () => {
    const other = { ...asked, account: address(2) };
    const { calls, outcome } = await answersIn({
      recorded: [],
      final: 99n,
      signed: [capOf(0n, 1_000n, "0xbad0")],
      disowned: ["0xbad0"],
      challenges: [asked, other],
    });
    expect(calls).to.deep.equal([]);
    expect(outcome).to.include("challenges not answered");
    const { calls: answered } = await answersIn({
      settled: 100n,
      challenges: [{ ...asked, spent: 101n }, other],
    });
    expect(answered).to.deep.equal(["answer of other by counter 0"]);
  });
});
