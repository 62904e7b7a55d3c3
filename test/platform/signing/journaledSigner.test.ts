import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { type Address, type Hex, zeroHash } from "viem";

import { createLocalSigner } from "@compute-credits/platform/chain/localSigner";
import {
  type SigningChain,
  SigningRefused,
  createJournaledSigner,
  firstRecord,
} from "@compute-credits/platform/signing/journaledSigner";
import { openSigningJournal } from "@compute-credits/platform/signing/signingJournal";
import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import { wallets } from "../../../scripts/local/wallets.ts";

const deployment = { chainId: 31_337, contract: `0x${"c0".repeat(20)}` } as const;
const START = 1_800_000_000n;

/** A checkpoint that was cut so many seconds after the start. */
function checkpoint(epoch: bigint, root: number, seconds = 0): CheckpointMessage {
  const hex: Hex = `0x${root.toString(16).padStart(64, "0")}`;
  const totals = { spent: 0n, refunded: 0n, earned: 0n };
  return {
    epoch,
    root: hex,
    previousRoot: zeroHash,
    ...totals,
    asOf: START + BigInt(seconds),
    dataHash: zeroHash,
  };
}

describe("signing journal", () => {
  let folder: string;
  let chain: FakeChain;
  let confirmed: bigint;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-journal-"));
    chain = fakeChain();
    confirmed = START + 1_000_000n;
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Opens the key as a process does that has just started. */
  function start({ at = folder, releasedEpoch = null as bigint | null, knows = false } = {}) {
    const key = createLocalSigner(wallets.signer.privateKey);
    const owner = { address: key.address, ...deployment, origin: zeroHash };
    return createJournaledSigner(key, openSigningJournal(at, owner), {
      chain,
      confirmedTime: () => Promise.resolve(new Date(Number(confirmed) * 1000)),
      knowsSignature: () => Promise.resolve(knows),
      releasedEpoch,
    });
  }

  const sign = (message: CheckpointMessage, signer = start()) => signer.sign(deployment, message);

  it("signs each epoch in turn, and the same checkpoint again", async () => {
    const first = await sign(checkpoint(1n, 1));
    expect(await sign(checkpoint(1n, 1))).to.equal(first);
    chain.epoch = 1n;
    await sign(checkpoint(2n, 2));
    const last = await start().journal.last();
    expect(last).to.include({ epoch: 2n, root: checkpoint(2n, 2).root });
  });

  it("refuses a second root for an epoch, also after a restart", async () => {
    await sign(checkpoint(1n, 1));
    expect(await refusal(sign(checkpoint(1n, 2, 60)))).to.equal("another_checkpoint");
  });

  it("refuses another date or data for a root: the court's pair is two digests", async () => {
    await sign(checkpoint(1n, 1));
    expect(await refusal(sign(checkpoint(1n, 1, 60)))).to.equal("another_checkpoint");
    const otherData = { ...checkpoint(1n, 1), dataHash: `0x${"da".repeat(32)}` as const };
    expect(await refusal(sign(otherData))).to.equal("another_checkpoint");
  });

  it("refuses an epoch that the chain has, and one that is not due", async () => {
    await sign(checkpoint(1n, 1));
    chain.epoch = 1n;
    expect(await refusal(sign(checkpoint(1n, 2)))).to.equal("not_next_epoch");
    expect(await refusal(sign(checkpoint(3n, 3)))).to.equal("not_next_epoch");
  });

  it("refuses an epoch below its last, whatever the chain's endpoint says", async () => {
    chain.epoch = 4n;
    await begin(4n);
    await sign(checkpoint(5n, 5));
    chain.epoch = 2n;
    expect(await refusal(sign(checkpoint(3n, 3)))).to.equal("epoch_passed");
  });

  it("signs an epoch again after a confirmed drop between the two dates", async () => {
    await sign(checkpoint(1n, 1));
    chain.dropTimes = [START + 50n];
    chain.dropCount = 1n;
    expect(await refusal(sign(checkpoint(1n, 2, 50)))).to.equal("another_checkpoint");
    confirmed = START + 40n;
    expect(await refusal(sign(checkpoint(1n, 2, 60)))).to.equal("another_checkpoint");
    confirmed = START + 50n;
    await sign(checkpoint(1n, 2, 60));
    expect(await refusal(sign(checkpoint(1n, 3, 70)))).to.equal("another_checkpoint");
  });

  it("does not excuse by a drop from before its last signature", async () => {
    chain.dropTimes = [START - 10n];
    chain.dropCount = 1n;
    await begin(0n);
    await sign(checkpoint(1n, 1));
    expect(await refusal(sign(checkpoint(1n, 2, 60)))).to.equal("another_checkpoint");
  });

  it("signs an epoch again once other signers took over, with a later date only", async () => {
    await sign(checkpoint(1n, 1));
    chain.since = START + 50n;
    expect(await refusal(sign(checkpoint(1n, 2, 50)))).to.equal("another_checkpoint");
    await sign(checkpoint(1n, 2, 51));
  });

  it("signs a released epoch once more, and no third time", async () => {
    await sign(checkpoint(1n, 1));
    await sign(checkpoint(1n, 2, 60), start({ releasedEpoch: 1n }));
    expect(await refusal(sign(checkpoint(1n, 3, 70), start({ releasedEpoch: 1n })))).to.equal(
      "another_checkpoint",
    );
  });

  it("signs nothing without a journal once anything may have been signed", async () => {
    chain.epoch = 1n;
    expect(await refusal(sign(checkpoint(2n, 2)))).to.equal("journal_missing");
    chain.epoch = 0n;
    chain.dropCount = 1n;
    expect(await refusal(sign(checkpoint(1n, 1)))).to.equal("journal_missing");
    chain.dropCount = 0n;
    const started = start({ knows: true });
    expect(await refusal(sign(checkpoint(1n, 1), started))).to.equal("journal_missing");
  });

  it("makes the journal of a key before it takes over", async () => {
    chain.epoch = 7n;
    chain.isCurrent = false;
    await start().prepare();
    chain.isCurrent = true;
    chain.since = START;
    chain.submitters = new Set();
    await sign(checkpoint(8n, 8, 1));
  });

  it("signs nothing with an older copy of the journal", async () => {
    await sign(checkpoint(1n, 1));
    const old = await mkdtemp(join(tmpdir(), "compute-credits-journal-"));
    await cp(folder, old, { recursive: true });
    chain.epoch = 1n;
    await sign(checkpoint(2n, 2));
    chain.epoch = 2n;
    chain.submitters = new Set([start().address]);
    expect(await refusal(sign(checkpoint(3n, 3), start({ at: old })))).to.equal("journal_older");
    chain.submitters = null;
    expect(await refusal(sign(checkpoint(3n, 3), start({ at: old })))).to.equal("journal_older");
    await rm(old, { recursive: true });
  });

  it("goes on after epochs that others signed", async () => {
    await sign(checkpoint(1n, 1));
    chain.epoch = 5n;
    chain.submitters = new Set<Address>([`0x${"0e".repeat(20)}`]);
    await sign(checkpoint(6n, 6));
  });

  it("lets one of several writers sign", async () => {
    await start().prepare();
    const roots = [1, 2, 3, 4, 5, 6, 7, 8];
    const results = await Promise.allSettled(roots.map((root) => sign(checkpoint(1n, root))));
    expect(results.filter(({ status }) => status === "fulfilled")).to.have.length(1);
  });

  it("goes on after a line that a power cut tore", async () => {
    await sign(checkpoint(1n, 1));
    const { path } = start().journal;
    await appendFile(path, '0123456789abcdef {"epoch":"2","as');
    chain.epoch = 1n;
    await sign(checkpoint(2n, 2));
    expect(await refusal(sign(checkpoint(2n, 3)))).to.equal("another_checkpoint");
  });

  it("signs nothing with a damaged journal, another key's, or one that went back", async () => {
    await sign(checkpoint(1n, 1));
    const running = start();
    chain.epoch = 1n;
    await sign(checkpoint(2n, 2), running);
    const { path } = running.journal;
    const whole = await readFile(path, "utf8");

    await writeFile(path, whole.slice(0, whole.lastIndexOf("\n", whole.length - 2) + 1));
    expect(await failure(sign(checkpoint(3n, 3), running))).to.include("was replaced");
    await writeFile(path, whole.replace('"epoch":"2"', '"epoch":"1"'));
    expect(await failure(sign(checkpoint(3n, 3)))).to.include("not as it was written");
    await writeFile(path, "");
    expect(await failure(sign(checkpoint(3n, 3)))).to.include("it has no record");
  });

  /** Begins the journal as an operator's order does. */
  async function begin(epoch: bigint): Promise<void> {
    await start().journal.begin({ ...(await firstRecord(chain, epoch)), asOf: START - 1n });
  }
});

async function refusal(signing: Promise<unknown>): Promise<string> {
  const error = await signing.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SigningRefused) return error.reason;
  throw new Error(`expected a refusal, got ${String(error)}`, { cause: error });
}

async function failure(signing: Promise<unknown>): Promise<string> {
  return await signing.then(
    () => "signed",
    (error: unknown) => String(error),
  );
}

type FakeChain = ReturnType<typeof fakeChain>;

function fakeChain() {
  const state = {
    epoch: 0n,
    dropCount: 0n,
    dropTimes: [] as bigint[],
    since: 0n,
    isCurrent: true,
    submitters: null as ReadonlySet<Address> | null,
  };
  const reader: SigningChain = {
    deployment,
    head: () => Promise.resolve(100n),
    latestEpoch: () => Promise.resolve(state.epoch),
    drops: () => Promise.resolve(state.dropCount),
    isSigner: () => Promise.resolve(state.isCurrent),
    signersSince: () => Promise.resolve(state.since),
    submissionSigners: () => Promise.resolve(state.submitters),
    wasDroppedBetween: (_epoch, first, second) =>
      Promise.resolve(state.dropTimes.some((time) => time >= first && time < second)),
  };
  return Object.assign(state, reader);
}
