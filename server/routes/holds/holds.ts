import { type Request, type Response, Router } from "express";

import {
  CAPTURE_BODIES,
  HOLD_BODIES,
  captureHold,
  extendHold,
  getHold,
  openHold,
  releaseHold,
} from "@compute-credits/api/holds/holds";
import type { SignedEvidence } from "@compute-credits/protocol/json/evidence";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import {
  type Hold,
  type HoldLot,
  capturedMicros,
  heldMicros,
  partsOf,
} from "@compute-credits/rules/holds/hold";
import { type LineRequests, lineRequestsOf, linesOf } from "@compute-credits/rules/holds/lines";
import type { CaptureOutcome, Left } from "@compute-credits/rules/holds/outcome";
import type { Quote } from "@compute-credits/rules/holds/quote";
import { asCaller, authenticatedProvider, spenderOfKey } from "../../http/authentication.ts";
import { type LabelLimits, checkLabels } from "../../http/labelLimits.ts";
import { mount } from "../../http/mount.ts";
import { parse } from "../../http/parse.ts";
import type { Permit } from "../../http/permit.ts";
import type { Identify } from "../../http/principal.ts";
import { type Problem, ProblemError, fail } from "../../http/problem.ts";
import { readProvider } from "../../http/readProvider.ts";
import { respondProblem } from "../../http/respond.ts";
import type { Sale } from "../../http/sale.ts";
import type { Limits } from "../../limits.ts";
import type { HoldStore } from "../../stores/holds/holdStore.ts";
import type { QuoteStore, SignedQuote } from "../../stores/pricing/quoteStore.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";
import { accessRevoked } from "../providers/accessProblem.ts";
import type { EvidenceOutcome } from "../../stores/evidence/evidenceStore.ts";
import { type EvidenceDeps, type SentEvidence, checkEvidence } from "../evidence/checkEvidence.ts";
import { extensionProblem, holdEndProblem, holdProblem } from "./holdProblem.ts";

export interface HoldDeps extends EvidenceDeps {
  readonly holds: Omit<HoldStore, "expireDue">;
  readonly providers: Pick<ProviderStore, "cachedCaller" | "callerOfKey" | "grantAccess">;
  /** `null` if this server signs no quotes */
  readonly quotes: Pick<QuoteStore, "read"> | null;
  readonly limits: LabelLimits & Pick<Limits, "maxHoldSeconds">;
  readonly sale: Sale;
  readonly identify: Identify;
  readonly permit: Permit;
}

