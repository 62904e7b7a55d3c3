import { Router } from "express";
import type { Address } from "viem";
import { z } from "zod";

import { AddressField, TimeField } from "@compute-credits/protocol/json/fields";
import { ANSWERS } from "@compute-credits/api/bounds";
import { respondCsv, wantsCsv } from "../../http/csv.ts";
import { parse } from "../../http/parse.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import { timeRange } from "../../http/timeRange.ts";
import type {
  Grouping,
  InsightStore,
  LogOwner,
  UsageSum,
} from "../../stores/insight/insightStore.ts";
import type { ReaderCheck } from "./readerAccess.ts";

const MAX_GROUPS = ANSWERS.groups.most;

const UsageQuery = z.strictObject({
  from: TimeField.optional(),
  to: TimeField.optional(),
  groupBy: z.enum(["meter", "day", "spender", "provider", "allowance"]).default("meter"),
});
const EarningsQuery = UsageQuery.extend({
  groupBy: z.enum(["meter", "day", "spender", "account", "allowance"]).default("meter"),
});

export interface UsageSumDeps {
  readonly insight: Pick<InsightStore, "usage">;
  readonly checkReader: ReaderCheck;
  /** the database's clock */
  readonly now: () => Promise<Date>;
}

/**
 * `GET /v1/accounts/:address/usage`: sums of what the account paid, by group.
 * `GET /v1/providers/:address/earnings`: sums of what the provider was paid, by group.
 * As CSV with `Accept: text/csv`.
 */
export function usageSumRoutes(deps: UsageSumDeps): Router {
  const router = Router();

  router.get("/accounts/:address/usage", async (req, res) => {
    const address = parse(AddressField, req.params.address);
    await deps.checkReader(req, address);
    const sums = await readSums(deps, { role: "account", address }, parse(UsageQuery, req.query));
    if (wantsCsv(req)) respondCsv(res, columnsOf(sums), sums.groups.map(cellsOf));
    else respond(res, 200, describe("account", address, sums));
  });

  router.get("/providers/:address/earnings", async (req, res) => {
    const address = parse(AddressField, req.params.address);
    await deps.checkReader(req, address);
    const query = parse(EarningsQuery, req.query);
    const sums = await readSums(deps, { role: "provider", address }, query);
    if (wantsCsv(req)) respondCsv(res, columnsOf(sums), sums.groups.map(cellsOf));
    else respond(res, 200, describe("provider", address, sums));
  });

  return router;
}

interface Sums {
  readonly from: Date;
  readonly to: Date;
  readonly groupBy: Grouping;
  readonly groups: readonly UsageSum[];
}

async function readSums(
  { insight, now }: UsageSumDeps,
  owner: LogOwner,
  query: z.output<typeof UsageQuery> | z.output<typeof EarningsQuery>,
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

function describe(role: LogOwner["role"], address: Address, { from, to, groupBy, groups }: Sums) {
  const amountMicros = groups.reduce((sum, group) => sum + group.amountMicros, 0n);
  const feeMicros = groups.reduce((sum, group) => sum + group.feeMicros, 0n);
  return {
    [role]: address,
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
