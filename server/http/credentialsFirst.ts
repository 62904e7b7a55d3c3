import type { Request, RequestHandler } from "express";

import { CALLERS, type Caller, type Scheme } from "@compute-credits/api/callers";
import type { Route } from "@compute-credits/api/route";
import { routeOf } from "@compute-credits/api/routeOf";
import type { ProviderStore } from "../stores/providers/providerStore.ts";
import { bearerKey, unknownKey } from "./authentication.ts";
import { requestKeyHash } from "./keyHash.ts";
import { missingCredentials } from "./permit.ts";
import type { Identify } from "./principal.ts";

export interface CredentialsFirstDeps {
  readonly identify: Identify;
  readonly providers: Pick<ProviderStore, "cachedCaller" | "callerOfKey">;
}

/**
 * Refuses credentials that are missing, unknown, expired or revoked with a 401, before anything
 * else of the request is read: strangers learn nothing of what a private route takes. Whose they
 * are, and what they may do, the route decides. Requests with a known provider's key cost no query.
 */
export function credentialsFirst({ identify, providers }: CredentialsFirstDeps): RequestHandler {
  return async (req, res, next) => {
    // A question about methods has no answer of a handler.
    const route = req.method === "OPTIONS" ? null : routeOf(req.method, req.baseUrl + req.path);
    if (route === null || isOpen(route)) {
      next();
      return;
    }
    // What one party reads is kept by no proxy, and by no browser that the next person uses.
    if (route.method === "get") res.set("Cache-Control", "no-store");
    if (needsCredentials(route)) await check(route, req);
    next();
  };

  async function check(route: Route, req: Request): Promise<void> {
    if (route.callers.every((caller) => caller === "provider")) {
      const hash = requestKeyHash(req, bearerKey(req, "provider"));
      if ((providers.cachedCaller(hash) ?? (await providers.callerOfKey(hash))) === null) {
        throw unknownKey();
      }
      return;
    }
    const { kind } = await identify(req);
    if (kind === "anyone") throw missingCredentials(route);
  }
}

function isOpen({ callers }: Pick<Route, "callers">): boolean {
  return callers.includes("anyone");
}

/** Whether all callers of a route show themselves in a header. */
export function needsCredentials({ callers }: Pick<Route, "callers">): boolean {
  return callers.every((caller) => schemesOf(caller).every((scheme) => scheme !== null));
}

function schemesOf(caller: Caller): readonly (Scheme | null)[] {
  return CALLERS[caller].schemes;
}
