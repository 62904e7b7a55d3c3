import { type Request, Router } from "express";
import { z } from "zod";

import { PAGES } from "@compute-credits/api/bounds";
import type { KnownAuditors } from "../../http/knownAuditors.ts";
import { limitField } from "../../http/page.ts";
import type { MeteringGate } from "../../meteringGate.ts";
import { fail } from "../../http/problem.ts";
import { parse } from "../../http/parse.ts";
import { respond } from "../../http/respond.ts";
import type { LogSegmentStore } from "../../stores/feed/logSegmentStore.ts";
import { type UsageLog, isSnapshot } from "../../stores/feed/usageLog.ts";
import { type LogAccessDeps, checkLogAccess } from "./logAuthentication.ts";

const Snapshot = z
  .string()
  .max(100_000)
  .refine(isSnapshot, "must be a snapshot that this log gave");

const LogQuery = z.strictObject({
  since: Snapshot.optional(),
  upTo: Snapshot.optional(),
  after: z
    .string()
    .regex(/^\d{1,18}-\d{1,18}$/, "must be the nextCursor of this window")
    .transform((text) => {
      const [order = "", last = ""] = text.split("-");
      return { order: BigInt(order), last: BigInt(last) };
    })
    .optional(),
  seen: z
    .string()
    .regex(/^\d{1,18}$/, "must be the transaction of an entry of this log")
    .transform(BigInt)
    .optional(),
  limit: limitField(PAGES.entries),
});

/** The number after which a list goes on. */
const After = z
  .string()
  .regex(/^\d{1,18}$/)
  .transform(BigInt)
  .default(0n);

const SegmentsQuery = z.strictObject({ after: After, limit: limitField(PAGES.list) });

const CutsQuery = z.strictObject({
  after: After,
  limit: limitField(PAGES.checkpoints),
});

const READER_IS_AHEAD =
  "the ledger is behind: an auditor has seen entries of its log that are gone. The database was " +
  "restored from a backup, or a failover lost its last seconds. Stop all servers and run " +
  "npm run recover (docs/recovery.md)";

export interface UsageLogDeps extends LogAccessDeps {
  readonly usageLog: UsageLog;
  readonly knownAuditors: Pick<KnownAuditors, "add">;
  readonly logSegments: Pick<LogSegmentStore, "list">;
  readonly gate: Pick<MeteringGate, "stop">;
}

/**
 * For auditors, who authenticate with `LogAccess`:
 * `GET /v1/log/cuts`: every checkpoint that was ever cut, with its snapshot, in pages.
 * `GET /v1/log/segments`: the log as it was published, in a chain of hashes with signed heads.
 * `GET /v1/log`: the entries that the snapshot `upTo` sees and `since` does not, in pages. Without
 * `upTo` the window ends now, and without `since` it begins with the log. `seen` is the transaction of
 * the newest entry that the reader has: if the log lacks it, the answer is 409 and metering stops.
 */
export function usageLogRoutes({
  usageLog,
  knownAuditors,
  logSegments,
  chain,
  auditors,
  gate,
}: UsageLogDeps): Router {
  const router = Router();

  async function checkAuditor(req: Request): Promise<void> {
    await checkLogAccess(req, { chain, auditors });
    knownAuditors.add(req);
  }

  router.get("/log/cuts", async (req, res) => {
    await checkAuditor(req);
    const { after, limit } = parse(CutsQuery, req.query);
    const cuts = await usageLog.cuts(after, limit);
    respond(res, 200, {
      cuts: cuts.map(({ checkpoint: { id, message, status }, snapshot }) => ({
        id,
        checkpoint: message,
        status,
        snapshot,
      })),
    });
  });

  router.get("/log/segments", async (req, res) => {
    await checkAuditor(req);
    const { after, limit } = parse(SegmentsQuery, req.query);
    respond(res, 200, { segments: await logSegments.list(after, limit) });
  });

  router.get("/log", async (req, res) => {
    await checkAuditor(req);
    const { since = null, upTo = null, after = null, seen, limit } = parse(LogQuery, req.query);
    if (seen !== undefined && (await usageLog.lacks(seen))) {
      gate.stop("log_behind_reader", READER_IS_AHEAD);
      throw fail(
        409,
        "log_behind",
        `This log has no transaction ${seen} any more: keep your copy.`,
      );
    }
    const page = await usageLog.page({ since, upTo }, after, limit);
    respond(res, 200, {
      entries: page.entries,
      upTo: page.upTo,
      nextCursor: page.next === null ? null : `${page.next.order}-${page.next.last}`,
    });
  });

  return router;
}
