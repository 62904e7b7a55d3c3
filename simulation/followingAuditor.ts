import { zeroHash } from "viem";

import { type AuditedCheckpoint, createAuditor } from "../auditor/auditor.ts";
import { claimAuditor, migrateAuditor } from "../auditor/store/claimAuditor.ts";
import { openPgliteDatabase } from "@compute-credits/platform/postgres/pgliteDatabase";
import type { Database } from "@compute-credits/platform/postgres/database";
import { ledgerLog } from "../scripts/local/ledgerLog.ts";
import type { SimulatedChain } from "./chain.ts";
import { Disagreement } from "./disagreement.ts";
import { MAX_FEE_BPS, MAX_QUOTE_SECONDS, RULES } from "./limits.ts";
import { DEPLOYMENT } from "./parties.ts";

/**
 * The auditor that operators run (`auditor/`), behind the simulated ledger: it has the usage log, the chain and a database of its own,
 * and must make every checkpoint again. Every signature passes: nobody in the simulation has a key.
 */
export async function startFollowingAuditor(ledger: Database, chain: SimulatedChain) {
  const database = await openPgliteDatabase();
  await migrateAuditor(database);
  const first = { feeBps: RULES.feeBps, maxQuoteSeconds: MAX_QUOTE_SECONDS };
  const origin = { number: 0n, hash: zeroHash, time: new Date(0) };
  await claimAuditor(database, DEPLOYMENT, origin, first);
  const audited: AuditedCheckpoint[] = [];
  const auditor = createAuditor({
    database,
    source: ledgerLog(ledger, { deployment: DEPLOYMENT, ...first }),
    chain: {
      deployment: DEPLOYMENT,
      signersSince: () => Promise.resolve(0n),
      isSignedBy: () => Promise.resolve(true),
    },
    chainSource: chain,
    signer: null,
    terms: {
      fees: [{ feeBps: RULES.feeBps, from: null }],
      maxFeeBps: MAX_FEE_BPS,
      maxQuoteSeconds: MAX_QUOTE_SECONDS,
      maxLagSeconds: 3_600,
      releasedEpoch: null,
    },
    onAudited: (one) => audited.push(one),
  });

  return {
    audited,

    /** Makes every checkpoint again that was cut since, and looks at the log beyond. Throws at the first finding. */
    async follow(): Promise<void> {
      for (let before = -1; before < audited.length;) {
        before = audited.length;
        // oxlint-disable-next-line no-await-in-loop -- some cuts after the other
        await auditor.step();
        const [refused] = auditor.findings();
        if (refused !== undefined) {
          const { cut, findings } = refused;
          throw new Disagreement(
            `the auditor refuses epoch ${cut.message.epoch}: ${findings[0]?.text}`,
            refused,
          );
        }
      }
    },

    stop: () => database.close(),
  };
}

export type FollowingAuditor = Awaited<ReturnType<typeof startFollowingAuditor>>;
