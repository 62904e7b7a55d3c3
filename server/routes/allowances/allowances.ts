import { type Request, Router } from "express";
import { type Address, type Hex, hashTypedData } from "viem";

import {
  addAllowance,
  getAllowance,
  listAllowances,
  revokeAllowance,
} from "@compute-credits/api/allowances/allowances";
import { allowanceId } from "@compute-credits/protocol/messages/allowance";
import { allowanceRevocationTypedData } from "@compute-credits/protocol/messages/allowanceRevocation";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { checkAdmission } from "@compute-credits/rules/allowances/admission";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import type { AcceptanceProof } from "@compute-credits/rules/acceptances/acceptance";
import { bearerKey } from "../../http/authentication.ts";
import { OWNER, checkAllowanceSignature, checkSignature } from "../../http/checkSignature.ts";
import { type LabelLimits, checkLabels } from "../../http/labelLimits.ts";
import { mount } from "../../http/mount.ts";
import { boundedPage } from "../../http/page.ts";
import type { Permit, Subject } from "../../http/permit.ts";
import type { Identify } from "../../http/principal.ts";
import { ProblemError, fail } from "../../http/problem.ts";
import { notTheSpender } from "../../http/spenderProof.ts";
import type { AllowanceStore, ListedAllowance } from "../../stores/allowances/allowanceStore.ts";
import { acceptanceProblem } from "./acceptanceProblem.ts";
import { admissionProblem } from "./admissionProblem.ts";
import { describeAllowance } from "./describeAllowance.ts";
import { allowanceNotFound, findAllowance, findCampaign } from "./findAllowance.ts";
import { checkIssuer, notTheIssuer, readIssuer } from "./issuer.ts";

export interface AllowanceDeps {
  readonly allowances: AllowanceStore;
  readonly identify: Identify;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf" | "allowanceSigning">;
  readonly limits: LabelLimits;
  readonly permit: Permit;
}

export function allowanceRoutes({
  allowances,
  identify,
  chain,
  limits,
  permit,
}: AllowanceDeps): Router {
  const router = Router();
  const { deployment } = chain;

  mount(router, addAllowance, async ({ req, read, answer }) => {
    const { allowance: message, scope, signature } = read().body;
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
    return answer(201, describeAllowance(allowance, { campaign: null, now, recordedCaps }));
  });

  mount(router, getAllowance, async ({ req, read, answer }) => {
    const { id } = read().params;
    // Before the look-up, so that without credentials the answer is always the same.
    const readsAll = await permit.isPermitted(getAllowance, req, {});
    const allowance = await findAllowance(allowances, id);
    if (!readsAll && !(await permit.isPermitted(getAllowance, req, partiesOf(allowance)))) {
      throw allowanceNotFound();
    }
    return answer(200, await describe(allowance));
  });

  mount(router, listAllowances, async ({ req, read, answer }) => {
    const { params } = read();
    await permit.check(listAllowances, req, { account: params.address });
    const { cursor, limit } = read().query;
    const [page, now] = await Promise.all([
      allowances.ofAccount(params.address, { after: cursor ?? null, limit }),
      allowances.now(),
    ]);
    const recordedCaps = await allowances.recordedCaps(page);
    const state = { campaign: null, now, recordedCaps };
    const { shown, last } = boundedPage(page, limit, (one) => describeAllowance(one, state));
    return answer(200, { allowances: shown, nextCursor: last?.id ?? null });
  });

  mount(router, revokeAllowance, async ({ req, read, answer }) => {
    const { params, body } = read();
    const signature = "signature" in body ? body.signature : null;
    // Before the look-up, so that without credentials the answer is always the same.
    const issuer = signature === null ? await readIssuer(req, identify) : null;
    const allowance = await findAllowance(allowances, params.id);
    const { id, message } = allowance;
    if (issuer !== null) {
      const campaign = await findCampaign(allowances, allowance);
      checkIssuer(issuer, campaign ?? allowance);
      if (campaign === null) throw notTheIssuer();
    } else if (signature !== null) {
      const digest = hashTypedData(allowanceRevocationTypedData(deployment, { allowance: id }));
      await checkOwner(message.account, digest, signature);
    }
    const revoked = await allowances.revoke(id, signature);
    if (revoked === null) throw allowanceNotFound();
    return answer(200, await describe(revoked));
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

/** An allowance is about its account and its spender; a grant also about its campaign. */
function partiesOf({ id, campaign, message }: ListedAllowance): Subject {
  const { account, spender, counter } = message;
  return { account, spender, campaign: { id: campaign ?? id, counter } };
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
