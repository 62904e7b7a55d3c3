import { Router } from "express";

import { ANSWERS } from "@compute-credits/api/bounds";
import { getAccountUsage, getProviderEarnings } from "@compute-credits/api/insight/usageSums";
import type { RequestOf } from "@compute-credits/api/route";
import { respondCsv, wantsCsv } from "../../http/csv.ts";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import { fail } from "../../http/problem.ts";
import { timeRange } from "../../http/timeRange.ts";
import type {
  Grouping,
  InsightStore,
  LogOwner,
  UsageSum,
} from "../../stores/insight/insightStore.ts";

const MAX_GROUPS = ANSWERS.groups.most;

export interface UsageSumDeps {
  readonly insight: Pick<InsightStore, "usage">;
  readonly permit: Permit;
  /** the database's clock */
  readonly now: () => Promise<Date>;
}

export function usageSumRoutes(deps: UsageSumDeps): Router {
  const router = Router();

  mount(router, getAccountUsage, async ({ req, res, read, answer }) => {
    const { params } = read();
    const { address } = params;
    await deps.permit.check(getAccountUsage, req, { account: address });
    const { query } = read();
    const sums = await readSums(deps, { role: "account", address }, query);
    if (!wantsCsv(req)) return answer(200, { account: address, ...describe(sums) });
    respondCsv(res, columnsOf(sums), sums.groups.map(cellsOf));
    return null;
  });

  mount(router, getProviderEarnings, async ({ req, res, read, answer }) => {
    const { params } = read();
    const { address } = params;
    await deps.permit.check(getProviderEarnings, req, { provider: address });
    const { query } = read();
    const sums = await readSums(deps, { role: "provider", address }, query);
    if (!wantsCsv(req)) return answer(200, { provider: address, ...describe(sums) });
    respondCsv(res, columnsOf(sums), sums.groups.map(cellsOf));
    return null;
  });

  return router;
}

type SumsQuery =
  RequestOf<typeof getAccountUsage>["query"] | RequestOf<typeof getProviderEarnings>["query"];

interface Sums {
  readonly from: Date;
  readonly to: Date;
  readonly groupBy: Grouping;
  readonly groups: readonly UsageSum[];
}

async function readSums(
  { insight, now }: UsageSumDeps,
  owner: LogOwner,
  query: SumsQuery,
): Promise<Sums> {
  const { groupBy } = query;
  const { from, to } = timeRange(query, await now());
  const groups = await insight.usage(owner, { groupBy, from, to, limit: MAX_GROUPS + 1 });
  if (groups.length > MAX_GROUPS) {
    throw fail(
      422,
      "too_many_groups",
      `The sums have more than ${MAX_GROUPS} groups: ask for a shorter range.`,
      { maxGroups: MAX_GROUPS },
    );
  }
  return { from, to, groupBy, groups };
}

function describe({ from, to, groupBy, groups }: Sums) {
  const amountMicros = groups.reduce((sum, group) => sum + group.amountMicros, 0n);
  const feeMicros = groups.reduce((sum, group) => sum + group.feeMicros, 0n);
  return {
    from,
    to,
    groupBy,
    groups: groups.map((group) => ({ ...group, earnedMicros: earnedOf(group) })),
    amountMicros,
    feeMicros,
    earnedMicros: amountMicros - feeMicros,
  };
}

function columnsOf({ groupBy }: Sums): readonly string[] {
  const key = groupBy === "meter" ? "key" : groupBy;
  return [key, "meter", "quantity", "events", "amountMicros", "feeMicros", "earnedMicros"];
}

function cellsOf(group: UsageSum) {
  const { key, meter, quantity, events, amountMicros, feeMicros } = group;
  return [key, meter, quantity, events, amountMicros, feeMicros, earnedOf(group)];
}

function earnedOf({ amountMicros, feeMicros }: UsageSum): bigint {
  return amountMicros - feeMicros;
}
