import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Logger } from "pino";

import type { AuditedCheckpoint } from "../../auditor/auditor.ts";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { startLocalAuditor } from "../local/localAuditor.ts";
import { type LocalStack, startLocalStack } from "../local/localStack.ts";
import { wallets } from "../local/wallets.ts";

/** The wallets of the auditors that co-sign, in the order in which they join. */
const AUDITORS = [wallets.auditor, wallets.secondAuditor] as const;

export interface AuditedStackOptions {
  readonly auditors?: 1 | 2;
  /** PostgreSQL databases, the ledger's and one for each auditor, instead of folders */
  readonly databaseUrls?: { readonly ledger: string; readonly auditors: readonly string[] };
}

/**
 * Starts a local stack whose contract asks for two signatures under every checkpoint. With one
 * auditor both it and the meter sign (2 of 2). With two auditors any two of the three do.
 */
export async function startAuditedStack(
  log: Logger,
  onAudited: (audited: AuditedCheckpoint) => void,
  { auditors: count = 1, databaseUrls }: AuditedStackOptions = {},
): Promise<LocalStack> {
  const auditors = AUDITORS.slice(0, count);
  const stack = new AsyncDisposableStack();
  try {
    const dataFolder = await mkdtemp(join(tmpdir(), "compute-credits-demo-"));
    stack.defer(() => rm(dataFolder, { recursive: true, force: true }));
    const signers = [wallets.signer, ...auditors]
      .map(({ account }) => lowercaseHex(account.address))
      .toSorted();
    const local = await startLocalStack({
      chainPort: 0,
      port: 0,
      dataFolder,
      ...(databaseUrls === undefined ? {} : { databaseUrl: databaseUrls.ledger }),
      settleIntervalSeconds: 1,
      // While jobs run nobody sends a transaction, and the dispute window passes by blocks.
      blockMilliseconds: 1_000,
      feeBps: 200,
      log,
      terms: { signers, threshold: 2 },
      environment: { WRITE_OFF_ACCOUNT: wallets.operator.account.address },
    });
    stack.defer(() => local.stop());
    for (const [index, wallet] of auditors.entries()) {
      const databaseUrl = databaseUrls?.auditors[index];
      const options = { onAudited, ...(databaseUrl === undefined ? {} : { databaseUrl }) };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const auditor = await startLocalAuditor(local, wallet, log, options);
      stack.defer(() => auditor.stop());
    }
    return { ...local, stop: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
