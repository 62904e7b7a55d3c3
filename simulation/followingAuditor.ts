import { type Hex, zeroAddress } from "viem";

import { type AuditedCheckpoint, type AuditorDeps, createAuditor } from "../auditor/auditor.ts";
import type { LogSource } from "../auditor/log/logSource.ts";
import { claimAuditor, migrateAuditor } from "../auditor/store/claimAuditor.ts";
import { openPgliteDatabase } from "@compute-credits/platform/postgres/pgliteDatabase";
import type { Database } from "@compute-credits/platform/postgres/database";
import { ledgerLog } from "../scripts/local/ledgerLog.ts";
import type { SimulatedChain } from "./chain.ts";
import { DisagreementError } from "./disagreement.ts";
import {
  COUNTER_GRACE_SECONDS,
  MAX_FEE_BPS,
  MAX_QUOTE_SECONDS,
  RULES,
  WRITE_OFF_ACCOUNT,
} from "./limits.ts";
import { DEPLOYMENT, ORIGIN, SIGNED_BY_CONTRACT } from "./parties.ts";

export const FIRST_TERMS = { feeBps: RULES.feeBps, maxQuoteSeconds: MAX_QUOTE_SECONDS };

/** What an audit goes by. It accepts every signature, because the simulation has no keys. */
export const audit = {
  chain: {
    deployment: DEPLOYMENT,
    signersSince: () => Promise.resolve(0n),
    isSigner: () => Promise.resolve(true),
    isSignedBy: () => Promise.resolve(true),
    signingOf: () => Promise.resolve("key"),
    allowanceSigning: ({ signature }) =>
      Promise.resolve(signature === SIGNED_BY_CONTRACT ? "contract_refuses" : "key"),
  },
  terms: {
    fees: [{ feeBps: RULES.feeBps, from: null }],
    maxFeeBps: MAX_FEE_BPS,
    maxQuoteSeconds: MAX_QUOTE_SECONDS,
    maxLagSeconds: 3_600,
    writeOffAccount: WRITE_OFF_ACCOUNT,
    counterGraceSeconds: COUNTER_GRACE_SECONDS,
    releasedEpoch: null,
  },
} satisfies Pick<AuditorDeps, "chain" | "terms">;

/**
 * Starts the real auditor (`auditor/`) behind the simulated ledger. It reads the usage log and the
 * chain, has its own database, and must recompute every checkpoint.
 */
export async function startFollowingAuditor(ledger: Database, chain: SimulatedChain) {
  const database = await openPgliteDatabase();
  await migrateAuditor(database);
  await claimAuditor(database, DEPLOYMENT, ORIGIN, FIRST_TERMS);
  const audited: AuditedCheckpoint[] = [];
  let cosignedReceipts = 0;
  const log = ledgerLog(ledger, { deployment: DEPLOYMENT, deploymentBlock: null, ...FIRST_TERMS });
  const source: LogSource = {
    ...log,
    // No checkpoint waits for signatures: the auditor signs receipts alone.
    cuts: async (after) =>
      (await log.cuts(after)).map((cut) => ({ ...cut, status: "pending" as const })),
    cosignReceipt() {
      cosignedReceipts++;
      return Promise.resolve("taken");
    },
  };
  const signer = { address: zeroAddress, sign: noSignature, signReceipt: noSignature };
  const start = () =>
    createAuditor({
      ...audit,
      database,
      source,
      chainSource: chain,
      signers: { checkpoints: signer, receipts: signer },
      onAudited: (checkpoint) => audited.push(checkpoint),
    });
  let auditor = start();

  return {
    audited,
    cosignedReceipts: () => cosignedReceipts,

    /** Ends the auditor and starts another one on its database. */
    restart(): void {
      auditor = start();
    },

    /**
     * Audits all new checkpoints and the log after them, and signs the receipts there. Throws at the
     * first finding, and if it does not sign a receipt.
     */
    async follow(): Promise<void> {
      for (let before = -1; before < audited.length;) {
        before = audited.length;
        // oxlint-disable-next-line no-await-in-loop -- cuts are audited in order
        await auditor.step();
        const [receipt] = auditor.refusedReceipts();
        if (receipt !== undefined) throw new DisagreementError(receipt, {});
        const [refused] = auditor.findings();
        if (refused !== undefined) {
          const { cut, findings } = refused;
          throw new DisagreementError(
            `the auditor refuses epoch ${cut.message.epoch}: ${findings[0]?.text}`,
            refused,
          );
        }
      }
    },

    stop: () => database.close(),
  };
}

const noSignature = () => Promise.resolve<Hex>("0x");

export type FollowingAuditor = Awaited<ReturnType<typeof startFollowingAuditor>>;
