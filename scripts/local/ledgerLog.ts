import { type AnnouncedTerms, type LogSource, PAGE_ENTRIES } from "../../auditor/log/logSource.ts";
import { createCheckpointStore } from "../../server/stores/checkpoints/postgresCheckpointStore.ts";
import { createUsageLog } from "../../server/stores/feed/postgresUsageLog.ts";
import type { Database } from "@compute-credits/platform/postgres/database";

const CUTS_AT_ONCE = 20;

/** Reads the ledger's log from its database, as auditors read it over HTTP. */
export function ledgerLog(
  database: Database,
  announced: AnnouncedTerms,
  pageEntries = PAGE_ENTRIES,
): LogSource {
  const log = createUsageLog(database);
  const checkpoints = createCheckpointStore(database);
  return {
    terms: () => Promise.resolve(announced),
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
      const page = await log.page(window, after, pageEntries);
      const next = page.next === null ? null : `${page.next.order}-${page.next.last}`;
      return { ...page, next };
    },
    async rows(epoch) {
      const checkpoint = await checkpoints.byEpoch(epoch);
      return checkpoint === null ? [] : await checkpoints.rows(checkpoint.id);
    },
    cosignReceipt: () => Promise.reject(new Error("this auditor only watches")),
    cosign: () => Promise.reject(new Error("this auditor only watches")),
  };
}
