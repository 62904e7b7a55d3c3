import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { Address } from "viem";

import type { LabelLimits } from "../../http/labelLimits.ts";
import type { Problem } from "../../http/problem.ts";
import type { Sale } from "../../http/sale.ts";
import type { Caller } from "../../stores/providers/providerStore.ts";
import type { UsageLedger } from "../../stores/usage/usageLedger.ts";
import type { CheckedEvidence } from "../../stores/evidence/evidenceStore.ts";
import { type EvidenceDeps, type SentEvidence, checkEvidence } from "../evidence/checkEvidence.ts";
import { parseCloudEvent } from "./parseCloudEvent.ts";
import type { EventGroup } from "@compute-credits/rules/usage/usageEvent";
import { groupRefused, usageProblem } from "./usageProblem.ts";

export interface ReportDeps extends EvidenceDeps {
  readonly usage: Pick<UsageLedger, "record">;
  readonly limits: LabelLimits;
  readonly sale: Sale;
}

/**
 * Parses what a provider reports and records the good events. One outcome each, in order. Nothing of
 * a group is recorded if one of its events is malformed.
 */
export async function recordReport(
  deps: ReportDeps,
  { provider, asOfRevocations }: Caller,
  inputs: readonly unknown[],
) {
  const { usage, limits, sale } = deps;
  const { parsed, checked } = await withEvidence(deps, provider, inputs, limits);
  const groups = new Map<string, EventGroup>();
  const events = parsed.flatMap((result) => {
    if ("problem" in result) return [];
    const { event, group: id } = result;
    if (id === undefined) return event;
    const group = groups.get(id) ?? { id };
    groups.set(id, group);
    return { ...event, group };
  });
  const outcomes = (await usage.record(events, asOfRevocations)).values();
  const described = parsed.map((result, index) => {
    if ("problem" in result) return refused(idOf(inputs[index]), result.problem);
    const { value: outcome } = outcomes.next();
    if (outcome === undefined) throw new Error("the ledger returns one outcome for each event");
    return describe(result.event.id, outcome, sale);
  });
  if (checked.size === 0) return described;
  return await recordEvidence(deps, provider, described, checked);
}

/** Records the evidence of what is charged now or was before. A repetition makes up for a crash. */
async function recordEvidence<Outcome extends { readonly id: string | null }>(
  { evidence }: Pick<ReportDeps, "evidence">,
  provider: Address,
  outcomes: readonly Outcome[],
  checked: ReadonlyMap<number, CheckedEvidence>,
) {
  const charged = [...checked].filter(([at]) => !("problem" in (outcomes[at] ?? { problem: 0 })));
  const kept = await evidence.record(
    provider,
    charged.map(([, one]) => one),
  );
  const byPlace = new Map(charged.map(([at], index) => [at, kept[index]]));
  return outcomes.map((one, at) => {
    const outcome = byPlace.get(at);
    return outcome === undefined ? one : { ...one, evidence: outcome };
  });
}

/** Parses the inputs, and checks the evidence of those that have some. Bad evidence is a refusal. */
async function withEvidence(
  deps: EvidenceDeps,
  provider: Address,
  inputs: readonly unknown[],
  limits: LabelLimits,
) {
  const parsed = inputs.map((input) => parseCloudEvent(input, provider, limits));
  const sent = parsed.flatMap((one): SentEvidence[] => {
    if ("problem" in one || one.evidence === undefined) return [];
    const { id, quantity } = one.event;
    return [{ eventId: id, quantity, evidence: one.evidence }];
  });
  /** by the place of the input: an event may be sent twice, with different evidence */
  const checked = new Map<number, CheckedEvidence>();
  if (sent.length === 0) return { parsed: refuseGroups(inputs, parsed), checked };
  const results = (await checkEvidence(deps, provider, sent)).values();
  const judged = parsed.map((one, at): Parsed => {
    if ("problem" in one || one.evidence === undefined) return one;
    const { value: result } = results.next();
    if (result === undefined) throw new Error("each evidence has a result");
    if ("problem" in result) return result;
    checked.set(at, result);
    return one;
  });
  return { parsed: refuseGroups(inputs, judged), checked };
}

type Parsed = ReturnType<typeof parseCloudEvent>;

/** Refuses the well-formed events whose group has a malformed one. */
function refuseGroups(inputs: readonly unknown[], parsed: readonly Parsed[]): readonly Parsed[] {
  const refusedBy = new Map<string, string | null>();
  for (const [index, result] of parsed.entries()) {
    const group = "problem" in result ? groupOf(inputs[index]) : null;
    if (group !== null && !refusedBy.has(group)) refusedBy.set(group, idOf(inputs[index]));
  }
  if (refusedBy.size === 0) return parsed;
  return parsed.map((result) => {
    if ("problem" in result || result.group === undefined) return result;
    const id = refusedBy.get(result.group);
    return id === undefined ? result : { problem: groupRefused(id) };
  });
}

/** The group of an input that need not be an event; `null` if it names none. */
function groupOf(input: unknown): string | null {
  const hasGroup = typeof input === "object" && input !== null && "group" in input;
  return hasGroup && typeof input.group === "string" ? input.group : null;
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
