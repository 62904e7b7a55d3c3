import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Logger } from "pino";

import type { AuditedCheckpoint } from "../../auditor/auditor.ts";
import { lowercaseHex } from "../../protocol/hex.ts";
import { startLocalAuditor } from "../local/localAuditor.ts";
import { type LocalStack, startLocalStack } from "../local/localStack.ts";
import { wallets } from "../local/wallets.ts";

/**
 * A local stack whose contract wants two signatures under every checkpoint, the meter's and an auditor's, and that
 * auditor at work.
 */
export async function startAuditedStack(
  log: Logger,
  onAudited: (audited: AuditedCheckpoint) => void,
): Promise<LocalStack> {
  const stack = new AsyncDisposableStack();
  try {
    const dataFolder = await mkdtemp(join(tmpdir(), "compute-credits-demo-"));
    stack.defer(() => rm(dataFolder, { recursive: true, force: true }));
    const signers = [wallets.signer, wallets.auditor]
      .map(({ account }) => lowercaseHex(account.address))
      .toSorted();
    const local = await startLocalStack({
      chainPort: 0,
      port: 0,
      dataFolder,
      settleIntervalSeconds: 1,
      feeBps: 200,
      log,
      terms: { signers, threshold: 2 },
    });
    stack.defer(() => local.stop());
    const auditor = await startLocalAuditor(local, wallets.auditor, log, onAudited);
    stack.defer(() => auditor.stop());
    return { ...local, stop: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
