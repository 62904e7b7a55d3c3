import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { Moment } from "../../../meter/clock.ts";
import { openJournal } from "../../../meter/journal/journal.ts";
import { createLease } from "../../../meter/lease/lease.ts";
import type { Line } from "../../../meter/lease/line.ts";
import { createMemoryLedger } from "../../fixtures/memoryLedger.ts";

const SECOND = 1_000_000_000n;

/** One CPU by the millisecond, so that a second needs 1,000 units at most. */
const cpu: Line = {
  id: "cpu",
  meter: "cpu.milliseconds",
  dimensions: {},
  kind: "counter",
  unit: 1_000_000n,
  mostPerSecond: SECOND,
};

const timing = { intervalSeconds: 10, graceSeconds: 10, marginSeconds: 5, reachSeconds: 85 };

const workload = { root: null, groups: {}, isOurs: false, container: null };

describe("a lease", () => {
  const folders: string[] = [];

  after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

  /** A lease with a clock, a counter and a ledger that the test moves. */
  async function open() {
    const folder = await mkdtemp(join(tmpdir(), "compute-credits-lease-"));
    folders.push(folder);
    const books = createMemoryLedger();
    const machine = { seconds: 1_000n, usedNs: 0n };
    const now = (): Moment => ({ clock: "boot", ns: machine.seconds * SECOND });
    const said: string[] = [];

    /** Starts an agent over the folder, as after a crash of the one before. */
    async function start() {
      const journal = await openJournal(folder);
      if (journal.state === null) {
        await journal.append({ is: "lease", lease: "lease", lines: [cpu] });
        await journal.append({ is: "workload", workload });
      }
      await journal.append({ is: "taken" });
      const source = {
        read: () => Promise.resolve({ value: machine.usedNs, epoch: "group" }),
      };
      return createLease({
        journal,
        ledger: books.ledger,
        sources: new Map([["cpu", source]]),
        timing,
        evidence: () => Promise.resolve({}),
        now,
        time: () => new Date(0),
        say: (line) => said.push(line),
      });
    }

    /** Lets seconds pass, in which the workload uses so many milliseconds. */
    function use(seconds: number, milliseconds: number): void {
      machine.seconds += BigInt(seconds);
      machine.usedNs += BigInt(milliseconds) * 1_000_000n;
    }

    const lease = await start();
    return { lease, start, use, books, machine, now, said };
  }

  /** What an agent does at each reading. */
  async function step(lease: Awaited<ReturnType<typeof open>>["lease"]): Promise<void> {
    await lease.measure();
    await lease.settle();
    await lease.extend();
  }

  /** Seconds until the workload has to be told to end. */
  const leftSeconds = ({ lease, now }: Awaited<ReturnType<typeof open>>) =>
    Number((lease.endsBy().at.ns - now().ns) / SECOND);

  it("holds the most that its reach can use, and charges what was used", async () => {
    const { lease, use, books } = await open();
    await lease.open();
    expect(books.holds.get("lease/1")?.held.get("cpu")).to.equal(85_001n);
    await step(lease);
    use(10, 4_000);
    await step(lease);
    expect(books.charged("cpu")).to.equal(4_000n);
    expect(books.eventIds()).to.deep.equal(["lease/cpu/1/1"]);
  });

  it("carries the part of a unit that is left", async () => {
    const { lease, machine, books } = await open();
    await lease.open();
    await step(lease);
    for (let times = 0; times < 3; times++) {
      machine.usedNs += 1_400_000n;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await step(lease);
    }
    expect(books.charged("cpu")).to.equal(4n);
  });

  it("sends the same capture until it is answered, and then the rest", async () => {
    const { lease, use, books } = await open();
    await lease.open();
    await step(lease);
    use(10, 1_000);
    books.faults.isAnswerLost = true;
    await step(lease);
    use(10, 2_000);
    await step(lease);
    books.faults.isAnswerLost = false;
    await step(lease);
    await step(lease);
    expect(books.charged("cpu")).to.equal(3_000n);
    expect(books.eventIds()).to.deep.equal(["lease/cpu/1/1", "lease/cpu/1/2"]);
  });

  it("keeps a capture that did not arrive, with its content, until it does", async () => {
    const { lease, use, books } = await open();
    await lease.open();
    await step(lease);
    use(10, 1_000);
    books.faults.isUnreachable = true;
    await step(lease);
    use(10, 2_000);
    await step(lease);
    books.faults.isUnreachable = false;
    await step(lease);
    await step(lease);
    expect(books.charged("cpu")).to.equal(3_000n);
    expect(books.eventIds()).to.deep.equal(["lease/cpu/1/1", "lease/cpu/1/2"]);
  });

  it("charges no more than is held, whatever was used", async () => {
    const { lease, use, books } = await open();
    await lease.open();
    await step(lease);
    books.faults.units = 0n;
    use(10, 200_000);
    await step(lease);
    expect(books.charged("cpu")).to.equal(85_001n);
    expect(lease.state.lostUnits["cpu"]).to.equal(0n);
    expect(lease.endsBy().why).to.equal("credit_ended");
  });

  it("goes on after a crash at any step with nothing charged twice", async () => {
    const { lease, start, use, books } = await open();
    await lease.open();
    await step(lease);
    use(10, 1_000);
    books.faults.isAnswerLost = true;
    await step(lease);
    const second = await start();
    use(5, 500);
    books.faults.isAnswerLost = false;
    await second.settle();
    await step(second);
    expect(books.charged("cpu")).to.equal(1_500n);
    expect(books.eventIds()).to.deep.equal(["lease/cpu/1/1", "lease/cpu/2/2"]);
  });

  it("extends before it ends, by what the next reach needs", async () => {
    const rig = await open();
    await rig.lease.open();
    await step(rig.lease);
    expect(leftSeconds(rig)).to.equal(70);
    rig.use(40, 10_000);
    await step(rig.lease);
    expect(leftSeconds(rig)).to.equal(70);
    expect(rig.books.holds.get("lease/1")?.held.get("cpu")).to.equal(95_001n);
  });

  it("runs on with what is held if the payer cannot pay for more, and then has to end", async () => {
    const rig = await open();
    await rig.lease.open();
    await step(rig.lease);
    rig.books.faults.units = 0n;
    rig.use(40, 10_000);
    await step(rig.lease);
    // 75 seconds of a CPU are left: the grace and the margin are taken from them.
    expect(leftSeconds(rig)).to.equal(60);
    rig.use(60, 60_000);
    await step(rig.lease);
    expect(leftSeconds(rig)).to.equal(0);
    expect(rig.lease.endsBy().why).to.equal("credit_ended");
    expect(rig.books.charged("cpu")).to.equal(70_000n);
  });

  it("runs only as far as the hold reaches if the server is unreachable", async () => {
    const rig = await open();
    await rig.lease.open();
    await step(rig.lease);
    rig.books.faults.isUnreachable = true;
    rig.use(40, 1_000);
    await step(rig.lease);
    expect(leftSeconds(rig)).to.equal(30);
    expect(rig.lease.endsBy().why).to.equal("server_unreachable");
    rig.use(30, 1_000);
    expect(leftSeconds(rig)).to.equal(0);
  });

  it("takes the next hold if the ledger extends one no further, and returns the old one", async () => {
    const rig = await open();
    rig.books.faults.mostExtensions = 0;
    await rig.lease.open();
    await step(rig.lease);
    rig.use(40, 10_000);
    await step(rig.lease);
    expect(leftSeconds(rig)).to.equal(70);
    expect([...rig.books.holds.values()].map(({ isOver }) => isOver)).to.deep.equal([true, false]);
    rig.use(10, 2_000);
    await step(rig.lease);
    expect(rig.books.charged("cpu")).to.equal(12_000n);
  });

  it("charges what a hold that ended did not, because it was used while it was held", async () => {
    const { lease, use, books } = await open();
    await lease.open();
    await step(lease);
    use(10, 1_000);
    books.faults.isUnreachable = true;
    await step(lease);
    books.expire("lease/1");
    books.faults.isUnreachable = false;
    await lease.settle();
    expect(books.charged("cpu.milliseconds")).to.equal(1_000n);
    expect(lease.endsBy().why).to.equal("hold_ended");
  });
});
