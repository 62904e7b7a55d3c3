import { type Response, Router } from "express";
import { z } from "zod";

import { parse } from "../../http/parse.ts";
import { SignedQuoteJson } from "@compute-credits/protocol/json/quote";
import { MeterName, Dimensions } from "@compute-credits/protocol/json/names";
import {
  EventIdField,
  uintField,
  SpenderField,
  ApiKeyField,
} from "@compute-credits/protocol/json/fields";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { HoldRefusal } from "@compute-credits/rules/holds/authorize";
import { type Hold, heldMicros } from "@compute-credits/rules/holds/hold";
import type { Quote } from "@compute-credits/rules/holds/quote";
import type { ResolveRefusal } from "@compute-credits/rules/holds/resolve";
import type { SignedQuote } from "../../stores/pricing/quoteStore.ts";
import { authenticatedProvider } from "../../http/authentication.ts";
import { chargeProblem } from "../../http/chargeProblem.ts";
import type { Context } from "../../context.ts";
import { checkLabels } from "../../http/labelLimits.ts";
import { type Problem, ProblemError, fail, problem } from "../../http/problem.ts";
import { accessRevoked } from "../providers/providers.ts";
import { respond, respondProblem } from "../../http/respond.ts";

const HoldBody = z.object({
  id: EventIdField,
  meter: MeterName,
  quantity: uintField(63),
  dimensions: Dimensions.default({}),
  ttlSeconds: z.int().min(1),
  quote: SignedQuoteJson.nullable().default(null),
});
/** Names the spender, or shows its key, which gives the provider access as well. */
const SpenderHoldBody = HoldBody.extend({ spender: SpenderField }).strict();
const KeyHoldBody = HoldBody.extend({ apiKey: ApiKeyField }).strict();

const CaptureBody = z.strictObject({
  eventId: EventIdField,
  quantity: uintField(63),
  final: z.boolean().default(true),
});

const ReleaseBody = z.strictObject({}).optional();

/**
 * `POST /v1/holds`: 201 with the hold; the same request again 200 with the same hold; 402 where credits are missing.
 * `POST /v1/holds/:id/captures`: 201 with what was charged, up to what is held; again 200 with the first outcome.
 * `POST /v1/holds/:id/release`: 200. `GET /v1/holds/:id`: the hold. All with the provider's key; ids are the provider's.
 */
