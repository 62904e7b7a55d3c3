import type { Logger } from "pino";

import { createSigner } from "@compute-credits/platform/chain/createSigner";
import { isEcdsaSignature } from "@compute-credits/protocol/messages/signatureCheck";
import { createChainWriter } from "@compute-credits/platform/chain/viemChainWriter";
import { createPgLeadership } from "@compute-credits/platform/postgres/pgLeadership";
import { soleLeadership } from "@compute-credits/platform/postgres/soleLeadership";
import type { Config, SettlementConfig } from "../../config.ts";
import { ConfigError } from "@compute-credits/platform/process/environment";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { Leadership } from "@compute-credits/platform/postgres/leadership";
import { type Probe, noProbe } from "@compute-credits/platform/chain/probe";
import type { CheckpointSigner } from "@compute-credits/platform/chain/signer";
import type { Context } from "../../context.ts";
import type { WorkerHealth } from "@compute-credits/platform/process/health";
import { type Loop, startLoop } from "@compute-credits/platform/process/loop";
import { type Settler, createSettler } from "./settler.ts";

export interface SettlementDeps {
  readonly config: Config;
  readonly context: Context;
  readonly workers: WorkerHealth;
  readonly log: Logger;
}

/** A settler from the configuration. `probe` is told of each of its steps. */
export async function openSettler(
  settlement: SettlementConfig,
  { config, context, log }: Omit<SettlementDeps, "workers">,
  probe: Probe = noProbe,
): Promise<Settler> {
  const { chain, transactions } = context;
  const all = settlement.signers
    .map(createSigner)
    .map((signer) => [signer.address, signer] as const);
  const signers = [...new Map(all).values()];
  await checkSigners(chain, signers, log);

  return createSettler({
    ...settlement,
    ...context,
    signers,
    probe,
    writer: createChainWriter({
      ...settlement,
      rpcUrls: config.rpcUrls,
      deployment: chain.deployment,
      court: await chain.court(),
      signer: createSigner(settlement.settler),
      transactions,
      probe,
    }),
    isKeySignature: isEcdsaSignature,
    onSubmitted({ message, partyCount }, { transactionHash, gasUsed }) {
      const { epoch, root } = message;
      log.info(
        { epoch: `${epoch}`, root, partyCount, transactionHash, gasUsed: `${gasUsed}` },
        "checkpoint submitted",
      );
    },
    onAbandoned({ message, signatures }) {
      const { epoch, root } = message;
      log.warn(
        { epoch: `${epoch}`, root, signatures: signatures.length },
        "checkpoint given up: too few co-signers signed it in time; its epoch is cut anew",
      );
    },
    onVoid({ message }) {
      const { epoch, root } = message;
      log.warn(
        { epoch: `${epoch}`, root },
        "checkpoint void: the signers changed after it was cut; its epoch is cut anew",
      );
    },
    onUnanswerable({ account, challenger, deadline }, why) {
      log.error(
        { account, challenger, deadline, why },
        "a challenge cannot be answered from what is stored: unless somebody answers, the checkpoint is dropped",
      );
    },
    onCapRefused({ message }, error) {
      log.warn(
        { account: message.account, err: error },
        "a contract wallet's ceiling could not be recorded: it may have disowned its signature",
      );
    },
  });
}

/** Settles while this server leads. */
export async function settlerLoop(
  settlement: SettlementConfig,
  leadership: Leadership,
  { workers, ...parts }: SettlementDeps,
  probe: Probe,
): Promise<Loop> {
  const { config, log } = parts;
  const settler = await openSettler(settlement, parts, probe);
  let leads = false;
  const loop = startLoop(
    async () => {
      const isLeader = await leadership.isLeader();
      if (isLeader !== leads)
        log.info(isLeader ? "settling: this server leads" : "settling: another server leads");
      leads = isLeader;
      if (isLeader) await settler.step();
      workers.succeeded("settler");
      return "done";
    },
    {
      pauseMs: config.pollMs,
      onError(error) {
        workers.failed("settler", error);
        log.error({ err: error }, "settlement could not go on; it will be tried again");
      },
    },
  );
  return {
    async stop() {
      await loop.stop();
      await leadership.resign();
    },
  };
}

/** An advisory lock among servers; the embedded database admits one server alone. */
export function leadershipOf({ database }: Config): Leadership {
  return "url" in database ? createPgLeadership(database.url) : soleLeadership;
}

async function checkSigners(
  chain: ChainReader,
  signers: readonly CheckpointSigner[],
  log: Logger,
): Promise<void> {
  const threshold = await chain.threshold();
  const known = await Promise.all(signers.map(({ address }) => chain.isSigner(address)));
  const strangers = signers.filter((_, index) => known[index] === false);
  if (strangers.length > 0) {
    throw new ConfigError(
      `SIGNER_PRIVATE_KEYS: the contract knows no signer ${strangers.map(({ address }) => address).join(", ")}`,
    );
  }
  if (signers.length < threshold) {
    log.info(
      { threshold, own: signers.length },
      "checkpoints wait for co-signers: POST /v1/checkpoints/{epoch}/signatures",
    );
  }
}
