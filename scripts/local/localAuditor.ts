import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Logger } from "pino";

import type { AuditedCheckpoint } from "../../auditor/auditor.ts";
import { readAuditorConfig } from "../../auditor/config.ts";
import { type RunningAuditor, startAuditor } from "../../auditor/startAuditor.ts";
import type { LocalStack } from "./localStack.ts";
import type { TestWallet } from "./wallets.ts";

export interface LocalAuditorOptions {
  readonly onAudited?: (audited: AuditedCheckpoint) => void;
  readonly silenceMs?: number;
  readonly stopWithinMs?: number;
  /** status servers of co-signers */
  readonly peers?: readonly string[];
  /** a PostgreSQL database, instead of one in a folder */
  readonly databaseUrl?: string;
}

/** Starts an auditor of a local stack. Its database is in a folder that `stop` removes. */
export async function startLocalAuditor(
  {
    server,
    rpcUrl,
    contract,
  }: Pick<LocalStack, "rpcUrl" | "contract"> & { readonly server: { readonly url: string } },
  { privateKey }: TestWallet,
  log: Logger,
  { databaseUrl, peers = [], ...options }: LocalAuditorOptions = {},
): Promise<RunningAuditor> {
  const folder = await mkdtemp(join(tmpdir(), "compute-credits-auditor-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const running = await startAuditor(
      readAuditorConfig({
        SERVER_URL: server.url,
        RPC_URL: rpcUrl,
        CONTRACT_ADDRESS: contract,
        AUDITOR_PRIVATE_KEY: privateKey,
        ...(databaseUrl === undefined
          ? { AUDITOR_FOLDER: folder }
          : { AUDITOR_DATABASE_URL: databaseUrl }),
        SIGNING_JOURNAL_FOLDER: join(folder, "signing"),
        AUDITOR_PORT: "0",
        AUDITOR_PEERS: peers.join(","),
        CONFIRMATIONS: "0",
        POLL_MILLISECONDS: "100",
      }),
      log,
      options,
    );
    return {
      ...running,
      async stop() {
        try {
          await running.stop();
        } finally {
          await remove();
        }
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
