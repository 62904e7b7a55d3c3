import { expect } from "chai";
import { type Address, numberToHex, zeroHash } from "viem";

import { CallRefusedError, type ProvenRow } from "@compute-credits/platform/chain/chainWriter";
import type { Row } from "@compute-credits/protocol/tree/row";
import type { StoredCheckpoint } from "../../../../server/stores/checkpoints/checkpointStore.ts";
import { createBackoff } from "../../../../server/workers/settlement/backoff.ts";
import { payRows } from "../../../../server/workers/settlement/payRows.ts";

const FINAL: StoredCheckpoint = {
  id: 1n,
  message: {
    epoch: 1n,
    previousRoot: zeroHash,
    root: zeroHash,
    spent: 0n,
    refunded: 0n,
    earned: 0n,
    asOf: 0n,
    dataHash: zeroHash,
  },
  partyCount: 0,
  status: "final",
  finalAt: new Date(0),
  transactionHash: null,
  signatures: [],
  isSigning: true,
};

const party = (index: number): Address => numberToHex(index + 1, { size: 20 });
const rowOf = (index: number): Row => ({
  party: party(index),
  spent: 0n,
  refunded: 1n,
  earned: 0n,
});

/** A chain on which some rows are skipped, and others make the whole transaction fail. */
function chainWith({ count = 200, skipped = [], burning = [] }: Partial<Faults>) {
  const settled = new Set<Address>();
  const sent: number[] = [];
  const refused: Address[] = [];
  const rows = Array.from({ length: count }, (_, index) => rowOf(index));
  let now = 0;
  const deps = {
    chain: {
      settledRows: (parties: readonly Address[]) =>
        Promise.resolve(
          parties.map((one) => ({
            party: one,
            spent: 0n,
            refunded: settled.has(one) ? 1n : 0n,
            earned: 0n,
          })),
        ),
    },
    writer: {
      settleMany(shown: readonly ProvenRow[]) {
        if (shown.some(({ row }) => burning.some((index) => party(index) === row.party))) {
          return Promise.reject(new CallRefusedError("out of gas"));
        }
        sent.push(shown.length);
        for (const { row } of shown) {
          if (!skipped.some((index) => party(index) === row.party)) settled.add(row.party);
        }
        return Promise.resolve({ transactionHash: zeroHash, gasUsed: 0n });
      },
    },
    checkpoints: {
      refundRows: (_: bigint, { except = [] }: { except?: readonly Address[] }) =>
        Promise.resolve(rows.filter((row) => !except.includes(row.party)).slice(0, 100)),
      rowsWorthSettling: () => Promise.resolve([]),
      proofs: (_: bigint, parties: readonly Address[]) =>
        Promise.resolve(
          rows.filter((row) => parties.includes(row.party)).map((row) => ({ row, proof: [] })),
        ),
    },
    worthMicros: null,
    terms: { unprovenLimitMicros: null },
    refusedRows: createBackoff<Address>({ firstPauseMs: 60, maxPauseMs: 240, now: () => now }),
    events: { rowRefused: (row: Row) => void refused.push(row.party) },
  };
  return {
    settled,
    sent,
    refused,
    step: () => payRows(deps, FINAL),
    pass: (ms: number) => void (now += ms),
  };
}

interface Faults {
  readonly count: number;
  readonly skipped: readonly number[];
  readonly burning: readonly number[];
}

describe("payRows", () => {
  it("settles all others in few transactions when one row uses up all gas", async () => {
    const chain = chainWith({ count: 100, burning: [7] });
    await chain.step();
    expect(chain.settled.size).to.equal(99);
    expect(chain.refused).to.deep.equal([party(7)]);
    // The other 50 rows, and the parts of the halved 50.
    expect(chain.sent.length).to.be.at.most(8);
  });

  it("reaches the rows behind 100 rows that are always skipped, and spends no gas on these again", async () => {
    const poisoned = Array.from({ length: 100 }, (_, index) => index);
    const chain = chainWith({ count: 200, skipped: poisoned });
    await chain.step();
    expect(chain.settled.size).to.equal(0);
    await chain.step();
    expect(chain.settled.size).to.equal(100);
    const transactions = chain.sent.length;
    await chain.step();
    expect(chain.sent.length).to.equal(transactions);

    chain.pass(60);
    await chain.step();
    expect(chain.sent.length).to.equal(transactions + 2);
  });

  it("throws at once when no endpoint answers, and blames no row", async () => {
    const chain = chainWith({ count: 2 });
    await chain.step();
    expect(chain.refused).to.deep.equal([]);
    const failure = new Error("no endpoint answers");
    let calls = 0;
    const broken = payRows(
      {
        chain: { settledRows: () => Promise.resolve([]) },
        writer: {
          settleMany() {
            calls++;
            return Promise.reject(failure);
          },
        },
        checkpoints: {
          refundRows: () => Promise.resolve([rowOf(0), rowOf(1)]),
          rowsWorthSettling: () => Promise.resolve([]),
          proofs: () => Promise.resolve([rowOf(0), rowOf(1)].map((row) => ({ row, proof: [] }))),
        },
        worthMicros: null,
        terms: { unprovenLimitMicros: null },
        refusedRows: createBackoff<Address>({ firstPauseMs: 60, maxPauseMs: 60 }),
        events: { rowRefused: () => expect.fail("no row is to blame") },
      },
      FINAL,
    );
    expect(await broken.catch((error: unknown) => error)).to.equal(failure);
    expect(calls).to.equal(1);
  });
});