export function holdRoutes(context: Context): Router {
  const router = Router();
  const { holds, providers, limits, chain } = context;

  router.post("/holds", async (req, res) => {
    const provider = await authenticatedProvider(req, context);
    const { spender, apiKey, quote: signedQuote, ...body } = parseHold(req.body);
    checkLabels(body, limits);
    if (body.ttlSeconds > limits.maxHoldSeconds) {
      throw fail(422, "hold_too_long", `A hold lasts at most ${limits.maxHoldSeconds} seconds.`, {
        maxHoldSeconds: limits.maxHoldSeconds,
      });
    }
    const quote = signedQuote === null ? null : await readQuote(signedQuote);
    if (apiKey !== null && !(await providers.grantAccess({ spender, provider }))) {
      throw accessRevoked();
    }

    const outcome = await holds.authorize({
      ...body,
      provider,
      spender,
      ...(quote === null ? {} : { quote }),
    });
    if (outcome.result === "refused") await refuse(res, holdProblem(outcome.refusal));
    else respond(res, outcome.repeated ? 200 : 201, describe(outcome.hold));
  });

  router.get("/holds/:id", async (req, res) => {
    const provider = await authenticatedProvider(req, context);
    const hold = await holds.find({ provider, id: parse(EventIdField, req.params.id) });
    if (hold === null) throw notFound();
    respond(res, 200, describe(hold));
  });

  router.post("/holds/:id/captures", async (req, res) => {
    const provider = await authenticatedProvider(req, context);
    const id = parse(EventIdField, req.params.id);
    const asked = parse(CaptureBody, req.body);
    checkLabels({ id: asked.eventId }, limits);
    const outcome = await holds.capture({ provider, id, ...asked });
    if (outcome.result === "refused") throw resolveProblem(outcome.refusal, chain.deployment);
    const { hold, debit } = outcome;
    respond(res, debit.repeated ? 200 : 201, { ...debit, hold: describe(hold) });
  });

  router.post("/holds/:id/release", async (req, res) => {
    const provider = await authenticatedProvider(req, context);
    parse(ReleaseBody, req.body);
    const outcome = await holds.release({ provider, id: parse(EventIdField, req.params.id) });
    if (outcome.result === "refused") throw resolveProblem(outcome.refusal, chain.deployment);
    respond(res, 200, describe(outcome.hold));
  });

  async function readQuote(signed: SignedQuote): Promise<Quote> {
    const quote = await context.quotes?.read(signed);
    if (quote === null || quote === undefined) {
      throw fail(
        403,
        "invalid_quote",
        "This server never signed that quote: ask for one at /v1/quotes.",
      );
    }
    return quote;
  }

  function holdProblem(refusal: HoldRefusal): Problem {
    switch (refusal.reason) {
      case "hold_id_conflict":
        return problem(
          409,
          refusal.reason,
          "This provider has another hold with this id: give every hold an id of its own.",
        );
      case "too_many_holds":
        return problem(
          429,
          refusal.reason,
          `The spender has ${refusal.limit} open holds, and may have no more: capture or release some.`,
        );
      case "quote_expired":
        return problem(
          422,
          refusal.reason,
          `The quote was good until ${refusal.expiredAt.toISOString()}: ask for another.`,
        );
      case "quote_mismatch":
        return problem(
          422,
          refusal.reason,
          "The quote is for another provider, account, meter or dimensions, or for less: ask for one that fits.",
        );
      default:
        return chargeProblem(refusal, chain.deployment);
    }
  }

  /** Tells with `Retry-After` when the next of the account's holds ends, where that may help. */
  async function refuse(res: Response, document: Problem): Promise<void> {
    const { account, waitMayHelp } = document;
    if (waitMayHelp === true && typeof account === "string") {
      const seconds = await holds.secondsToNextExpiry(`0x${account.slice(2)}`);
      if (seconds !== null) res.set("Retry-After", `${seconds}`);
    }
    respondProblem(res, document);
  }

  return router;
}

function parseHold(body: unknown) {
  const hasKey = typeof body === "object" && body !== null && "apiKey" in body;
  if (!hasKey) return { ...parse(SpenderHoldBody, body), apiKey: null };
  const withKey = parse(KeyHoldBody, body);
  return { ...withKey, spender: apiKeySpender(withKey.apiKey) };
}

function notFound() {
  return fail(404, "hold_not_found", "This provider has no hold with this id.");
}

function resolveProblem(
  refusal:
    ResolveRefusal | { readonly reason: "hold_not_found" | "event_id_conflict" | "vault_frozen" },
  deployment: Deployment,
) {
  switch (refusal.reason) {
    case "hold_not_found":
      return notFound();
    case "event_id_conflict":
      return fail(
        409,
        refusal.reason,
        "This provider has already reported another event with this id.",
      );
    case "vault_frozen":
      return new ProblemError(chargeProblem({ reason: refusal.reason }, deployment));
    case "hold_resolved":
      return fail(
        409,
        refusal.reason,
        `The hold was ${refusal.resolution.as} at ${refusal.resolution.at.toISOString()}: a hold ends once.`,
        {
          resolvedAs: refusal.resolution.as,
          resolvedAt: refusal.resolution.at,
          capturedMicros: refusal.capturedMicros,
        },
      );
    case "capture_exceeds_hold":
      return fail(
        409,
        refusal.reason,
        "The capture costs more than is still on hold: capture less, or report the rest as usage.",
        {
          heldMicros: refusal.heldMicros,
          neededMicros: refusal.neededMicros,
        },
      );
    default:
      return refusal satisfies never;
  }
}

function describe(hold: Hold) {
  const { id, provider, spender, meter, dimensions, quantity, rate, parts } = hold;
  return {
    id,
    provider,
    spender,
    meter,
    dimensions,
    quantity,
    rateCardVersion: rate.rateCardVersion,
    status: hold.resolution?.as ?? "open",
    heldMicros: heldMicros(hold),
    capturedMicros: hold.capturedMicros,
    createdAt: hold.createdAt,
    expiresAt: hold.expiresAt,
    resolvedAt: hold.resolution?.at ?? null,
    parts,
  };
}
