import type { Limits } from "../limits.ts";
import type { Scope } from "@compute-credits/protocol/messages/allowance";
import { type Problem, ProblemError, problem } from "./problem.ts";

/** What things are labelled with. The formats bound it, and the operator may bound it more. */
interface Labels {
  /** of an event, or a hold */
  readonly id?: string;
  readonly dimensions?: Readonly<Record<string, string>>;
  readonly scope?: Scope | null;
}

/** What is too long or too many for this server; `null` where nothing is. */
export function labelProblem(
  { id, dimensions = {}, scope }: Labels,
  limits: Limits,
): Problem | null {
  const { maxEventIdLength, maxDimensions, maxDimensionValueLength, maxScopeNames } = limits;
  const values = Object.values(dimensions);
  if (id !== undefined && id.length > maxEventIdLength) {
    return tooLong(`An id has at most ${maxEventIdLength} characters.`, { maxEventIdLength });
  }
  if (values.length > maxDimensions) {
    return tooLong(`There are at most ${maxDimensions} dimensions.`, { maxDimensions });
  }
  if (values.some((value) => value.length > maxDimensionValueLength)) {
    return tooLong(`A dimension's value has at most ${maxDimensionValueLength} characters.`, {
      maxDimensionValueLength,
    });
  }
  const named = Math.max(scope?.providers.length ?? 0, scope?.meters.length ?? 0);
  if (named > maxScopeNames) {
    return tooLong(`A scope has at most ${maxScopeNames} providers, and as many meters.`, {
      maxScopeNames,
    });
  }
  return null;
}

export function checkLabels(labels: Labels, limits: Limits): void {
  const found = labelProblem(labels, limits);
  if (found !== null) throw new ProblemError(found);
}

function tooLong(detail: string, limit: Readonly<Record<string, number>>): Problem {
  return problem(422, "label_too_long", detail, limit);
}
