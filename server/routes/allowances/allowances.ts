import { Router } from "express";
import { hashTypedData } from "viem";
import { z } from "zod";

import { parse } from "../../http/parse.ts";
import { SignatureField, Bytes32Field, AddressField } from "@compute-credits/protocol/json/fields";
import { AllowanceJson, ScopeJson } from "@compute-credits/protocol/json/allowance";
import { allowanceId, allowanceTypedData } from "@compute-credits/protocol/messages/allowance";
import { allowanceRevocationTypedData } from "@compute-credits/protocol/messages/allowanceRevocation";
import { type AdmissionRefusal, checkAdmission } from "@compute-credits/rules/allowances/admission";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { bearerKey, notTheIssuer } from "../../http/authentication.ts";
import type { Context } from "../../context.ts";
import { describeAllowance } from "./describeAllowance.ts";
import { checkLabels } from "../../http/labelLimits.ts";
import { LimitField } from "../../http/logQuery.ts";
import { type ProblemError, fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";

const AllowanceBody = z.strictObject({
  allowance: AllowanceJson,
  /** what `allowance.scope` is the hash of; may be left out where that is zero */
  scope: ScopeJson.default({ providers: [], meters: [] }),
  signature: SignatureField,
});

/** A grant is revoked by the key that issued it, too: then there is nothing to sign. */
const RevocationBody = z.union(
  [z.strictObject({ signature: SignatureField }), z.strictObject({})],
  'must be {"signature"}, or {} with the key that issued the grant',
);

const PageQuery = z.strictObject({ cursor: Bytes32Field.optional(), limit: LimitField });

/**
 * `POST /v1/allowances`: 201 with the allowance; sent again, the same answer.
 * `GET /v1/allowances/:id`, `GET /v1/accounts/:address/allowances`, in pages: how far allowances are used.
 * `POST /v1/allowances/:id/revocation`: by the owner, or the issuer of a grant. 200; from the answer on the allowance pays for nothing.
 */
export function allowanceRoutes({ allowances, chain, limits }: Context): Router {
  const router = Router();
  const { deployment } = chain;

  router.post("/allowances", async (req, res) => {
    const { allowance: message, scope, signature } = parse(AllowanceBody, req.body);
    checkLabels({ scope }, limits);
    const [now, currentCounter] = await Promise.all([
      allowances.now(),
      allowances.counterOf(message.account),
    ]);
    const refusal = checkAdmission(message, scope, { now, currentCounter });
    if (refusal !== null) throw admissionProblem(refusal);

    const typedData = allowanceTypedData(deployment, message);
    if (!(await chain.isSignedBy(message.account, hashTypedData(typedData), signature))) {
      throw invalidSignature(`the owner of the account ${message.account}`);
    }
    const id = allowanceId(deployment, message);
    const stored = await allowances.add({ id, message, scope, signature });
    respond(res, 201, describeAllowance(stored, null, now));
  });

  router.get("/allowances/:id", async (req, res) => {
    respond(res, 200, await describe(await find(req.params.id)));
  });

  router.get("/accounts/:address/allowances", async (req, res) => {
    const account = parse(AddressField, req.params.address);
    const { cursor, limit } = parse(PageQuery, req.query);
    const [list, now] = await Promise.all([
      allowances.ofAccount(account, { after: cursor ?? null, limit }),
      allowances.now(),
    ]);
    const last = list.length === limit ? list.at(-1) : undefined;
    respond(res, 200, {
      allowances: list.map((allowance) => describeAllowance(allowance, null, now)),
      nextCursor: last?.id ?? null,
    });
  });

  router.post("/allowances/:id/revocation", async (req, res) => {
    const body = parse(RevocationBody, req.body);
    const allowance = await find(req.params.id);
    const { id, message } = allowance;
    if ("signature" in body) {
      const typedData = allowanceRevocationTypedData(deployment, { allowance: id });
      if (!(await chain.isSignedBy(message.account, hashTypedData(typedData), body.signature))) {
        throw invalidSignature(`the owner of the account ${message.account}`);
      }
    } else {
      const campaign = await campaignOf(allowance);
      if (campaign === null || apiKeySpender(bearerKey(req)) !== campaign.message.spender) {
        throw notTheIssuer();
      }
    }
    const revoked = await allowances.revoke(id, "signature" in body ? body.signature : null);
    if (revoked === null) throw notFound();
    respond(res, 200, await describe(revoked));
  });

  async function campaignOf({ campaign }: Allowance): Promise<Allowance | null> {
    return campaign === null ? null : await allowances.find(campaign);
  }

  async function describe(allowance: Allowance) {
    return describeAllowance(allowance, await campaignOf(allowance), await allowances.now());
  }

  async function find(id: string): Promise<Allowance> {
    const allowance = await allowances.find(parse(Bytes32Field, id));
    if (allowance === null) throw notFound();
    return allowance;
  }

  return router;
}

export function invalidSignature(signer: string): ProblemError {
  return fail(
    403,
    "invalid_signature",
    `The signature is not that of ${signer} over this message, on this chain and contract: GET /v1/deployment tells the EIP-712 domain.`,
  );
}

function notFound(): ProblemError {
  return fail(404, "allowance_not_found", "There is no allowance with this id.");
}

function admissionProblem(refusal: AdmissionRefusal): ProblemError {
  switch (refusal.reason) {
    case "scope_mismatch":
      return fail(
        422,
        refusal.reason,
        "The signed scope is not the hash of the providers and meters sent with it.",
      );
    case "allowance_expired":
      return fail(422, refusal.reason, "The allowance has expired already.");
    case "stale_counter":
      return fail(
        409,
        refusal.reason,
        `Allowances of counter ${refusal.currentCounter - 1n} and below are void: sign with ${refusal.currentCounter}.`,
        {
          currentCounter: refusal.currentCounter,
        },
      );
    case "counter_not_reached":
      return fail(
        409,
        refusal.reason,
        `The account's counter is ${refusal.currentCounter} as far as the chain is confirmed: sign with that, or send this again later.`,
        {
          currentCounter: refusal.currentCounter,
        },
      );
    default:
      return refusal satisfies never;
  }
}
