import { type Request, Router } from "express";

import { listCuts, listSegments, readLog } from "@compute-credits/api/log/usageLog";
import type { KnownAuditors } from "../../http/knownAuditors.ts";
import { mount } from "../../http/mount.ts";
import type { MeteringGate } from "../../meteringGate.ts";
import { fail } from "../../http/problem.ts";
import type { LogSegmentStore } from "../../stores/feed/logSegmentStore.ts";
import { type LogCursor, type UsageLog, isSnapshot } from "../../stores/feed/usageLog.ts";
import { type LogAccessDeps, checkLogAccess } from "./logAuthentication.ts";

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

export function usageLogRoutes({
  usageLog,
  knownAuditors,
  logSegments,
  identify,
  chain,
  auditors,
  gate,
}: UsageLogDeps): Router {
  const router = Router();

  async function checkAuditor(req: Request): Promise<void> {
    await checkLogAccess(req, { identify, chain, auditors });
    knownAuditors.add(req);
  }

  mount(router, listCuts, async ({ req, read, answer }) => {
    await checkAuditor(req);
    const { after, limit } = read().query;
    const cuts = await usageLog.cuts(after, limit);
    return answer(200, {
      cuts: cuts.map(({ checkpoint: { id, message, status }, snapshot }) => ({
        id,
        checkpoint: message,
        status,
        snapshot,
      })),
    });
  });

  mount(router, listSegments, async ({ req, read, answer }) => {
    await checkAuditor(req);
    const { after, limit } = read().query;
    return answer(200, { segments: await logSegments.list(after, limit) });
  });

  mount(router, readLog, async ({ req, read, answer }) => {
    await checkAuditor(req);
    const { since = null, upTo = null, after, seen, limit } = read().query;
    checkSnapshots({ since, upTo });
    if (seen !== undefined && (await usageLog.lacks(seen))) {
      gate.stop("log_behind_reader", READER_IS_AHEAD);
      throw fail(
        409,
        "log_behind",
        `This log has no transaction ${seen} any more: keep your copy.`,
      );
    }
    const page = await usageLog.page({ since, upTo }, cursorOf(after), limit);
    return answer(200, {
      entries: page.entries,
      upTo: page.upTo,
      nextCursor: page.next === null ? null : `${page.next.order}-${page.next.last}`,
    });
  });

  return router;
}

/** Throws a 400 unless PostgreSQL would read the texts as snapshots. */
function checkSnapshots(asked: Readonly<Record<"since" | "upTo", string | null>>): void {
  const wrong = (["since", "upTo"] as const).filter((name) => {
    const text = asked[name];
    return text !== null && !isSnapshot(text);
  });
  if (wrong.length === 0) return;
  throw fail(400, "invalid_request", "Some fields of the request are wrong: see errors.", {
    errors: wrong.map((name) => ({
      pointer: `#/${name}`,
      detail: "must be a snapshot that this log gave",
    })),
  });
}

/** The place that a `nextCursor` names. */
function cursorOf(after: string | undefined): LogCursor | null {
  if (after === undefined) return null;
  const [order = "", last = ""] = after.split("-");
  return { order: BigInt(order), last: BigInt(last) };
}
