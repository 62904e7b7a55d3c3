import type { Address } from "viem";

import {
  type CheckpointMessage,
  checkpointDigest,
} from "@compute-credits/protocol/messages/checkpoint";
import {
  type SignedCheckpoint,
  type SigningDecision,
  decideSigning,
} from "@compute-credits/rules/checkpoints/signingRule";
import type { ChainReader } from "../chain/chainReader.ts";
import type { CheckpointSigner } from "../chain/signer.ts";
import type { JournalRecord } from "./journalLine.ts";
import { type PublishedSignature, findRival } from "./publishedSignatures.ts";
import type { SigningJournal } from "./signingJournal.ts";

/** Thrown in place of a signature that the key's journal or the chain forbids. */
export class SigningRefused extends Error {
  override readonly name = "SigningRefused";
  readonly reason: SigningRefusal;

  constructor(reason: SigningRefusal, message: string) {
    super(message);
    this.reason = reason;
  }
}

export type SigningRefusal =
  | "journal_missing"
  | "journal_older"
  | "not_next_epoch"
  | "another_writer"
  | "co_signer_differs"
  | Extract<SigningDecision, { result: "refused" }>["reason"];

/** What the journal asks the chain, so that no database has to be believed. */
export type SigningChain = Pick<
  ChainReader,
  | "deployment"
  | "head"
  | "drops"
  | "isSigner"
  | "isSignedBy"
  | "latestEpoch"
  | "signersSince"
  | "submissionSigners"
  | "wasDroppedBetween"
>;

export interface JournalDeps {
  readonly chain: SigningChain;
  /** the time of the newest confirmed block that was read: later drops may be reorganised away */
  readonly confirmedTime: () => Promise<Date>;
  /** whether the program's own database knows of a signature of this key */
  readonly knowsSignature: () => Promise<boolean>;
  /** what co-signers say that they have signed; asked before each new signature */
  readonly published?: () => Promise<readonly PublishedSignature[]>;
  /** an epoch that the operator allows to be signed once more; `null` for none */
  readonly releasedEpoch?: bigint | null;
}

export interface JournaledSigner extends CheckpointSigner {
  readonly journal: SigningJournal;
  /**
   * Makes the journal of a key that cannot have signed anything yet. Does nothing otherwise: `sign`
   * then says what to do.
   */
  prepare(): Promise<void>;
}

/**
 * Puts a key's journal before it. `sign` throws `SigningRefused` unless the signature is safe; the
 * record is on disk before the signature exists.
 */
export function createJournaledSigner(
  signer: CheckpointSigner,
  journal: SigningJournal,
  deps: JournalDeps,
): JournaledSigner {
  const { address } = signer;
  const { chain } = deps;

  async function prepare(): Promise<void> {
    if ((await journal.last()) !== null || !(await isUnused(address, deps))) return;
    // What is on chain already, others signed: a search for later signatures begins here.
    const epoch = await chain.latestEpoch();
    await journal.begin({ ...(await firstRecord(chain, epoch)), excuse: null });
  }

  async function lastRecord(): Promise<JournalRecord> {
    await prepare();
    const last = await journal.last();
    if (last !== null) return last;
    throw new SigningRefused(
      "journal_missing",
      `${address} signs nothing: its signing journal ${journal.path} is missing, and the key may ` +
        "have signed before. Put the file back, or import an export of it " +
        "(npm run journal -- import); if it is lost: npm run journal -- init",
    );
  }

  async function refuseUnsafe(
    last: JournalRecord,
    message: CheckpointMessage,
  ): Promise<JournalRecord["excuse"]> {
    const chainEpoch = await chain.latestEpoch();
    if (message.epoch !== chainEpoch + 1n) {
      throw new SigningRefused(
        "not_next_epoch",
        `${address} does not sign epoch ${message.epoch}: the chain's newest is ${chainEpoch}, ` +
          "so the next one is due. If the chain's endpoint is not behind, the ledger is",
      );
    }
    if (last.epoch < chainEpoch)
      await requireUnsigned(chain, { address, journal, last, chainEpoch });
    const isReleased = deps.releasedEpoch === message.epoch;
    const decision = await decide(last, message, isReleased && last.excuse !== "released");
    if (decision.result === "refused") throw refusedEpoch(address, last, message, decision.reason);
    if (!isReleased) await refuseRival(message);

    return decision.result === "allowed" ? decision.excuse : null;
  }

  /** Decides by the chain up to the confirmed block: a drop after it may be reorganised away. */
  async function decide(
    last: SignedCheckpoint,
    message: CheckpointMessage,
    isReleased: boolean,
  ): Promise<SigningDecision> {
    const confirmed = BigInt(Math.floor((await deps.confirmedTime()).getTime() / 1000));
    const since = await chain.signersSince();
    const until = message.asOf <= confirmed ? message.asOf : confirmed + 1n;
    return decideSigning(
      last,
      { ...message, digest: checkpointDigest(chain.deployment, message) },
      {
        isDroppedBetween:
          last.epoch === message.epoch &&
          until > last.asOf &&
          (await chain.wasDroppedBetween(message.epoch, last.asOf, until)),
        signersSince: since <= confirmed ? since : 0n,
        isReleased,
      },
    );
  }

  /** Two co-signers with two roots of one epoch: one of both ledgers is wrong, perhaps this one. */
  async function refuseRival(message: CheckpointMessage): Promise<void> {
    const rival = await findRival((await deps.published?.()) ?? [], message, {
      chain,
      isVoid: async (other) => {
        const signed = { ...other, digest: checkpointDigest(chain.deployment, other) };
        return (await decide(signed, message, false)).result !== "refused";
      },
    });
    if (rival === null) return;
    throw new SigningRefused(
      "co_signer_differs",
      `${address} does not sign the root ${message.root} of epoch ${message.epoch}: ` +
        `${rival.signer} has signed the root ${rival.checkpoint.root} for it, which the chain has ` +
        "not dropped. Compare the two ledgers: an old database is recovered " +
        "(docs/recovery.md#two-roots-for-one-epoch)",
    );
  }

  return {
    address,
    journal,
    prepare,

    async sign(deployment, message) {
      const digest = checkpointDigest(deployment, message);
      const last = await lastRecord();
      if (last.digest !== digest) {
        const excuse = await refuseUnsafe(last, message);
        const record = {
          epoch: message.epoch,
          asOf: message.asOf,
          digest,
          root: message.root,
          excuse,
          replaces: last.digest,
          block: await chain.head(),
          at: new Date().toISOString(),
        };
        if (!(await journal.append(record))) {
          throw new SigningRefused(
            "another_writer",
            `${address} does not sign this checkpoint of epoch ${message.epoch}: ` +
              "another process with the same journal was first",
          );
        }
      }
      return await signer.sign(deployment, message);
    },
  };
}

