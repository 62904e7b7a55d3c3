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
  { onAudited, databaseUrl }: LocalAuditorOptions = {},
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
        CONFIRMATIONS: "0",
        POLL_MILLISECONDS: "100",
      }),
      log,
      onAudited === undefined ? {} : { onAudited },
    );
    return {
      ...running,
      async stop() {
        await running.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
