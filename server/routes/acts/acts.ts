import { Router } from "express";

import { listActs } from "@compute-credits/api/acts/acts";
import { mount } from "../../http/mount.ts";
import { boundedPage } from "../../http/page.ts";
import type { Permit } from "../../http/permit.ts";
import type { ActStore } from "../../stores/acts/actStore.ts";

export interface ActDeps {
  readonly acts: Pick<ActStore, "list">;
  readonly permit: Permit;
}

/** The record of administrative acts, for owners, providers and operators. */
export function actRoutes({ acts, permit }: ActDeps): Router {
  const router = Router();

  mount(router, listActs, async ({ req, read, answer }) => {
    const { account, provider, act, cursor, limit } = read().query;
    // An account's acts with a provider are the owner's to read, and not the provider's.
    const subject =
      account !== undefined ? { account } : provider !== undefined ? { provider } : {};
    await permit.check(listActs, req, subject);
    const filter = { account: account ?? null, provider: provider ?? null, act: act ?? null };
    const page = await acts.list(filter, { before: cursor ?? null, limit });
    const { shown, last } = boundedPage(page, limit, (one) => one);
    return answer(200, { acts: shown, nextCursor: last === undefined ? null : `${last.id}` });
  });

  return router;
}
