import type { Scope } from "@compute-credits/protocol/messages/allowance";
import type { Limits } from "../limits.ts";
import { type Problem, ProblemError, problem } from "./problem.ts";

export type LabelLimits = Pick<
  Limits,
  "maxEventIdLength" | "maxDimensions" | "maxDimensionValueLength" | "maxScopeNames"
>;

/** The texts that are stored with events, holds and allowances. */
interface Labels {
  /** of an event or a hold */
  readonly id?: string;
  readonly dimensions?: Readonly<Record<string, string>>;
  readonly scope?: Scope | null;
}

/** The first label that exceeds the operator's limits, which are within those of the schemas. */
export function labelProblem(
  { id, dimensions = {}, scope }: Labels,
  limits: LabelLimits,
): Problem | null {
  const { maxEventIdLength, maxDimensions, maxDimensionValueLength, maxScopeNames } = limits;
  const values = Object.values(dimensions);
  if (id !== undefined && id.length > maxEventIdLength) {
    return tooLong(`The id is longer than ${maxEventIdLength} characters: shorten it.`, {
      maxEventIdLength,
    });
  }
  if (values.length > maxDimensions) {
    return tooLong(`There are more than ${maxDimensions} dimensions: leave some out.`, {
      maxDimensions,
    });
  }
  if (values.some((value) => value.length > maxDimensionValueLength)) {
    return tooLong(
      `The value of a dimension is longer than ${maxDimensionValueLength} characters: shorten it.`,
      { maxDimensionValueLength },
    );
  }
  const named = Math.max(scope?.providers.length ?? 0, scope?.meters.length ?? 0);
  if (named > maxScopeNames) {
    return tooLong(
      `The scope names more than ${maxScopeNames} providers or meters: ` +
        "name fewer, or none for all.",
      { maxScopeNames },
    );
  }
  return null;
}

/** Throws a 422 that names the limit. */
export function checkLabels(labels: Labels, limits: LabelLimits): void {
  const found = labelProblem(labels, limits);
  if (found !== null) throw new ProblemError(found);
}

function tooLong(detail: string, limit: Readonly<Record<string, number>>): Problem {
  return problem(422, "label_too_long", detail, limit);
}
