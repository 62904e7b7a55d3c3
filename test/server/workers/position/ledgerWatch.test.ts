import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { pino } from "pino";
import { type Address, type Hex, zeroHash } from "viem";

import { createMeteringGate } from "../../../../server/meteringGate.ts";
import { createPositionFile } from "../../../../server/positionFile.ts";
import {
  type Acknowledged,
  createAcknowledgedMemory,
} from "../../../../server/stores/position/acknowledged.ts";
import type { LedgerPosition } from "../../../../server/stores/position/findLoss.ts";
import type { PositionStore } from "../../../../server/stores/position/positionStore.ts";
import { createLedgerWatch } from "../../../../server/workers/position/ledgerWatch.ts";

const PROVIDER: Address = `0x${"77".repeat(20)}`;
const debit = (id: string): Omit<Acknowledged, "atMs"> => ({
  kind: "debit",
  provider: PROVIDER,
  id,
});

const NO_CHECKPOINT: { epoch: bigint; root: Hex } = { epoch: 0n, root: zeroHash };

describe("ledger watch", () => {
  let folder: string;
  let database: FakeDatabase;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-watch-"));
    database = fakeDatabase();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A server that has just started. */
  function start({
    chain = NO_CHECKPOINT,
    nowMs = Date.now(),
    ask = () => Promise.resolve(chain),
  } = {}) {
    const gate = createMeteringGate();
    const acknowledged = createAcknowledgedMemory(() => nowMs);
    const watch = createLedgerWatch({
      positions: database.store,
      acknowledged,
      file: createPositionFile(folder, {
        chainId: 31_337,
        contract: PROVIDER,
        origin: zeroHash,
      }),
      checkpoints: { isKnown: (_epoch, root) => Promise.resolve(database.roots.has(root)) },
      chain: { latestCheckpoint: ask },
      chainPauseMs: 0,
      journals: [],
      gate,
      log: pino({ level: "silent" }),
    });
    return {
      gate,
      acknowledged,
      /** what stops metering after a look */
      async look(): Promise<string | null> {
        await watch.check().catch(() => undefined);
        return gate.stopped?.message ?? null;
      },
    };
  }

  it("looks on while the chain does not answer, and takes a late answer", async () => {
    const late = Promise.withResolvers<typeof NO_CHECKPOINT>();
    let calls = 0;
    const ask = () => (calls++ === 0 ? Promise.resolve(NO_CHECKPOINT) : late.promise);
    const server = start({ ask });
    expect(await server.look()).to.equal(null);
    expect(await server.look()).to.equal(null);
    expect(await server.look()).to.equal(null);
    expect(calls).to.equal(2);
    late.resolve({ epoch: 1n, root: `0x${"99".repeat(32)}` });
    await late.promise;
    expect(await server.look()).to.include("the chain has 0x99");
  });

  it("goes on while the database only grows", async () => {
    const server = start();
    expect(await server.look()).to.equal(null);
    database.position = { timeline: 1, lsn: 200n, block: 6n };
    expect(await server.look()).to.equal(null);
  });

  it("stops when the log, the timeline or the chain's cursor goes back", async () => {
    for (const older of [
      { timeline: 1, lsn: 99n, block: 5n },
      { timeline: 0, lsn: 300n, block: 5n },
      { timeline: 1, lsn: 300n, block: 4n },
    ]) {
      database = fakeDatabase();
      const server = start();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await server.look();
      database.position = older;
      // oxlint-disable-next-line no-await-in-loop
      expect(await server.look()).to.include("the ledger is behind");
    }
  });

  it("goes on after a failover that lost nothing, although the log is shorter", async () => {
    const server = start();
    await server.look();
    database.has.add("kept");
    server.acknowledged.remember(debit("kept"));
    database.position = { timeline: 2, lsn: 90n, block: 5n };
    expect(await server.look()).to.equal(null);
  });

  it("stops after a failover that lost what it had acknowledged", async () => {
    const server = start();
    await server.look();
    server.acknowledged.remember(debit("lost"));
    database.position = { timeline: 2, lsn: 900n, block: 5n };
    expect(await server.look()).to.include("the debit lost of");
  });

  it("stops after a restart too, and tells all other servers", async () => {
    const server = start();
    database.has.add("lost");
    server.acknowledged.remember(debit("lost"));
    expect(await server.look()).to.equal(null);
    database.has.clear();
    expect(await start().look()).to.include("the debit lost of");
    await rm(folder, { recursive: true });
    expect(await start().look()).to.include("the debit lost of");
  });

  it("does not miss what may be in an archive by now", async () => {
    const server = start({ nowMs: Date.now() - 30 * 86_400_000 });
    server.acknowledged.remember(debit("archived"));
    expect(await server.look()).to.equal(null);
  });

  it("stops if the chain has a checkpoint that the ledger never cut", async () => {
    const root: Hex = `0x${"33".repeat(32)}`;
    expect(await start({ chain: { epoch: 3n, root } }).look()).to.include("for epoch 3");
  });

  it("stops while the database does not answer, and goes on after it", async () => {
    const server = start();
    await server.look();
    database.isDown = true;
    expect(await server.look()).to.include("does not answer");
    expect(server.gate.stopped?.cause).to.equal("database_unreachable");
    database.isDown = false;
    expect(await server.look()).to.equal(null);
  });

  it("stops at once when a connection is lost, until it has looked behind the next one", async () => {
    const server = start();
    await server.look();
    database.lose();
    expect(server.gate.stopped?.cause).to.equal("database_unreachable");
    // What a look read before the loss says nothing of what is there now.
    database.onRead = () => database.lose();
    expect(await server.look()).to.include("a connection to it was lost");
    database.onRead = () => undefined;
    expect(await server.look()).to.equal(null);
  });

  it("finds out again after a restart what it acknowledged just before a copy came", async () => {
    const server = start();
    await server.look();
    server.acknowledged.remember(debit("lost"));
    expect(await server.look()).to.include("the debit lost of");
    database.stopped = null;
    expect(await start().look()).to.include("the debit lost of");
  });
});

type FakeDatabase = ReturnType<typeof fakeDatabase>;

function fakeDatabase() {
  const listeners: (() => void)[] = [];
  const state = {
    position: { timeline: 1, lsn: 100n, block: 5n } as LedgerPosition,
    has: new Set<string>(),
    roots: new Set<Hex>(),
    isDown: false,
    stopped: null as string | null,
    onRead: () => undefined as void,
    lose: () => listeners.forEach((listener) => listener()),
  };
  const store: PositionStore = {
    reach: () => Promise.resolve(),
    onLost: (listener) => void listeners.push(listener),
    read() {
      state.onRead();
      return state.isDown ? Promise.reject(new Error("down")) : Promise.resolve(state.position);
    },
    missing: (all) => Promise.resolve(all.filter(({ id }) => !state.has.has(id))),
    stop: () =>
      Promise.resolve(
        state.stopped === null ? null : { message: state.stopped, stoppedAt: new Date(0) },
      ),
    recordStop(message) {
      state.stopped ??= message;
      return Promise.resolve();
    },
    endStop() {
      state.stopped = null;
      return Promise.resolve();
    },
  };
  return Object.assign(state, { store });
}
