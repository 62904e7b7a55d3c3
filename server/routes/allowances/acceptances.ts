import { type Request, type Response, Router } from "express";
import { z } from "zod";

import { AddressField, SpenderField } from "@compute-credits/protocol/json/fields";
import { type SpenderId, spenderWallet } from "@compute-credits/protocol/messages/spender";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { sentKey } from "../../http/authentication.ts";
import { PAGES } from "@compute-credits/api/bounds";
import { cachedKeyHash } from "../../http/keyHash.ts";
import { lastOfFullPage, limitField } from "../../http/page.ts";
import { parse } from "../../http/parse.ts";
import { ProblemError } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import { WALLET_PROOF, provenSpender } from "../../http/spenderProof.ts";
import type { AcceptanceStore } from "../../stores/acceptances/acceptanceStore.ts";
import type { ReaderCheck } from "../insight/readerAccess.ts";
import { acceptanceProblem } from "./acceptanceProblem.ts";

/** The account, with the spender's key in the header; a wallet signs instead. */
const AcceptanceBody = z.union(
  [
    z.strictObject({ account: AddressField }),
    z.strictObject({ account: AddressField, ...WALLET_PROOF }),
  ],
  'must be {"account"} with the key, or {"account", "spender", "signedAt", "signature"}',
);

const PageQuery = z.strictObject({
  cursor: AddressField.optional(),
  limit: limitField(PAGES.list),
});

export interface AcceptanceDeps {
  readonly acceptances: AcceptanceStore;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
  readonly checkReader: ReaderCheck;
}

/**
 * With the spender's key, or its wallet's signature:
 * `POST /v1/acceptances`: 201, and the account's allowances count for the spender; 200 if they did.
 * `POST /v1/acceptances/end`: 200, and they do not count any more.
 * With the spender's key, or as another known reader:
 * `GET /v1/spenders/:spender/acceptances`: the accounts that it accepts, in pages.
 * `GET /v1/spenders/:spender/offers`: the accounts that wait for its acceptance, in pages.
 */
export function acceptanceRoutes({ acceptances, chain, checkReader }: AcceptanceDeps): Router {
  const router = Router();

  async function change(req: Request, res: Response, accepted: boolean): Promise<void> {
    const body = parse(AcceptanceBody, req.body);
    const { account } = body;
    const wallet = "signature" in body ? body : null;
    const proven = await provenSpender(req, chain, { account, accepted, wallet });
    const outcome = await acceptances.change({ ...proven, account, accepted });
    if (outcome.result === "refused") throw new ProblemError(acceptanceProblem(outcome.refusal));
    respond(res, accepted && outcome.result === "changed" ? 201 : 200, outcome.acceptance);
  }

  /** The spender reads its own with the key that it is, also before any account pays for it. */
  async function checkSpender(req: Request, spender: SpenderId): Promise<void> {
    const key = sentKey(req);
    if (key !== null && cachedKeyHash(key) === spender) return;
    await checkReader(req, spenderWallet(spender));
  }

  router.post("/acceptances", (req, res) => change(req, res, true));
  router.post("/acceptances/end", (req, res) => change(req, res, false));

  router.get("/spenders/:spender/acceptances", async (req, res) => {
    const spender = parse(SpenderField, req.params.spender);
    const { cursor, limit } = parse(PageQuery, req.query);
    await checkSpender(req, spender);
    const page = await acceptances.accepted(spender, { after: cursor ?? null, limit });
    respond(res, 200, {
      acceptances: page,
      nextCursor: lastOfFullPage(page, limit)?.account ?? null,
    });
  });

  router.get("/spenders/:spender/offers", async (req, res) => {
    const spender = parse(SpenderField, req.params.spender);
    const { cursor, limit } = parse(PageQuery, req.query);
    await checkSpender(req, spender);
    const page = await acceptances.offers(spender, { after: cursor ?? null, limit });
    respond(res, 200, { offers: page, nextCursor: lastOfFullPage(page, limit)?.account ?? null });
  });

  return router;
}
