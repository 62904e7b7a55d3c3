import type { Request, RequestHandler, Response } from "express";

import { isDashboardPath } from "@compute-credits/api/dashboardPaths";
import { WORKER_POLICY } from "../../dashboard/contentPolicy.ts";
import type { Dashboard, DashboardFile } from "../../dashboard/openDashboard.ts";

/** A year: a file with other content has another name. */
const FOR_EVER = "public, max-age=31536000, immutable";

/**
 * Hands out the dashboard: its files under `/assets/`, what it needs to know of this server at
 * `/dashboard.json`, and one page for all of its paths. Comes after every route of the API. A
 * browser that asks for another path gets the page too, with 404, and programs their problem.
 */
export function serveDashboard(dashboard: Dashboard): RequestHandler {
  const { assets, page, rpcUrls, frames } = dashboard;
  return async (req, res, next) => {
    if (req.method !== "GET" && req.method !== "HEAD") {
      next();
      return;
    }
    const asset = assets.get(req.path);
    if (asset !== undefined) {
      // A worker has the policy of its own file.
      res.set({ "cache-control": FOR_EVER, "content-security-policy": WORKER_POLICY });
      await send(res, asset);
    } else if (req.path === "/dashboard.json") {
      res.set("cache-control", "no-cache").json({ rpcUrls });
    } else if (wantsPage(req)) {
      res.status(isDashboardPath(req.path) ? 200 : 404).set({
        "cache-control": "no-cache",
        "content-security-policy": dashboard.contentPolicy,
        "referrer-policy": "same-origin",
        vary: "Accept",
      });
      // It knows no list of origins; the policy's frame-ancestors does.
      if (frames.length > 0) res.removeHeader("x-frame-options");
      await send(res, page);
    } else {
      next();
    }
  };
}

/** Browsers name HTML when they open a page; programs, and the page's own requests, do not. */
function wantsPage(req: Request): boolean {
  if (/^\/(v1|docs|assets)(\/|$)/.test(req.path)) return false;
  if (isDashboardPath(req.path)) return req.accepts("html") !== false;
  return (req.get("accept") ?? "").includes("text/html");
}

/** Every browser, and every usual client, takes gzip. */
async function send(res: Response, { contentType, content }: DashboardFile): Promise<void> {
  res.set({ "content-type": contentType, "content-encoding": "gzip" });
  res.send(await content());
}
