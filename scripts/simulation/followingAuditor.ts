import { zeroHash } from "viem";

import { type AuditedCheckpoint, createAuditor } from "../../auditor/auditor.ts";
import type { LogSource } from "../../auditor/log/logSource.ts";
import { claimAuditor, migrateAuditor } from "../../auditor/store/claimAuditor.ts";
import { postgresCheckpointBook } from "../../server/adapters/postgres/checkpointBook.ts";
import { openPgliteDatabase } from "../../server/adapters/postgres/pgliteDatabase.ts";
import { postgresUsageLog } from "../../server/adapters/postgres/usageLog.ts";
import type { Database } from "../../server/ports/database.ts";
import type { SimulatedChain } from "./chain.ts";
import { Disagreement } from "./disagreement.ts";
import { MAX_FEE_BPS, MAX_QUOTE_SECONDS, RULES } from "./rules.ts";
import { DEPLOYMENT } from "./world.ts";

const PAGE_ENTRIES = 1_000;
const CUTS_AT_ONCE = 20;

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
    source: logOf(ledger, first),
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

/** The ledger's log as HTTP gives it, without HTTP. */
function logOf(
  database: Database,
  announced: { feeBps: bigint; maxQuoteSeconds: number },
): LogSource {
  const log = postgresUsageLog(database);
  const checkpoints = postgresCheckpointBook(database);
  return {
    terms: () => Promise.resolve({ deployment: DEPLOYMENT, ...announced }),
    async cuts(after) {
      const cuts = await log.cuts(after, CUTS_AT_ONCE);
      return cuts.map(({ checkpoint: { id, message, status }, snapshot }) => ({
        id,
        message,
        status,
        snapshot,
      }));
    },
    async page(window, cursor) {
      const [order = "", last = ""] = cursor?.split("-") ?? [];
      const after = cursor === null ? null : { order: BigInt(order), last: BigInt(last) };
      const page = await log.page(window, after, PAGE_ENTRIES);
      const next = page.next === null ? null : `${page.next.order}-${page.next.last}`;
      return { ...page, next };
    },
    async rows(epoch) {
      const checkpoint = await checkpoints.byEpoch(epoch);
      return checkpoint === null ? [] : await checkpoints.rows(checkpoint.id);
    },
    cosign: () => Promise.reject(new Error("this auditor only watches")),
  };
}