export function holdRoutes({
  holds,
  providers,
  quotes,
  limits,
  sale,
  identify,
  permit,
  ...evidenceDeps
}: HoldDeps): Router {
  const router = Router();

  mount(router, openHold, ({ req, res, answer }) =>
    asCaller(req, providers, async ({ provider, asOfRevocations }) => {
      const { spender, apiKey, quote: signedQuote, id, ttlSeconds, work } = parseHold(req.body);
      checkLabels({ id }, limits);
      for (const { line, dimensions } of lineRequestsOf(work)) {
        checkLabels({ id: line, dimensions }, limits);
      }
      checkDuration(ttlSeconds, limits);
      const quote = signedQuote === null ? null : await readQuote(quotes, signedQuote);
      if (apiKey !== null) await grantAccess(req, providers, spender);

      const terms = { id, ttlSeconds, provider, spender, ...(quote === null ? {} : { quote }) };
      const request = { ...terms, ...work };
      const outcome = await holds.authorize(request, asOfRevocations);
      if (outcome.result === "refused") {
        await refuse(res, holds, holdProblem(outcome.refusal, sale));
        return null;
      }
      return answer(outcome.repeated ? 200 : 201, describe(outcome));
    }),
  );

  mount(router, getHold, async ({ req, read, answer }) => {
    const { params, query } = read();
    const asked = { route: getHold, named: query.provider, identify, permit };
    const provider = await readProvider(req, asked);
    const hold = await holds.find({ provider, id: params.id });
    if (hold === null) {
      throw new ProblemError(holdEndProblem({ reason: "hold_not_found" }, sale));
    }
    return answer(200, describe({ hold, remainingMicros: null }));
  });

  mount(router, captureHold, ({ req, answer }) =>
    asCaller(req, providers, async ({ provider, asOfRevocations }) => {
      const params = parse(captureHold.params, req.params);
      const { evidence, ...asked } = parseCapture(req.body);
      for (const { eventId } of "lines" in asked ? asked.lines : [asked]) {
        checkLabels({ id: eventId }, limits);
      }
      const request = { provider, id: params.id, ...asked };
      const checked = (await checkEvidence(evidenceDeps, provider, evidence)).map((one) => {
        if ("problem" in one) throw new ProblemError(one.problem);
        return one;
      });
      const outcome = await holds.capture(request, asOfRevocations);
      if (outcome.result === "refused") {
        throw new ProblemError(holdEndProblem(outcome.refusal, sale));
      }
      // A repetition makes up for a crash in between.
      const outcomes = await evidenceDeps.evidence.record(provider, checked);
      const kept = new Map(checked.map(({ eventId }, at) => [eventId, outcomes[at]]));
      return answer(outcome.debit.repeated ? 200 : 201, describeCapture(outcome, kept));
    }),
  );

  mount(router, extendHold, ({ req, read, answer }) =>
    asCaller(req, providers, async ({ provider, asOfRevocations }) => {
      const { params, body } = read();
      const { id: extensionId, ttlSeconds } = body;
      checkLabels({ id: extensionId }, limits);
      if (ttlSeconds !== null) checkDuration(ttlSeconds, limits);
      const lines = body.lines.map(({ id: line, quantity }) => ({ line, quantity }));
      const request = { provider, id: params.id, extensionId, ttlSeconds, lines };
      const outcome = await holds.extend(request, asOfRevocations);
      if (outcome.result === "refused") {
        throw new ProblemError(extensionProblem(outcome.refusal, sale));
      }
      return answer(outcome.repeated ? 200 : 201, describe(outcome));
    }),
  );

  mount(router, releaseHold, ({ req, read, answer }) =>
    asCaller(req, providers, async ({ provider, asOfRevocations }) => {
      const outcome = await holds.release({ provider, id: read().params.id }, asOfRevocations);
      if (outcome.result === "refused") {
        throw new ProblemError(holdEndProblem(outcome.refusal, sale));
      }
      return answer(200, describe(outcome));
    }),
  );

  return router;
}

/**
 * Gives the provider access to the spender. Asks the database whose key it is: one that another
 * server revoked must give nothing.
 */
async function grantAccess(
  req: Request,
  providers: HoldDeps["providers"],
  spender: SpenderId,
): Promise<void> {
  const provider = await authenticatedProvider(req, providers);
  if (!(await providers.grantAccess({ spender, provider }))) throw accessRevoked();
}

/** By the form that the body has, so that its wrong fields are named. */
function parseHold(body: unknown) {
  const hasKey = typeof body === "object" && body !== null && "apiKey" in body;
  const { work, ...rest } = hasLines(body) ? parseLines(body, hasKey) : parseOneLine(body, hasKey);
  if ("spender" in rest) return { ...rest, work, apiKey: null };
  return { ...rest, work, spender: spenderOfKey(rest.apiKey) };
}

function hasLines(body: unknown): boolean {
  return typeof body === "object" && body !== null && "lines" in body;
}

function parseOneLine(body: unknown, hasKey: boolean) {
  const forms = HOLD_BODIES.oneLine;
  const parsed = hasKey ? parse(forms.apiKey, body) : parse(forms.spender, body);
  const { meter, dimensions, quantity, ...rest } = parsed;
  const work: LineRequests = { meter, dimensions, quantity };
  return { ...rest, work };
}

function parseLines(body: unknown, hasKey: boolean) {
  const forms = HOLD_BODIES.severalLines;
  const parsed = hasKey ? parse(forms.apiKey, body) : parse(forms.spender, body);
  const { lines, ...rest } = parsed;
  const work: LineRequests = { lines: lines.map(({ id: line, ...each }) => ({ line, ...each })) };
  return { ...rest, work, quote: null };
}

