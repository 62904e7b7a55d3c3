import type { Scope } from "@compute-credits/protocol/messages/allowance";
import { type LabelLimits, checkLabels } from "../../http/labelLimits.ts";
import { SCOPE_NAMES_PER_REQUEST } from "@compute-credits/api/bounds";
import { type ProblemError, fail } from "../../http/problem.ts";
import type { Limits } from "../../limits.ts";

export type BatchLimits = LabelLimits & Pick<Limits, "maxGrantsPerRequest">;

/** Throws if a list in the body exceeds the server's limit, before anything in it is looked at. */
export function checkLength(
  body: unknown,
  name: "grants" | "codes",
  { maxGrantsPerRequest }: BatchLimits,
): void {
  const list: unknown = body instanceof Object && name in body ? Reflect.get(body, name) : null;
  if (Array.isArray(list) && list.length > maxGrantsPerRequest) {
    throw tooLarge(`${maxGrantsPerRequest} grants or codes`, { maxGrantsPerRequest });
  }
}

/**
 * Throws if the scope of an item, or all scopes together, exceed the server's limits. A list that is
 * left empty is the campaign's.
 */
export function checkScopes(
  list: readonly { readonly scope: Scope | null }[],
  campaign: Scope,
  limits: BatchLimits,
): void {
  let names = 0;
  for (const { scope } of list) {
    checkLabels({ scope }, limits);
    if (scope === null) continue;
    const { providers, meters } = scope;
    names += providers.length === 0 ? campaign.providers.length : providers.length;
    names += meters.length === 0 ? campaign.meters.length : meters.length;
  }
  if (names > SCOPE_NAMES_PER_REQUEST) {
    throw tooLarge(`${SCOPE_NAMES_PER_REQUEST} names in its scopes`, {
      maxScopeNamesPerRequest: SCOPE_NAMES_PER_REQUEST,
    });
  }
}

function tooLarge(what: string, limit: Readonly<Record<string, number>>): ProblemError {
  const detail = `The request has more than ${what}: send it in parts.`;
  return fail(413, "batch_too_large", detail, limit);
}

export function countOutcomes(outcomes: readonly { readonly result: string }[]) {
  const refused = outcomes.filter(({ result }) => result === "refused").length;
  return { accepted: outcomes.length - refused, refused };
}

/** Pairs each item of a request with its outcome. Throws if one has none, which is a bug. */
export function withOutcomes<Item, Outcome, Described>(
  items: readonly Item[],
  outcomes: readonly Outcome[],
  describe: (item: Item, outcome: Outcome) => Described,
): readonly Described[] {
  return items.map((item, index) => {
    const outcome = outcomes[index];
    if (outcome === undefined) throw new RangeError("an item has no outcome");
    return describe(item, outcome);
  });
}
