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
import type { PublishedSignature } from "@compute-credits/platform/signing/publishedSignatures";
import { openSigningJournal } from "@compute-credits/platform/signing/signingJournal";
import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import { isEcdsaSignature } from "@compute-credits/protocol/messages/signatureCheck";
import { type TestWallet, wallets } from "../../../scripts/local/wallets.ts";
import { addressOf } from "../../fixtures/meteredStack.ts";
import { refusalOf } from "../../fixtures/refusalOf.ts";

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

/** A co-signer's signature, as its status server shows it. */
async function publishedBy(wallet: TestWallet, message: CheckpointMessage) {
  const key = createLocalSigner(wallet.privateKey);
  const signature = await key.sign(deployment, message);
  return { checkpoint: message, signer: key.address, signature };
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
  function start({
    at = folder,
    releasedEpoch = null as bigint | null,
    knows = false,
    published = [] as readonly PublishedSignature[],
  } = {}) {
    const key = createLocalSigner(wallets.signer.privateKey);
    const owner = { address: key.address, ...deployment, origin: zeroHash };
    return createJournaledSigner(key, openSigningJournal(at, owner), {
      chain,
      confirmedTime: () => Promise.resolve(new Date(Number(confirmed) * 1000)),
      knowsSignature: () => Promise.resolve(knows),
      releasedEpoch,
      published: () => Promise.resolve(published),
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

  it("signs no other root than a present co-signer has signed, and names both", async () => {
    const published = [await publishedBy(wallets.auditor, checkpoint(1n, 7))];
    const refused = sign(checkpoint(1n, 8), start({ published }));
    expect(await refusal(refused)).to.equal("co_signer_differs");
    const text = await refusalOf(refused);
    expect(text).to.include(checkpoint(1n, 7).root).and.to.include(checkpoint(1n, 8).root);
    expect(text).to.include(addressOf(wallets.auditor)).and.to.include("recovered");
    // Nothing was written: the key has not signed.
    expect((await start().journal.last())?.root).to.equal(null);
    await sign(checkpoint(1n, 7), start({ published }));
    // What it has signed already, it signs again, whatever others say since.
    const late = [await publishedBy(wallets.auditor, checkpoint(1n, 9))];
    await sign(checkpoint(1n, 7), start({ published: late }));
  });

  it("signs what a co-signer has signed too, after it had signed another", async () => {
    const published = [
      await publishedBy(wallets.auditor, checkpoint(1n, 7)),
      await publishedBy(wallets.auditor, checkpoint(1n, 8, 60)),
    ];
    await sign(checkpoint(1n, 8, 60), start({ published }));
  });

  it("minds no signature of another epoch, of others than signers, or that is not theirs", async () => {
    const good = await publishedBy(wallets.auditor, checkpoint(1n, 7));
    const forged = { ...good, signer: addressOf(wallets.secondAuditor) };
    const published = [await publishedBy(wallets.auditor, checkpoint(2n, 7)), forged];
    await sign(checkpoint(1n, 8), start({ published }));
    chain.epoch = 1n;
    const stranger = [await publishedBy(wallets.bob, checkpoint(2n, 7))];
    await sign(checkpoint(2n, 8), start({ published: stranger }));
  });

  it("minds no signature that the chain voids: by a drop between both, or by other signers", async () => {
    const published = [await publishedBy(wallets.auditor, checkpoint(1n, 7))];
    chain.dropTimes = [START + 50n];
    confirmed = START + 40n;
    const early = sign(checkpoint(1n, 8, 60), start({ published }));
    expect(await refusal(early)).to.equal("co_signer_differs");
    confirmed = START + 50n;
    await sign(checkpoint(1n, 8, 60), start({ published }));
    chain.epoch = 1n;
    chain.dropTimes = [];
    chain.since = START + 70n;
    confirmed = START + 100n;
    const former = [await publishedBy(wallets.auditor, checkpoint(2n, 7, 65))];
    await sign(checkpoint(2n, 8, 80), start({ published: former }));
  });

  it("signs a released epoch although a co-signer has signed another root", async () => {
    const published = [await publishedBy(wallets.auditor, checkpoint(1n, 7))];
    await sign(checkpoint(1n, 8), start({ published, releasedEpoch: 1n }));
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
    isSigner: (address) => Promise.resolve(state.isCurrent && address !== addressOf(wallets.bob)),
    isSignedBy: isEcdsaSignature,
    signersSince: () => Promise.resolve(state.since),
    submissionSigners: () => Promise.resolve(state.submitters),
    wasDroppedBetween: (_epoch, first, second) =>
      Promise.resolve(state.dropTimes.some((time) => time >= first && time < second)),
  };
  return Object.assign(state, reader);
}
