import { Router } from "express";
import type { Address } from "viem";

import { previewBody, previewUsage } from "@compute-credits/api/usage/previews";
import { type SpenderId, walletSpender } from "@compute-credits/protocol/messages/spender";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import { notApproved } from "../../http/authentication.ts";
import { type LabelLimits, labelProblem } from "../../http/labelLimits.ts";
import { mount } from "../../http/mount.ts";
import { notPermitted } from "../../http/permit.ts";
import type { Identify, Principal } from "../../http/principal.ts";
import { type Problem, fail } from "../../http/problem.ts";
import type { Sale } from "../../http/sale.ts";
import type { Limits } from "../../limits.ts";
import type { ApprovalStore } from "../../stores/providers/approvalStore.ts";
import type { UsagePreviews } from "../../stores/usage/usagePreviews.ts";
import { usageProblem } from "./usageProblem.ts";

export interface PreviewDeps {
  readonly previews: UsagePreviews;
  readonly identify: Identify;
  readonly approvals: Pick<ApprovalStore, "isApproved">;
  readonly limits: LabelLimits & Pick<Limits, "maxPriceMeasurements">;
  readonly sale: Sale;
}

/** `POST /v1/previews`: what a report of usage would be answered now. */
export function previewRoutes(deps: PreviewDeps): Router {
  const { previews, identify, approvals, limits, sale } = deps;
  const router = Router();
  const preview = { ...previewUsage, body: previewBody(limits) };

  mount(router, preview, async ({ req, read, answer }) => {
    const caller = callerOf(await identify(req));
    const { body } = read();
    const { provider, spender } = partiesOf(caller, body);
    // As with usage, which the provider could not report.
    if (!("provider" in caller) && !(await approvals.isApproved(provider))) {
      throw notApproved(provider);
    }

    const tooLong = body.measurements.map(({ dimensions }) => labelProblem({ dimensions }, limits));
    const work = body.measurements
      .filter((_, index) => tooLong[index] === null)
      .map(({ time: occurredAt, ...measurement }) => ({ ...measurement, occurredAt }));
    const { asOf, outcomes } = await previews.preview({ provider, spender, work });
    const decided = outcomes.values();
    const described = tooLong.map((problem) => {
      if (problem !== null) return refused(problem);
      const { value: outcome } = decided.next();
      if (outcome === undefined) throw new Error("the ledger returns one outcome for each event");
      return describe(outcome, sale);
    });

    const costs = described.flatMap((each) => ("costMicros" in each ? [each.costMicros] : []));
    return answer(200, {
      asOf,
      provider,
      spender,
      previews: described,
      payable: costs.length,
      refused: described.length - costs.length,
      totalMicros: costs.reduce((sum, costMicros) => sum + costMicros, 0n),
    });
  });

  return router;
}

/** A spender, or a provider: each speaks for itself only. */
type PreviewCaller = { readonly spender: SpenderId } | { readonly provider: Address };

function callerOf(principal: Principal): PreviewCaller {
  switch (principal.kind) {
    case "spenderKey":
      return { spender: principal.spender };
    case "session":
      return { spender: walletSpender(principal.address) };
    case "providerKey":
      if (!principal.isApproved) throw notApproved(principal.provider);
      return { provider: principal.provider };
    case "anyone":
      throw fail(
        401,
        "missing_credentials",
        "Send a spender's or a provider's key in a header (Authorization: Bearer <key>), or sign " +
          "in with the spender's wallet: POST /v1/sessions.",
      );
    // A wallet that signed a header may only read.
    case "issuingKey":
    case "viewKey":
    case "wallet":
      throw notPermitted(previewUsage);
    default:
      return principal satisfies never;
  }
}

/** The caller, and the party that it names. Throws if it names somebody else as itself. */
function partiesOf(
  caller: PreviewCaller,
  named: { readonly provider: Address | null; readonly spender: SpenderId | null },
): { readonly provider: Address; readonly spender: SpenderId } {
  if ("provider" in caller) {
    const { provider } = caller;
    if ((named.provider ?? provider) !== provider) {
      throw fail(
        403,
        "source_mismatch",
        `The key is ${provider}'s: preview only your own work, or leave the provider out.`,
      );
    }
    return { provider, spender: named.spender ?? missing("spender", "whose credits would pay") };
  }
  const { spender } = caller;
  if ((named.spender ?? spender) !== spender) throw notPermitted(previewUsage);
  return { spender, provider: named.provider ?? missing("provider", "who would do the work") };
}

function missing(field: "provider" | "spender", meaning: string): never {
  throw fail(400, "invalid_request", "Some fields of the request are wrong: see errors.", {
    errors: [{ pointer: `#/${field}`, detail: `must name the ${field}: ${meaning}` }],
  });
}

function describe(outcome: UsageOutcome, sale: Sale) {
  if (outcome.result === "refused") return refused(usageProblem(outcome.refusal, sale));
  const { costMicros, rateCardVersion, charges } = outcome;
  return { result: "payable" as const, costMicros, rateCardVersion, charges };
}

function refused(problem: Problem) {
  return { result: "refused" as const, problem };
}
