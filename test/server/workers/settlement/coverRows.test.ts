import { expect } from "chai";
import { type Address, numberToHex, zeroHash } from "viem";

import { CallRefusedError, type CapProof } from "@compute-credits/platform/chain/chainWriter";
import type { StoredCheckpoint } from "../../../../server/stores/checkpoints/checkpointStore.ts";
import { createBackoff } from "../../../../server/workers/settlement/backoff.ts";
import { type CoveringDeps, coverRows } from "../../../../server/workers/settlement/coverRows.ts";

const party = (index: number): Address => numberToHex(index + 1, { size: 20 });
const indexOf = (address: Address) => Number(BigInt(address)) - 1;
const SUBMITTED_AT = 10_000;

interface Payer {
  readonly spent: bigint;
  readonly isUrgent?: boolean;
  /** of the signed cap of counter 0; none without */
  readonly cap?: bigint;
  /** the court refuses the signature */
  readonly disowned?: boolean;
  /** when counter 0 ended, in seconds */
  readonly endedAt?: number;
}

/** A final checkpoint with these payers in a vault with a limit, and what covering it does. */
function vaultOf(payers: readonly Payer[], unprovenLimitMicros: bigint | null) {
  const settled = payers.map(() => 0n);
  const recorded = payers.map(() => 0n);
  const calls: string[] = [];
  const spent = payers.reduce((sum, payer) => sum + payer.spent, 0n);
  const final: StoredCheckpoint = {
    id: 1n,
    message: {
      epoch: 1n,
      previousRoot: zeroHash,
      root: zeroHash,
      spent,
      refunded: 0n,
      earned: 0n,
      asOf: 0n,
      dataHash: zeroHash,
    },
    partyCount: payers.length,
    status: "final",
    finalAt: new Date((SUBMITTED_AT + 100) * 1000),
    transactionHash: null,
    signatures: [],
    isSigning: true,
  };
  const rowOf = (index: number) => ({
    party: party(index),
    spent: payers[index]?.spent ?? 0n,
    refunded: 0n,
    earned: 0n,
  });
  const sent = { transactionHash: zeroHash, gasUsed: 0n } as const;
  let now = 0;
  const pauses = { firstPauseMs: 60, maxPauseMs: 60, now: () => now };
  const deps: CoveringDeps = {
    chain: {
      finalRoot: () => Promise.resolve(zeroHash),
      settledSpent: () => Promise.resolve(settled.reduce((sum, one) => sum + one, 0n)),
      settledRows: (parties) =>
        Promise.resolve(
          parties.map((one) => ({
            party: one,
            spent: settled[indexOf(one)] ?? 0n,
            refunded: 0n,
            earned: 0n,
          })),
        ),
      counterState: (account) =>
        Promise.resolve({
          currentCounter: payers[indexOf(account)]?.endedAt === undefined ? 0n : 1n,
          endedAt: payers[indexOf(account)]?.endedAt ?? 0,
          recordedCap: recorded[indexOf(account)] ?? 0n,
        }),
    },
    writer: {
      coverSpending({ row }) {
        const index = indexOf(row.party);
        calls.push(`cover ${index}`);
        const cap = recorded[index] ?? 0n;
        settled[index] = row.spent < cap ? row.spent : cap;
        return Promise.resolve(sent);
      },
      recordCap({ message }) {
        const index = indexOf(message.account);
        if (payers[index]?.disowned === true) {
          return Promise.reject(new CallRefusedError("the wallet disowns it"));
        }
        calls.push(`record ${index}`);
        recorded[index] = message.accountCap;
        return Promise.resolve(sent);
      },
    },
    checkpoints: {
      rowsToCover: (_, { limit, except = [] }) =>
        Promise.resolve(
          payers
            .map((payer, index) => ({ ...rowOf(index), isUrgent: payer.isUrgent ?? false }))
            .filter((row) => row.spent > (settled[indexOf(row.party)] ?? 0n))
            .filter((row) => !except.includes(row.party))
            .toSorted(
              (a, b) => Number(b.isUrgent) - Number(a.isUrgent) || Number(b.spent - a.spent),
            )
            .slice(0, limit),
        ),
      proofs: (_, parties) =>
        Promise.resolve(parties.map((one) => ({ row: rowOf(indexOf(one)), proof: [] }))),
    },
    disputes: {
      recordedCounters: (account, micros) =>
        Promise.resolve((recorded[indexOf(account)] ?? 0n) >= micros ? [0n] : []),
      capsCovering(account, micros) {
        const accountCap = payers[indexOf(account)]?.cap ?? 0n;
        const cap: CapProof = {
          message: {
            account,
            spender: zeroHash,
            limit: 0n,
            period: 0n,
            rollover: 0n,
            startsAt: 0n,
            expiresAt: 0n,
            priority: 0,
            scope: zeroHash,
            accountCap,
            counter: 0n,
            salt: 0n,
          },
          signature: "0x00",
        };
        return Promise.resolve(accountCap >= micros ? [cap] : []);
      },
    },
    terms: { disputeWindowSeconds: 100, counterGraceSeconds: 600, unprovenLimitMicros },
    refusedCovers: createBackoff<Address>(pauses),
    recentCovers: createBackoff<Address>(pauses),
    events: { coverRefused: ({ party: one }) => calls.push(`refused ${indexOf(one)}`) },
  };
  return {
    calls,
    step: (isFrozen = false) => coverRows(deps, final, { isFrozen }),
    pass: (ms: number) => void (now += ms),
  };
}

