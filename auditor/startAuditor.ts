import type { Logger } from "pino";

import { createLocalSigner } from "@compute-credits/platform/chain/localSigner";
import { createRpcChainSource } from "@compute-credits/platform/chain/rpcChainSource";
import { createChainReader } from "@compute-credits/platform/chain/viemChainReader";
import { openJournaledSigner } from "@compute-credits/platform/signing/openJournaledSigner";
import { readPublishedSignatures } from "@compute-credits/platform/signing/publishedSignatures";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { ReorgBeyondConfirmations } from "@compute-credits/rules/chain/reorgBeyondConfirmations";
import { endsWithin } from "@compute-credits/platform/process/endsWithin";
import { WorkerHealth } from "@compute-credits/platform/process/health";
import { startLoop } from "@compute-credits/platform/process/loop";
import {
  type AuditedCheckpoint,
  type Auditor,
  type AuditorDeps,
  createAuditor,
} from "./auditor.ts";
import type { AuditorConfig } from "./config.ts";
import { logReaderOf } from "./log/logClient.ts";
import { createHttpLogSource } from "./log/httpLogSource.ts";
import { problemOf } from "./problemOf.ts";
import { readCursor } from "./store/chainStore.ts";
import { startStatusServer } from "./statusServer.ts";
import { claimAuditor, isClaimed, openAuditorDatabase } from "./store/claimAuditor.ts";

/** A running auditor with its status server. */
export interface RunningAuditor {
  /** the status server's URL */
  readonly url: string;
  readonly auditor: Auditor;
  /** Rejects if the chain was reorganised beyond CONFIRMATIONS: the auditor must not continue. */
  readonly failed: Promise<never>;
  /** Waits for the step under way. Rejects with `StepCut` if it does not end within 10 seconds. */
  stop(): Promise<void>;
}

export interface RunOptions {
  /** called after each audit, for tests and the demo */
  readonly onAudited?: (audited: AuditedCheckpoint) => void;
  /** how long a part of a step may take before `/healthz` tells, for tests */
  readonly silenceMs?: number;
  /** how long `stop` waits, for tests */
  readonly stopWithinMs?: number;
}

/** The auditor's only worker. */
const AUDIT = "audit";

/** Thrown by `stop` if the step under way does not end: something that it waits for is silent. */
export class StepCut extends Error {
  override readonly name = "StepCut";
}

/**
 * A step waits for one page, statement or call at a time. When none has ended for so long, something
 * is silent, and `/healthz` tells.
 */
const SILENCE_MS = 120_000;

const STOP_WITHIN_MS = 10_000;

/**
 * Starts an auditor and its status server, until `stop`. Rejects, with nothing left running, if the
 * configuration, the chain or the server is unusable.
 */
