import { type Request, Router } from "express";
import { z } from "zod";

import { PAGES } from "../../http/bounds.ts";
import type { KnownAuditors } from "../../http/knownAuditors.ts";
import { limitField } from "../../http/page.ts";
import { parse } from "../../http/parse.ts";
import { respond } from "../../http/respond.ts";
import { SNAPSHOT_PATTERN, type UsageLog } from "../../stores/feed/usageLog.ts";
import { type LogAccessDeps, checkLogAccess } from "./logAuthentication.ts";

const Snapshot = z
  .string()
  .max(100_000)
  .regex(SNAPSHOT_PATTERN, "must be a snapshot that this log gave");

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
  limit: limitField(PAGES.entries),
});

const CutsQuery = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,18}$/)
    .transform(BigInt)
    .default(0n),
  limit: limitField(PAGES.checkpoints),
});

export interface UsageLogDeps extends LogAccessDeps {
  readonly usageLog: UsageLog;
  readonly knownAuditors: Pick<KnownAuditors, "add">;
}

/**
 * For auditors, who authenticate with `LogAccess`:
 * `GET /v1/log/cuts`: every checkpoint that was ever cut, with its snapshot, in pages.
 * `GET /v1/log`: the entries that the snapshot `upTo` sees and `since` does not, in pages. Without
 * `upTo` the window ends now, and without `since` it begins with the log.
 */
export function usageLogRoutes({ usageLog, knownAuditors, chain, auditors }: UsageLogDeps): Router {
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

  router.get("/log", async (req, res) => {
    await checkAuditor(req);
    const { since = null, upTo = null, after = null, limit } = parse(LogQuery, req.query);
    const page = await usageLog.page({ since, upTo }, after, limit);
    respond(res, 200, {
      entries: page.entries,
      upTo: page.upTo,
      nextCursor: page.next === null ? null : `${page.next.order}-${page.next.last}`,
    });
  });

  return router;
}
