import { type Request, Router } from "express";
import type { Address } from "viem";

import {
  acceptAccount,
  endAcceptance,
  listAcceptances,
  listOffers,
} from "@compute-credits/api/allowances/acceptances";
import type { RequestOf } from "@compute-credits/api/route";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { mount } from "../../http/mount.ts";
import { lastOfFullPage } from "../../http/page.ts";
import type { Permit } from "../../http/permit.ts";
import { ProblemError } from "../../http/problem.ts";
import { provenSpender } from "../../http/spenderProof.ts";
import type {
  AccountPage,
  AcceptanceStore,
  Pair,
} from "../../stores/acceptances/acceptanceStore.ts";
import { acceptanceProblem } from "./acceptanceProblem.ts";

export interface AcceptanceDeps {
  readonly acceptances: AcceptanceStore;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
  readonly permit: Permit;
}

export function acceptanceRoutes({ acceptances, chain, permit }: AcceptanceDeps): Router {
  const router = Router();

  async function change(
    req: Request,
    body: RequestOf<typeof acceptAccount>["body"],
    accepted: boolean,
  ) {
    const { account } = body;
    const wallet = "signature" in body ? body : null;
    const proven = await provenSpender(req, chain, { account, accepted, wallet });
    const outcome = await acceptances.change({ ...proven, account, accepted });
    if (outcome.result === "refused") throw new ProblemError(acceptanceProblem(outcome.refusal));
    return outcome;
  }

  mount(router, acceptAccount, async ({ req, read, answer }) => {
    const { result, acceptance } = await change(req, read().body, true);
    return answer(result === "changed" ? 201 : 200, acceptance);
  });

  mount(router, endAcceptance, async ({ req, read, answer }) => {
    const { acceptance } = await change(req, read().body, false);
    return answer(200, acceptance);
  });

  mount(router, listAcceptances, async ({ req, read, answer }) => {
    const { spender } = read().params;
    await permit.check(listAcceptances, req, { spender });
    const page = pageOf(read().query);
    const listed = await acceptances.accepted(spender, page);
    return answer(200, { acceptances: listed, nextCursor: cursorAfter(listed, page) });
  });

  mount(router, listOffers, async ({ req, read, answer }) => {
    const { spender } = read().params;
    await permit.check(listOffers, req, { spender });
    const page = pageOf(read().query);
    const listed = await acceptances.offers(spender, page);
    return answer(200, { offers: listed, nextCursor: cursorAfter(listed, page) });
  });

  return router;
}

function pageOf({ cursor, limit }: RequestOf<typeof listOffers>["query"]): AccountPage {
  return { after: cursor ?? null, limit };
}

function cursorAfter(listed: readonly Pair[], { limit }: AccountPage): Address | null {
  return lastOfFullPage(listed, limit)?.account ?? null;
}
