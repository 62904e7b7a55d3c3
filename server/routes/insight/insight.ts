import { type Request, type Response, Router } from "express";
import { z } from "zod";

import { parse } from "../../http/parse.ts";
import { TimeField, Bytes32Field, AddressField } from "@compute-credits/protocol/json/fields";
import { available } from "@compute-credits/rules/accounts/account";
import { budgetUse } from "@compute-credits/rules/insight/budgetUse";
import { BURN_WINDOWS, burnMicrosPerHour } from "@compute-credits/rules/insight/burn";
import { runway } from "@compute-credits/rules/insight/runway";
import type { LogOwner, LoggedDebit } from "../../stores/insight/insightStore.ts";
import type { Context } from "../../context.ts";
import { respondCsv, wantsCsv } from "../../http/csv.ts";
import { LimitField, LogQuery, cursorOf } from "../../http/logQuery.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import { timeRange } from "../../http/timeRange.ts";

const MAX_GROUPS = 10_000;

const range = { from: TimeField.optional(), to: TimeField.optional() };
const UsageQuery = z.strictObject({
  ...range,
  groupBy: z.enum(["meter", "day", "spender", "provider", "allowance"]).default("meter"),
});
const EarningsQuery = z.strictObject({
  ...range,
  groupBy: z.enum(["meter", "day", "spender", "account", "allowance"]).default("meter"),
});
const BudgetQuery = z.strictObject({ cursor: Bytes32Field.optional(), limit: LimitField });

/**
 * `GET /v1/accounts/:address/debits`, `GET /v1/providers/:address/debits`: what was charged, newest first, in pages.
 * `GET /v1/accounts/:address/usage`, `GET /v1/providers/:address/earnings`: sums of that.
 * `GET /v1/accounts/:address/runway`: how fast the account is spent, and how long it lasts.
 * `GET /v1/accounts/:address/budgets`: how far its allowances are used.
 * Debits and sums as CSV too, with `Accept: text/csv`.
 */
