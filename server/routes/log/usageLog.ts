import { Router } from "express";
import { z } from "zod";

import { parse } from "../../http/parse.ts";
import { SNAPSHOT_PATTERN } from "../../stores/feed/usageLog.ts";
import type { Context } from "../../context.ts";
import { authenticatedAuditor } from "./logAuthentication.ts";
import { respond } from "../../http/respond.ts";

/** About 2 MB of JSON. */
const MAX_PAGE = 5_000;

const Snapshot = z
  .string()
  .max(100_000)
  .regex(SNAPSHOT_PATTERN, "must be a snapshot that this log gave");

const PageQuery = z.strictObject({
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
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(MAX_PAGE),
});

const CutsQuery = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,18}$/)
    .transform(BigInt)
    .default(0n),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

/**
 * For auditors (logAuthentication.ts). `GET /v1/log/cuts`: every checkpoint that was ever cut, with its snapshot.
 * `GET /v1/log`: the entries that the snapshot `upTo` sees (left out: now) and `since` does not, in pages.
 */
export function usageLogRoutes(context: Context): Router {
  const router = Router();
  const { usageLog } = context;

  router.get("/log/cuts", async (req, res) => {
    await authenticatedAuditor(req, context);
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
    await authenticatedAuditor(req, context);
    const { since = null, upTo = null, after = null, limit } = parse(PageQuery, req.query);
    const page = await usageLog.page({ since, upTo }, after, limit);
    respond(res, 200, {
      entries: page.entries,
      upTo: page.upTo,
      nextCursor: page.next === null ? null : `${page.next.order}-${page.next.last}`,
    });
  });

  return router;
}
