import { type Request, Router } from "express";
import { type Address, type Hex, hashTypedData } from "viem";
import { z } from "zod";

import { AllowanceJson, ScopeJson } from "@compute-credits/protocol/json/allowance";
import { AddressField, Bytes32Field, SignatureField } from "@compute-credits/protocol/json/fields";
import { allowanceId } from "@compute-credits/protocol/messages/allowance";
import { allowanceRevocationTypedData } from "@compute-credits/protocol/messages/allowanceRevocation";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { checkAdmission } from "@compute-credits/rules/allowances/admission";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import type { AcceptanceProof } from "@compute-credits/rules/acceptances/acceptance";
import { bearerKey } from "../../http/authentication.ts";
import { PAGES } from "@compute-credits/api/bounds";
import { OWNER, checkAllowanceSignature, checkSignature } from "../../http/checkSignature.ts";
import { type LabelLimits, checkLabels } from "../../http/labelLimits.ts";
import { boundedPage, limitField } from "../../http/page.ts";
import { parse } from "../../http/parse.ts";
import { ProblemError, fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { IssuingKeyStore } from "../../stores/issuing/issuingKeyStore.ts";
import { notTheSpender } from "../../http/spenderProof.ts";
import type { AllowanceStore, ListedAllowance } from "../../stores/allowances/allowanceStore.ts";
import { acceptanceProblem } from "./acceptanceProblem.ts";
import { admissionProblem } from "./admissionProblem.ts";
import { describeAllowance } from "./describeAllowance.ts";
import { allowanceNotFound, findAllowance, findCampaign } from "./findAllowance.ts";
import { checkIssuer, notTheIssuer, readIssuer } from "./issuer.ts";

const AllowanceBody = z.strictObject({
  allowance: AllowanceJson,
  /** the lists whose hash is `allowance.scope`; may be left out if that is zero */
  scope: ScopeJson.default({ providers: [], meters: [] }),
  signature: SignatureField,
});

/** The owner signs. The issuer of a grant sends its credentials instead, and no signature. */
const RevocationBody = z.union(
  [z.strictObject({ signature: SignatureField }), z.strictObject({})],
  'must be {"signature"}, or {} with the credentials of the grant\'s issuer',
);

const PageQuery = z.strictObject({
  cursor: Bytes32Field.optional(),
  limit: limitField(PAGES.list),
});

export interface AllowanceDeps {
  readonly allowances: AllowanceStore;
  readonly issuingKeys: Pick<IssuingKeyStore, "find">;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf" | "allowanceSigning">;
  readonly limits: LabelLimits;
}

/**
 * `POST /v1/allowances`: 201 with the allowance; the same answer if it is sent again. With the
 * spender's key in the header, the spender also accepts the account.
 * `GET /v1/allowances/:id`: one allowance and how much of it is used.
 * `GET /v1/accounts/:address/allowances`: those that the account's owner signed, in pages.
 * `POST /v1/allowances/:id/revocation`: 200, by the owner or by a grant's issuer. Once answered,
 * the allowance pays for nothing more.
 */
export function allowanceRoutes({ allowances, issuingKeys, chain, limits }: AllowanceDeps): Router {
  const router = Router();
  const { deployment } = chain;

  router.post("/allowances", async (req, res) => {
    const { allowance: message, scope, signature } = parse(AllowanceBody, req.body);
    checkLabels({ scope }, limits);
    const proof = proofOf(req, message);
    const [now, { counter: currentCounter, hasPurchased }] = await Promise.all([
      allowances.now(),
      allowances.postingFacts(message.account),
    ]);
    const refusal = checkAdmission(message, scope, { now, currentCounter });
    if (refusal !== null) throw new ProblemError(admissionProblem(refusal));

    const id = allowanceId(deployment, message);
    const byContract = await checkAllowanceSignature(chain, { message, signature });
    // A stranger makes any number of accounts, and what it posts would stay for ever.
    if (!hasPurchased) throw accountWithoutCredits(message.account);
    const signed = { id, message, scope, signature, byContract };
    const outcome = await allowances.add(signed, proof);
    if (outcome.result === "refused") throw new ProblemError(acceptanceProblem(outcome.refusal));
    const { allowance } = outcome;
    const recordedCaps = await allowances.recordedCaps([allowance]);
    respond(res, 201, describeAllowance(allowance, { campaign: null, now, recordedCaps }));
  });

  router.get("/allowances/:id", async (req, res) => {
    respond(res, 200, await describe(await findAllowance(allowances, req.params.id)));
  });

  router.get("/accounts/:address/allowances", async (req, res) => {
    const account = parse(AddressField, req.params.address);
    const { cursor, limit } = parse(PageQuery, req.query);
    const [page, now] = await Promise.all([
      allowances.ofAccount(account, { after: cursor ?? null, limit }),
      allowances.now(),
    ]);
    const recordedCaps = await allowances.recordedCaps(page);
    const state = { campaign: null, now, recordedCaps };
    const { shown, last } = boundedPage(page, limit, (one) => describeAllowance(one, state));
    respond(res, 200, {
      allowances: shown,
      nextCursor: last?.id ?? null,
    });
  });

  router.post("/allowances/:id/revocation", async (req, res) => {
    const body = parse(RevocationBody, req.body);
    const allowance = await findAllowance(allowances, req.params.id);
    const { id, message } = allowance;
    const signature = "signature" in body ? body.signature : null;
    if (signature === null) {
      const campaign = await findCampaign(allowances, allowance);
      if (campaign === null) throw notTheIssuer();
      checkIssuer(await readIssuer(req, { allowances, chain, issuingKeys }), campaign);
    } else {
      const digest = hashTypedData(allowanceRevocationTypedData(deployment, { allowance: id }));
      await checkOwner(message.account, digest, signature);
    }
    const revoked = await allowances.revoke(id, signature);
    if (revoked === null) throw allowanceNotFound();
    respond(res, 200, await describe(revoked));
  });

  async function checkOwner(account: Address, digest: Hex, signature: Hex): Promise<void> {
    await checkSignature(chain, { signer: account, role: OWNER, digest, signature });
  }

  async function describe(allowance: ListedAllowance) {
    const campaign = await findCampaign(allowances, allowance);
    const recordedCaps = await allowances.recordedCaps([allowance]);
    return describeAllowance(allowance, { campaign, now: await allowances.now(), recordedCaps });
  }

  return router;
}

/** The spender's key in the header accepts; the account's own wallet needs to say nothing. */
function proofOf(req: Request, { account, spender }: AllowanceMessage): AcceptanceProof | null {
  if (req.get("authorization") !== undefined) {
    if (apiKeySpender(bearerKey(req, "spender")) !== spender) throw notTheSpender();
    return { how: "key" };
  }
  return spender === walletSpender(account) ? { how: "own" } : null;
}

function accountWithoutCredits(account: Address): ProblemError {
  return fail(
    409,
    "account_without_credits",
    `The account ${account} has never had credits. Buy some, wait until the server has seen ` +
      "the purchase, then send this again.",
  );
}