export async function startAuditor(
  config: AuditorConfig,
  log: Logger,
  { onAudited, silenceMs = SILENCE_MS, stopWithinMs = STOP_WITHIN_MS }: RunOptions = {},
): Promise<RunningAuditor> {
  const stack = new AsyncDisposableStack();
  try {
    const health = new WorkerHealth();
    health.add(AUDIT, { stepBoundMs: silenceMs });
    const auditor = await openAuditor(config, log, stack, {
      ...(onAudited === undefined ? {} : { onAudited }),
      onProgress: () => health.started(AUDIT),
    });
    const status = await startStatusServer(config, auditor, () => {
      const [audit] = health.list();
      return audit?.error ?? problemOf(auditor);
    });
    stack.defer(() => status.close());

    let told = "";
    const tellReceipts = (refused: readonly string[]) => {
      const text = refused.join("; ");
      if (text !== told && text !== "") log.error({ refused }, "does not sign receipts");
      told = text;
    };
    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    failed.catch(() => undefined);
    const loop = startLoop(
      async () => {
        health.started(AUDIT);
        await auditor.step();
        health.succeeded(AUDIT);
        tellReceipts(auditor.refusedReceipts());
        return "done";
      },
      {
        pauseMs: config.pollMs,
        onError(error) {
          health.failed(AUDIT, error);
          log.error({ err: error }, "the audit failed and will be retried");
          if (error instanceof ReorgBeyondConfirmations) fail(error);
        },
      },
    );
    stack.defer(() => loop.stop());
    return {
      url: status.url,
      auditor,
      failed,
      async stop() {
        if (await endsWithin(stack.disposeAsync(), stopWithinMs)) return;
        throw new StepCut(
          `the step under way did not end within ${stopWithinMs / 1_000} s, and is cut: ` +
            "nothing of it is kept, and the next start does it again",
        );
      },
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Opens an auditor with its database, which `stack` closes. Rejects if anything is unusable. */
export async function openAuditor(
  config: AuditorConfig,
  log: Logger,
  stack: AsyncDisposableStack,
  { onAudited, onProgress }: Pick<AuditorDeps, "onAudited" | "onProgress"> = {},
): Promise<Auditor> {
  const chain = await createChainReader(config.rpcUrls, config.contract, config.timeoutMs);
  const { deployment } = chain;
  const key = createLocalSigner(config.key);
  if (!(await chain.isSigner(key.address))) {
    log.warn(
      { address: key.address },
      "this auditor is not one of the contract's signers: it audits, and co-signs once it is one",
    );
  }
  const source = createHttpLogSource(config.serverUrl, deployment, logReaderOf(config.key));
  const announced = await source.terms().catch((cause: unknown) => {
    throw new ConfigError(`SERVER_URL ${config.serverUrl} does not answer as a metering server`, {
      cause,
    });
  });
  if (announced.deployment.contract !== deployment.contract) {
    throw new ConfigError(
      `SERVER_URL ${config.serverUrl} meters for ${announced.deployment.contract}, not for CONTRACT_ADDRESS ${deployment.contract}`,
    );
  }

  const [terms, court] = await Promise.all([chain.terms(), chain.court()]);
  const database = await openAuditorDatabase(config.database);
  stack.defer(() => database.close());
  const origin = await chain.origin({
    named: config.deploymentBlock ?? announced.deploymentBlock,
    isKnown: await isClaimed(database),
  });
  const first = await claimAuditor(database, deployment, origin, announced);
  if (config.fees === null && first.feeBps !== announced.feeBps) {
    log.warn(
      { first: `${first.feeBps}`, now: `${announced.feeBps}` },
      "the server announces a different fee than at this auditor's first start: set FEE_BPS to the fees and their dates",
    );
  }
  const place = { folder: config.journalFolder, origin: origin.hash, log };
  const signer = await openJournaledSigner(key, place, {
    chain,
    confirmedTime: async () => (await readCursor(database)).time,
    knowsSignature: async () => (await database.query("select from signatures limit 1")).length > 0,
    releasedEpoch: config.releasedEpoch,
    published: async () => await readPublishedSignatures(config.peers),
  });
  return createAuditor({
    database,
    source,
    chain,
    chainSource: createRpcChainSource(config.rpcUrls, [config.contract, court], {
      confirmations: config.confirmations,
      blocksPerRequest: config.blocksPerRequest,
      timeoutMs: config.timeoutMs,
      passedBlocks: () => Promise.resolve(config.passedBlocks),
    }),
    signers: { checkpoints: signer, receipts: key },
    terms: {
      fees: config.fees ?? [{ feeBps: first.feeBps, from: null }],
      maxFeeBps: terms.maxFeeBps,
      maxQuoteSeconds: first.maxQuoteSeconds,
      maxLagSeconds: config.maxLagSeconds,
      writeOffAccount: config.writeOffAccount,
      counterGraceSeconds: terms.counterGraceSeconds,
      releasedEpoch: config.releasedEpoch,
    },
    onAudited(audited) {
      logAudited(log, audited);
      onAudited?.(audited);
    },
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}

function logAudited(
  log: Logger,
  { cut, findings, entries, milliseconds }: AuditedCheckpoint,
): void {
  const { epoch, root } = cut.message;
  const about = { epoch: `${epoch}`, root, status: cut.status };
  if (findings.length === 0) {
    log.info({ ...about, entries, milliseconds: Math.round(milliseconds) }, "reproduced");
    return;
  }
  for (const { text, ...finding } of findings) {
    const difference = finding.differenceMicros === null ? null : `${finding.differenceMicros}`;
    log.error({ ...about, ...finding, differenceMicros: difference }, `refused: ${text}`);
  }
}