/** The first record of a journal: `epoch` and all before it count as signed, up to now. */
export async function firstRecord(
  chain: Pick<SigningChain, "head">,
  epoch: bigint,
): Promise<JournalRecord> {
  const now = Date.now();
  return {
    epoch,
    asOf: BigInt(Math.floor(now / 1000)),
    digest: null,
    root: null,
    excuse: epoch === 0n ? null : "ordered",
    replaces: null,
    block: await chain.head(),
    at: new Date(now).toISOString(),
  };
}

/**
 * Whether nothing that the key ever signed can count: no checkpoint reached the chain and the
 * database knows of no signature, or the key is no signer now. What a key signed before it takes
 * over is void.
 */
async function isUnused(
  address: Address,
  { chain, knowsSignature }: JournalDeps,
): Promise<boolean> {
  if (!(await chain.isSigner(address))) return true;
  const [epoch, drops] = await Promise.all([chain.latestEpoch(), chain.drops()]);
  return epoch === 0n && drops === 0n && !(await knowsSignature());
}

/**
 * Throws unless the chain shows that this key signed none of the checkpoints that its journal does
 * not know: others signed them, and the journal is not an old copy.
 */
async function requireUnsigned(
  chain: SigningChain,
  {
    address,
    journal,
    last,
    chainEpoch,
  }: {
    readonly address: Address;
    readonly journal: SigningJournal;
    readonly last: JournalRecord;
    readonly chainEpoch: bigint;
  },
): Promise<void> {
  const signers = await chain.submissionSigners({
    fromBlock: last.block,
    after: last.epoch,
    upTo: chainEpoch,
  });
  if (signers !== null && !signers.has(address)) return;
  const why =
    signers === null
      ? "the chain does not show who signed since"
      : "the chain has later signatures of the key";
  throw new SigningRefused(
    "journal_older",
    `${address} signs nothing: its signing journal ${journal.path} ends with epoch ${last.epoch}, ` +
      `the chain has epoch ${chainEpoch}, and ${why}. Import the newest journal of the key ` +
      "(npm run journal -- import); if it is lost: npm run journal -- init",
  );
}

function refusedEpoch(
  address: Address,
  last: JournalRecord,
  { epoch, root }: CheckpointMessage,
  reason: "epoch_passed" | "another_checkpoint",
): SigningRefused {
  const signed =
    last.root === null
      ? `everything up to epoch ${last.epoch}`
      : `epoch ${last.epoch} as ${last.root}`;
  return new SigningRefused(
    reason,
    `${address} does not sign ${root} for epoch ${epoch}: it has signed ${signed}, and two ` +
      "checkpoints of one epoch would be proof against it. If the ledger was restored from a " +
      "backup, bring it up to the chain first (docs/recovery.md)",
  );
}
