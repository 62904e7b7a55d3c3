import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { LabelLimits } from "../../http/labelLimits.ts";
import type { Problem } from "../../http/problem.ts";
import type { Sale } from "../../http/sale.ts";
import type { Caller } from "../../stores/providers/providerStore.ts";
import type { UsageLedger } from "../../stores/usage/usageLedger.ts";
import { parseCloudEvent } from "./parseCloudEvent.ts";
import { usageProblem } from "./usageProblem.ts";

export interface ReportDeps {
  readonly usage: Pick<UsageLedger, "record">;
  readonly limits: LabelLimits;
  readonly sale: Sale;
}

/** Parses what a provider reports and records the good events. One outcome each, in order. */
export async function recordReport(
  { usage, limits, sale }: ReportDeps,
  { provider, asOfRevocations }: Caller,
  inputs: readonly unknown[],
) {
  const parsed = inputs.map((input) => parseCloudEvent(input, provider, limits));
  const events = parsed.flatMap((result) => ("event" in result ? [result.event] : []));
  const outcomes = (await usage.record(events, asOfRevocations)).values();
  return parsed.map((result, index) => {
    if ("problem" in result) return refused(idOf(inputs[index]), result.problem);
    const { value: outcome } = outcomes.next();
    if (outcome === undefined) throw new Error("the ledger returns one outcome for each event");
    return describe(result.event.id, outcome, sale);
  });
}

function describe(id: string, outcome: UsageOutcome, sale: Sale) {
  if (outcome.result === "refused") return refused(id, usageProblem(outcome.refusal, sale));
  return { id, ...outcome };
}

function refused(id: string | null, problem: Problem) {
  return { id, result: "refused" as const, problem };
}

/** The id of an input that need not be an event; cut to the length that an event's id may have. */
function idOf(input: unknown): string | null {
  const hasId = typeof input === "object" && input !== null && "id" in input;
  return hasId && typeof input.id === "string" ? input.id.slice(0, 128) : null;
}
