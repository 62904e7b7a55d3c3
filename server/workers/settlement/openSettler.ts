import type { Logger } from "pino";
import type { Hex } from "viem";

import type { ChainReader, Terms } from "@compute-credits/platform/chain/chainReader";
import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import { createSigner } from "@compute-credits/platform/chain/createSigner";
import type { Probe } from "@compute-credits/platform/chain/probe";
import type { CheckpointSigner } from "@compute-credits/platform/chain/signer";
import type { TransactionStore } from "@compute-credits/platform/chain/transactionStore";
import { createChainWriter } from "@compute-credits/platform/chain/viemChainWriter";
import type { JournaledSigner } from "@compute-credits/platform/signing/journaledSigner";
import { openJournaledSigner } from "@compute-credits/platform/signing/openJournaledSigner";
import { readPublishedSignatures } from "@compute-credits/platform/signing/publishedSignatures";
import { ConfigError } from "@compute-credits/platform/process/environment";
import type { SettlementConfig } from "../../config.ts";
import type { CheckpointStore } from "../../stores/checkpoints/checkpointStore.ts";
import type { DisputeStore } from "../../stores/settlement/disputeStore.ts";
import type { SubmissionStore } from "../../stores/settlement/submissionStore.ts";
import type { WriteOffStore } from "../../stores/settlement/writeOffStore.ts";
import type { UsageLedger } from "../../stores/usage/usageLedger.ts";
import { type Settler, createSettler } from "./settler.ts";
import { logSettlerEvents } from "./settlerEvents.ts";

export interface OpenSettlerDeps {
  readonly rpcUrls: readonly string[];
  readonly journalFolder: string;
  /** status servers of co-signers, asked what they signed before a key signs */
  readonly auditorUrls: readonly string[];
  /** the hash of the block before the deployment */
  readonly origin: Hex;
  readonly chain: ChainReader;
  readonly terms: Terms;
  readonly chainStore: ChainStore;
  readonly checkpoints: CheckpointStore;
  readonly submissions: SubmissionStore;
  readonly disputes: DisputeStore;
  readonly writeOffs: WriteOffStore;
  readonly usage: Pick<UsageLedger, "void">;
  readonly transactions: TransactionStore;
  readonly log: Logger;
  /** is called at each step of settlement, where a test can stop the server */
  readonly probe: Probe;
}

/** Throws a `ConfigError` if the contract counts none of the keys among its signers. */
export async function openSettler(
  settlement: SettlementConfig,
  deps: OpenSettlerDeps,
): Promise<Settler> {
  const { chain, probe, log } = deps;
  const keys = withoutDoubles(settlement.signers.map(createSigner));
  await checkSigners(chain, keys, log);
  const signers = await withJournals(keys, deps);
  if (settlement.writeOffAccount === null) {
    log.warn(
      "WRITE_OFF_ACCOUNT is not set: spending that an outage leaves without a cap is voided, and its " +
        "providers lose it. Set it to an account of yours with credits, here and on each auditor " +
        "(docs/covered-spending.md)",
    );
  }

  return createSettler({
    chain,
    terms: deps.terms,
    chainStore: deps.chainStore,
    checkpoints: deps.checkpoints,
    submissions: deps.submissions,
    disputes: deps.disputes,
    writeOffs: deps.writeOffs,
    usage: deps.usage,
    writeOffAccount: settlement.writeOffAccount,
    signers,
    writer: createChainWriter({
      rpcUrls: deps.rpcUrls,
      deployment: chain.deployment,
      court: await chain.court(),
      signer: createSigner(settlement.settler),
      transactions: deps.transactions,
      bumpAfterMs: settlement.bumpAfterMs,
      maxFeePerGas: settlement.maxFeePerGas,
      probe,
    }),
    intervalSeconds: settlement.intervalSeconds,
    abandonAfterSeconds: settlement.abandonAfterSeconds,
    worthMicros: settlement.worthMicros,
    recordWorthMicros: settlement.recordWorthMicros,
    events: logSettlerEvents(log),
    probe,
  });
}

/** The operator may name a key twice; the contract counts each signer once. */
function withoutDoubles(signers: readonly CheckpointSigner[]): readonly CheckpointSigner[] {
  return [...new Map(signers.map((signer) => [signer.address, signer])).values()];
}

async function withJournals(
  keys: readonly CheckpointSigner[],
  {
    journalFolder: folder,
    auditorUrls,
    origin,
    chain,
    chainStore,
    checkpoints,
    log,
  }: OpenSettlerDeps,
): Promise<readonly JournaledSigner[]> {
  const deps = {
    chain,
    confirmedTime: async () => (await chainStore.cursor()).time,
    knowsSignature: async () => (await checkpoints.latest())?.isSigning ?? false,
    published: async () => await readPublishedSignatures(auditorUrls),
  };
  return await Promise.all(
    keys.map((key) => openJournaledSigner(key, { folder, origin, log }, deps)),
  );
}

async function checkSigners(
  chain: Pick<ChainReader, "threshold" | "isSigner">,
  signers: readonly CheckpointSigner[],
  log: Logger,
): Promise<void> {
  const threshold = await chain.threshold();
  const known = await Promise.all(signers.map(({ address }) => chain.isSigner(address)));
  const strangers = signers.filter((_, index) => known[index] === false);
  const names = strangers.map(({ address }) => address).join(", ");
  if (strangers.length === signers.length) {
    throw new ConfigError(`SIGNER_PRIVATE_KEYS: the contract knows no signer ${names}`);
  }
  if (strangers.length > 0) {
    // While a change of signers is announced, an operator configures the old and the new keys.
    log.warn(
      { keys: names },
      "these keys are no signers of the contract: they sign checkpoints once they take over",
    );
  }
  const own = signers.length - strangers.length;
  if (own < threshold) {
    log.info(
      { threshold, own },
      "checkpoints wait for co-signers: POST /v1/checkpoints/{epoch}/signatures",
    );
  }
}
