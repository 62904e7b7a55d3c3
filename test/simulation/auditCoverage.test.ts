import { expect } from "chai";
import { type Address, keccak256, maxUint64, numberToHex, zeroHash } from "viem";

import type { Row } from "@compute-credits/protocol/tree/row";
import { auditCoverage } from "../../simulation/auditCoverage.ts";
import type { JournalledAllowance } from "../../simulation/journal.ts";
import type { NewChainEvent } from "../../simulation/newChainEvent.ts";
import type { CutWindow } from "../../simulation/settlement.ts";
import { SimulatedVault } from "../../simulation/vault.ts";

const payer = numberToHex(0xa1, { size: 20 });
const STARTED_AT = Date.parse("2026-01-01T00:00:00Z");

/** Graces last a second in the simulation. */
const at = (seconds: number) => new Date(STARTED_AT + 1000 * seconds);

const SPENT_48107: Row = { party: payer, spent: 48_107n, refunded: 0n, earned: 0n };

/** The second checkpoint, whose write-offs began ten seconds after the start. */
const CUT: CutWindow = {
  id: 2n,
  from: at(10),
  until: at(10.5),
  coveredAt: at(10),
  appliedBlocks: 0,
};

describe("audit of coverage", () => {
  it("accepts a cap that was recorded before its counter began, and signed by nobody yet", () => {
    const events = [
      [0, capRecorded({ counter: 1n, capMicros: 77_507n })],
      [1, raised(1n)],
    ] as const;
    expect(() => audit({ events })).to.not.throw();
  });

  it("refuses a recorded cap of a counter that did not begin", () => {
    const events = [
      [0, raised(1n)],
      [1, capRecorded({ counter: 2n, capMicros: 77_507n })],
    ] as const;
    expect(() => audit({ events })).to.throw("a row is unanswerable");
  });

  it("refuses a recorded cap of a counter that began after the cut", () => {
    const events = [
      [0, capRecorded({ counter: 1n, capMicros: 77_507n })],
      [11, raised(1n)],
    ] as const;
    expect(() => audit({ events })).to.throw("a row is unanswerable");
  });

  it("refuses a recorded cap below the spending", () => {
    const events = [[0, capRecorded({ counter: 0n, capMicros: 48_106n })]] as const;
    expect(() => audit({ events })).to.throw("a row is unanswerable");
  });

  it("accepts a cap that a key signed, and refuses one that a contract wallet signed", () => {
    expect(() => audit({ allowances: [signed({ byContract: false })] })).to.not.throw();
    expect(() => audit({ allowances: [signed({ byContract: true })] })).to.throw("unanswerable");
  });

  it("refuses the cap of a grant, which its owner did not sign", () => {
    const grant = { ...signed({ byContract: false }), campaign: zeroHash, byContract: null };
    expect(() => audit({ allowances: [grant] })).to.throw("a row is unanswerable");
  });

  it("accepts a cap up to the end of its counter's grace", () => {
    const allowances = [signed({ byContract: false })];
    expect(() => audit({ allowances, events: [[9, raised(1n)]] })).to.not.throw();
    expect(() => audit({ allowances, events: [[8.999, raised(1n)]] })).to.throw("unanswerable");
  });

  it("accepts what the last final row contains, and no more", () => {
    expect(() => audit({ finalSpent: 48_107n })).to.not.throw();
    expect(() => audit({ finalSpent: 48_106n })).to.throw("a row is unanswerable");
  });
});

interface Case {
  /** by the second of their block */
  readonly events?: readonly (readonly [number, NewChainEvent])[];
  readonly allowances?: readonly JournalledAllowance[];
  readonly finalSpent?: bigint;
}

function audit({ events = [], allowances = [], finalSpent = 0n }: Case): void {
  const vault = new SimulatedVault();
  for (const [seconds, event] of events) vault.apply([event], at(seconds));
  auditCoverage(
    {
      checkpoints: [checkpoint(1n), checkpoint(2n)],
      rows: [
        { ...SPENT_48107, spent: finalSpent, checkpoint: 1n },
        { ...SPENT_48107, checkpoint: 2n },
      ],
    },
    { allowances: new Map(allowances.map((one, index) => [numberToHex(index), one])) },
    vault,
    [CUT],
  );
}

function checkpoint(id: bigint) {
  const root = keccak256(numberToHex(id));
  const totals = { spent: 0n, refunded: 0n, earned: 0n };
  return { id, epoch: id, root, ...totals, cut_at: at(0), dropped: false };
}

function raised(counter: bigint): NewChainEvent {
  return { type: "counter_raised", account: payer, counter };
}

function capRecorded({
  counter,
  capMicros,
}: {
  counter: bigint;
  capMicros: bigint;
}): NewChainEvent {
  return { type: "cap_recorded", account: payer, counter, accountCapMicros: capMicros };
}

/** An allowance of the payer's first counter with a cap without bound. */
function signed({ byContract }: { byContract: boolean }): JournalledAllowance {
  const account: Address = payer;
  const message = {
    account,
    spender: zeroHash,
    limit: maxUint64,
    period: 0n,
    rollover: 0n,
    startsAt: 0n,
    expiresAt: 0n,
    priority: 1,
    scope: zeroHash,
    accountCap: maxUint64,
    counter: 0n,
    salt: 0n,
  };
  return { message, period: 0n, campaign: null, byContract };
}
