import type { Logger } from "pino";
import { privateKeyToAccount } from "viem/accounts";

import { lowercaseHex } from "@compute-credits/protocol/hex";
import { logAccessTypedData } from "@compute-credits/protocol/messages/logAccess";
import { createLocalSigner } from "@compute-credits/platform/chain/localSigner";
import { createRpcChainSource } from "@compute-credits/platform/chain/rpcChainSource";
import { createChainReader } from "@compute-credits/platform/chain/viemChainReader";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { ReorgBeyondConfirmations } from "@compute-credits/rules/chain/reorgBeyondConfirmations";
import { startLoop } from "@compute-credits/platform/process/loop";
import { type AuditedCheckpoint, type Auditor, createAuditor } from "./auditor.ts";
import type { AuditorConfig } from "./config.ts";
import { httpLogSource } from "./log/httpLogSource.ts";
import { startStatusServer } from "./statusServer.ts";
import { claimAuditor, openAuditorDatabase } from "./store/claimAuditor.ts";

export interface RunningAuditor {
  readonly url: string;
  readonly auditor: Auditor;
  /** Rejects where the auditor must not go on: the chain's past changed under it. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

export interface RunOptions {
  /** for whoever looks on */
  readonly onAudited?: (audited: AuditedCheckpoint) => void;
}

/** Starts an auditor. Throws, with nothing left running, where it cannot do its work. */
export async function runAuditor(
  config: AuditorConfig,
  log: Logger,
  { onAudited }: RunOptions = {},
): Promise<RunningAuditor> {
  const stack = new AsyncDisposableStack();
  try {
    const auditor = await openAuditor(config, log, stack, onAudited);
    const health = { error: "has not run yet" as string | null };
    const status = await startStatusServer(config, auditor, health);
    stack.defer(() => status.close());

    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    failed.catch(() => undefined);
    const loop = startLoop(
      async () => {
        await auditor.step();
        health.error = null;
        return "done";
      },
      {
        pauseMs: config.pollMs,
        onError(error) {
          health.error = error instanceof Error ? error.message : String(error);
          log.error({ err: error }, "the audit could not go on; it will be tried again");
          if (error instanceof ReorgBeyondConfirmations) fail(error);
        },
      },
    );
    stack.defer(() => loop.stop());
    return { url: status.url, auditor, failed, stop: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** All that it works with, and the auditor itself; what it opens is closed with the stack. */
export async function openAuditor(
  config: AuditorConfig,
  log: Logger,
  stack: AsyncDisposableStack,
  onAudited?: (audited: AuditedCheckpoint) => void,
): Promise<Auditor> {
  const chain = await createChainReader(config.rpcUrls, config.contract, config.timeoutMs);
  const { deployment } = chain;
  const signer = createLocalSigner(config.key);
  if (!(await chain.isSigner(signer.address))) {
    log.warn(
      { address: signer.address },
      "the contract does not count this auditor among its signers: it watches, and its signature helps nobody",
    );
  }
  const account = privateKeyToAccount(config.key);
  const source = httpLogSource(config.serverUrl, deployment, {
    address: lowercaseHex(account.address),
    signAccess: (of, issuedAt) =>
      account.signTypedData(logAccessTypedData(of, { reader: signer.address, issuedAt })),
  });
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

  const [terms, origin, court] = await Promise.all([chain.terms(), chain.origin(), chain.court()]);
  const database = await openAuditorDatabase(config.database);
  stack.defer(() => database.close());
  const first = await claimAuditor(database, deployment, origin, announced);
  if (config.fees === null && first.feeBps !== announced.feeBps) {
    log.warn(
      { began: `${first.feeBps}`, now: `${announced.feeBps}` },
      "the server announces another fee than when this auditor began: say in FEE_BPS from when on it is right",
    );
  }
  return createAuditor({
    database,
    source,
    chain,
    chainSource: createRpcChainSource(config.rpcUrls, [config.contract, court], {
      confirmations: config.confirmations,
      blocksPerRequest: config.blocksPerRequest,
      timeoutMs: config.timeoutMs,
    }),
    signer: (await chain.isSigner(signer.address)) ? signer : null,
    terms: {
      fees: config.fees ?? [{ feeBps: first.feeBps, from: null }],
      maxFeeBps: terms.maxFeeBps,
      maxQuoteSeconds: first.maxQuoteSeconds,
      maxLagSeconds: config.maxLagSeconds,
      releasedEpoch: config.releasedEpoch,
    },
    onAudited(audited) {
      tell(log, audited);
      onAudited?.(audited);
    },
  });
}

function tell(log: Logger, { cut, findings, entries, milliseconds }: AuditedCheckpoint): void {
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