export function insightRoutes({ insight, allowances: allowanceStore }: Context): Router {
  const router = Router();

  router.get("/accounts/:address/debits", (req, res) => debits("account", req, res));
  router.get("/providers/:address/debits", (req, res) => debits("provider", req, res));

  router.get("/accounts/:address/usage", async (req, res) => {
    await sums("account", parse(UsageQuery, req.query), req, res);
  });
  router.get("/providers/:address/earnings", async (req, res) => {
    await sums("provider", parse(EarningsQuery, req.query), req, res);
  });

  router.get("/accounts/:address/runway", async (req, res) => {
    const address = parse(AddressField, req.params.address);
    const outlook = await insight.outlook(address, BURN_WINDOWS);
    const { now, account, allowances, holds, windows } = outlook;
    respond(res, 200, {
      account: address,
      asOf: now,
      windows: windows.map((window) => ({
        ...window,
        burnMicrosPerHour: burnMicrosPerHour(window),
        runway: runway(outlook, window),
      })),
      reckonedWith: {
        availableMicros: available(account),
        spentMicros: account.spent,
        heldMicros: account.held,
        refundWaitingMicros: account.refundWaiting,
        holds: shown(
          holds.map(({ allowance, heldMicros, expiresAt }) => ({
            allowance,
            heldMicros,
            backAt: expiresAt,
          })),
        ),
        holdCount: holds.length,
        allowances: shown(
          allowances.map((allowance) => {
            const { id, message } = allowance;
            const counter = account.counter;
            const use = budgetUse(allowance, { now, counter, spent24hMicros: 0n });
            return {
              id,
              spender: message.spender,
              remainingMicros: use.remainingMicros,
              limitMicros: message.limit,
              rolloverMicros: message.rollover,
              periodEndsAt: use.periodEndsAt,
              startsAt: message.startsAt,
              expiresAt: message.expiresAt,
              accountCapMicros: message.accountCap,
            };
          }),
        ),
        allowanceCount: allowances.length,
      },
    });
  });

  router.get("/accounts/:address/budgets", async (req, res) => {
    const address = parse(AddressField, req.params.address);
    const { cursor, limit } = parse(BudgetQuery, req.query);
    const { now, counter, budgets } = await insight.budgets(address, {
      after: cursor ?? null,
      limit,
    });
    const last = budgets.length === limit ? budgets.at(-1) : undefined;
    respond(res, 200, {
      account: address,
      asOf: now,
      budgets: budgets.map(({ allowance, spent24hMicros }) => ({
        allowance: allowance.id,
        spender: allowance.message.spender,
        campaign: allowance.campaign,
        ...budgetUse(allowance, { now, counter, spent24hMicros }),
        spent24hMicros,
      })),
      nextCursor: last?.allowance.id ?? null,
    });
  });

  async function debits(role: LogOwner["role"], req: Request, res: Response): Promise<void> {
    const address = parse(AddressField, req.params["address"]);
    const { cursor, limit, meter, spender, from, to } = parse(LogQuery, req.query);
    const list = await insight.debits(
      { role, address },
      { meter: meter ?? null, spender: spender ?? null, from: from ?? null, to: to ?? null },
      { after: cursor ?? null, limit },
    );
    const last = list.length === limit ? list.at(-1) : undefined;
    const nextCursor = last === undefined ? null : cursorOf(last);
    if (nextCursor !== null) res.links({ next: `?${pageAfter(req, nextCursor)}` });
    if (wantsCsv(req)) respondCsv(res, DEBIT_COLUMNS, list.map(debitRow));
    else respond(res, 200, { debits: list.map(describeDebit), nextCursor });
  }

  async function sums(
    role: LogOwner["role"],
    query: z.infer<typeof UsageQuery> | z.infer<typeof EarningsQuery>,
    req: Request,
    res: Response,
  ): Promise<void> {
    const address = parse(AddressField, req.params["address"]);
    const { groupBy } = query;
    const { from, to } = timeRange(query, await allowanceStore.now());
    const groups = await insight.usage(
      { role, address },
      { groupBy, from, to, limit: MAX_GROUPS + 1 },
    );
    if (groups.length > MAX_GROUPS) {
      throw fail(
        422,
        "too_many_groups",
        `There are more than ${MAX_GROUPS} groups: ask for a shorter time.`,
        {
          maxGroups: MAX_GROUPS,
        },
      );
    }
    if (wantsCsv(req)) {
      const rows = groups.map((sum) => [
        sum.key,
        sum.meter,
        sum.quantity,
        sum.events,
        sum.amountMicros,
        sum.feeMicros,
        sum.amountMicros - sum.feeMicros,
      ]);
      respondCsv(res, [groupBy === "meter" ? "key" : groupBy, ...SUM_COLUMNS], rows);
      return;
    }
    const total = (of: "amountMicros" | "feeMicros" | "events") =>
      groups.reduce((sum, group) => sum + group[of], 0n);
    respond(res, 200, {
      [role]: address,
      from,
      to,
      groupBy,
      groups: groups.map((group) => ({
        ...group,
        earnedMicros: group.amountMicros - group.feeMicros,
      })),
      amountMicros: total("amountMicros"),
      feeMicros: total("feeMicros"),
      earnedMicros: total("amountMicros") - total("feeMicros"),
    });
  }

  return router;
}

/** Enough to follow the reckoning; the counts beside it tell whether there are more. */
function shown<T>(list: readonly T[]): readonly T[] {
  return list.slice(0, 100);
}

function pageAfter(req: Request, cursor: string): string {
  const query = new URLSearchParams(req.originalUrl.split("?")[1] ?? "");
  query.set("cursor", cursor);
  return query.toString();
}

function describeDebit(debit: LoggedDebit) {
  const { amountMicros, feeMicros } = debit;
  return { ...debit, earnedMicros: amountMicros - feeMicros };
}

const SUM_COLUMNS = ["meter", "quantity", "events", "amountMicros", "feeMicros", "earnedMicros"];

const DEBIT_COLUMNS = [
  "recordedAt",
  "occurredAt",
  "provider",
  "eventId",
  "part",
  "account",
  "allowance",
  "spender",
  "meter",
  "dimensions",
  "quantity",
  "rateCardVersion",
  "amountMicros",
  "feeMicros",
  "earnedMicros",
  "voidedAt",
];

function debitRow(debit: LoggedDebit) {
  return [
    debit.recordedAt,
    debit.occurredAt,
    debit.provider,
    debit.eventId,
    debit.part,
    debit.account,
    debit.allowance,
    debit.spender,
    debit.meter,
    JSON.stringify(debit.dimensions),
    debit.quantity,
    debit.rateCardVersion,
    debit.amountMicros,
    debit.feeMicros,
    debit.amountMicros - debit.feeMicros,
    debit.voidedAt,
  ];
}