function parseCapture(body: unknown) {
  if (!hasLines(body)) {
    const { line, evidence, ...asked } = parse(CAPTURE_BODIES.oneLine, body);
    const sent = sentEvidence({ ...asked, evidence });
    return { evidence: sent, ...asked, ...(line === undefined ? {} : { line }) };
  }
  const { lines, final } = parse(CAPTURE_BODIES.severalLines, body);
  return {
    evidence: lines.flatMap(sentEvidence),
    final,
    lines: lines.map(({ id: line, eventId, quantity }) => ({ line, eventId, quantity })),
  };
}

function sentEvidence({
  eventId,
  quantity,
  evidence,
}: Pick<SentEvidence, "eventId" | "quantity"> & {
  readonly evidence?: SignedEvidence | undefined;
}): readonly SentEvidence[] {
  return evidence === undefined ? [] : [{ eventId, quantity, evidence }];
}

function checkDuration(ttlSeconds: number, { maxHoldSeconds }: HoldDeps["limits"]): void {
  if (ttlSeconds <= maxHoldSeconds) return;
  throw fail(
    422,
    "hold_too_long",
    `A hold lasts at most ${maxHoldSeconds} seconds: ask for a shorter ttlSeconds.`,
    { maxHoldSeconds },
  );
}

async function readQuote(quotes: HoldDeps["quotes"], signed: SignedQuote): Promise<Quote> {
  const quote = quotes === null ? null : await quotes.read(signed);
  if (quote !== null) return quote;
  throw fail(
    403,
    "invalid_quote",
    "This server did not sign the quote. Ask for one with POST /v1/quotes.",
  );
}

/** Adds `Retry-After` if waiting may help: the seconds until the account's next hold ends. */
async function refuse(
  res: Response,
  holds: Pick<HoldStore, "secondsToNextExpiry">,
  document: Problem,
): Promise<void> {
  const { account, waitMayHelp } = document;
  if (waitMayHelp === true && typeof account === "string") {
    const seconds = await holds.secondsToNextExpiry(`0x${account.slice(2)}`);
    if (seconds !== null) res.set("Retry-After", `${seconds}`);
  }
  respondProblem(res, document);
}

function describeCapture(
  outcome: Extract<CaptureOutcome, { result: "captured" }>,
  kept: ReadonlyMap<string, EvidenceOutcome | undefined>,
) {
  const { debit, lines } = outcome;
  return {
    ...debit,
    hold: describe(outcome),
    lines: lines.map(({ line, eventId, debit: ofLine }) => {
      const { costMicros, rateCardVersion, charges, recordedAt } = ofLine;
      const evidence = kept.get(eventId);
      return {
        id: line,
        eventId,
        costMicros,
        rateCardVersion,
        charges,
        recordedAt,
        ...(evidence === undefined ? {} : { evidence }),
      };
    }),
  };
}

function describe({ hold, remainingMicros }: { readonly hold: Hold } & Left) {
  const { id, provider, spender, createdAt, expiresAt, resolution } = hold;
  const lines = linesOf(hold);
  const [line] = lines;
  const [lot] = hold.lots;
  if (line === undefined || lot === undefined) throw new Error("a hold has no line");
  const { meter, dimensions, quantity } = line;
  return {
    id,
    provider,
    spender,
    meter,
    dimensions,
    quantity,
    rateCardVersion: lot.rate.rateCardVersion,
    status: resolution?.as ?? ("open" as const),
    heldMicros: heldMicros(hold),
    capturedMicros: capturedMicros(hold),
    remainingMicros,
    createdAt,
    expiresAt,
    resolvedAt: resolution?.at ?? null,
    parts: partsOf(hold),
    lines: lines.map(({ line: lineId, lots, ...sums }) => ({
      id: lineId,
      ...sums,
      lots: lots.map(describeLot),
    })),
  };
}

function describeLot(lot: HoldLot) {
  return {
    quantity: lot.quantity,
    capturedQuantity: lot.capturedQuantity,
    rateCardVersion: lot.rate.rateCardVersion,
    heldMicros: heldMicros({ lots: [lot] }),
    capturedMicros: lot.capturedMicros,
    heldAt: lot.heldAt,
  };
}