describe("coverRows", () => {
  it("does nothing in a vault without a limit", async () => {
    const vault = vaultOf([{ spent: 100n, cap: 100n }], null);
    expect(await vault.step()).to.equal(null);
    expect(vault.calls).to.deep.equal([]);
  });

  it("covers the largest payers until half of the limit is left open, and all once it is frozen", async () => {
    const vault = vaultOf(
      [
        { spent: 30n, cap: 99n },
        { spent: 60n, cap: 99n },
        { spent: 10n, cap: 99n },
      ],
      80n,
    );
    expect(await vault.step()).to.deep.equal({ limitMicros: 80n, openMicros: 40n, largest: null });
    expect(vault.calls).to.deep.equal(["record 1", "cover 1"]);
    expect((await vault.step(true))?.openMicros).to.equal(0n);
    expect(vault.calls.slice(2)).to.deep.equal(["record 0", "cover 0", "record 2", "cover 2"]);
  });

  it("covers a small payer at once if its cap ends soon or its refund is due", async () => {
    const vault = vaultOf([{ spent: 5n, cap: 5n, isUrgent: true, endedAt: SUBMITTED_AT - 1 }], 80n);
    expect((await vault.step())?.openMicros).to.equal(0n);
    expect(vault.calls).to.deep.equal(["record 0", "cover 0"]);
  });

  it("goes past payers whose caps cannot be recorded, and names the largest", async () => {
    const stuck = Array.from({ length: 12 }, () => ({ spent: 50n, cap: 50n, disowned: true }));
    const vault = vaultOf([...stuck, { spent: 40n, cap: 40n }], 10n);
    await vault.step();
    const headroom = await vault.step();
    expect(vault.calls.filter((call) => call.startsWith("cover"))).to.deep.equal(["cover 12"]);
    expect(headroom?.openMicros).to.equal(600n);
    expect(headroom?.largest).to.be.oneOf(stuck.map((_, index) => party(index)));

    // They wait: no look-up is repeated until their pause is over.
    const before = vault.calls.length;
    await vault.step();
    expect(vault.calls.length).to.equal(before);
    vault.pass(60);
    await vault.step();
    expect(vault.calls.length).to.be.greaterThan(before);
  });

  it("covers as much as the cap allows, and no cap whose grace was over", async () => {
    const vault = vaultOf(
      [
        { spent: 100n, cap: 70n },
        { spent: 90n, cap: 90n, endedAt: SUBMITTED_AT - 601 },
      ],
      0n,
    );
    expect((await vault.step())?.openMicros).to.equal(120n);
    expect(vault.calls).to.deep.equal(["record 0", "cover 0", "refused 0", "refused 1"]);
  });
});
