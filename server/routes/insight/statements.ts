import { Router } from "express";

import { ANSWERS } from "@compute-credits/api/bounds";
import { getAccountStatement, getProviderStatement } from "@compute-credits/api/insight/statements";
import { respondCsv, wantsCsv } from "../../http/csv.ts";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import { fail } from "../../http/problem.ts";
import { timeRange } from "../../http/timeRange.ts";
import type {
  AccountStatement,
  ProviderStatement,
  SettledRow,
  StatementStore,
} from "../../stores/insight/statementStore.ts";

export interface StatementDeps {
  readonly statements: StatementStore;
  readonly permit: Permit;
  /** the database's clock */
  readonly now: () => Promise<Date>;
}

interface Range {
  readonly from: Date;
  readonly to: Date;
}

const LIMIT = ANSWERS.groups.most;

const COLUMNS = ["kind", "at", "name", "amountMicros", "reference"];

export function statementRoutes({ statements, permit, now }: StatementDeps): Router {
  const router = Router();

  mount(router, getAccountStatement, async ({ req, res, read, answer }) => {
    const { params } = read();
    const { address } = params;
    await permit.check(getAccountStatement, req, { account: address });
    const { query } = read();
    const range = timeRange(query, await now());
    const found = await statements.account({ address, ...range, limit: LIMIT });
    checkLength(
      found.days,
      found.purchases,
      found.requests,
      found.refunds,
      found.writeOffs,
      found.settlements,
    );
    if (wantsCsv(req)) {
      respondCsv(res, COLUMNS, accountRows(found, range));
      return null;
    }
    return answer(200, {
      account: address,
      ...range,
      asOf: found.asOf,
      block: found.block,
      debitsPath: debitsPath("accounts", address, range),
      openingMicros: found.openingMicros,
      closingMicros: found.closingMicros,
      purchases: found.purchases.map((purchase) => ({
        ...purchase,
        kind: purchase.payer === address ? ("purchase" as const) : ("top_up" as const),
      })),
      refundRequests: found.requests,
      refunds: found.refunds,
      writeOffs: found.writeOffs,
      debits: found.days.map(({ key: day, meter, events, amountMicros }) => ({
        day,
        meter,
        events,
        amountMicros,
      })),
      settled: describeSettled(found.settled),
      settlements: found.settlements,
      reconciles: found.reconciles,
      notKept: [
        ...(found.openingMicros === null ? (["purchase_times"] as const) : []),
        ...settlementsNotKept(found, range),
      ],
    });
  });

  mount(router, getProviderStatement, async ({ req, res, read, answer }) => {
    const { params } = read();
    const { address } = params;
    await permit.check(getProviderStatement, req, { provider: address });
    const { query } = read();
    const range = timeRange(query, await now());
    const found = await statements.provider({ address, ...range, limit: LIMIT });
    checkLength(found.days, found.settlements);
    if (wantsCsv(req)) {
      respondCsv(res, COLUMNS, providerRows(found, range));
      return null;
    }
    return answer(200, {
      provider: address,
      ...range,
      asOf: found.asOf,
      block: found.block,
      debitsPath: debitsPath("providers", address, range),
      openingMicros: found.openingMicros,
      closingMicros: found.closingMicros,
      earnings: found.days.map(({ key: day, meter, events, amountMicros, feeMicros }) => ({
        day,
        meter,
        events,
        amountMicros,
        feeMicros,
        earnedMicros: amountMicros - feeMicros,
      })),
      settled: describeSettled(found.settled),
      settlements: found.settlements,
      reconciles: found.reconciles,
      notKept: settlementsNotKept(found, range),
    });
  });

  return router;
}

/** Throws if a list is longer than an answer may be: no statement leaves a movement out. */
function checkLength(...lists: readonly (readonly unknown[])[]): void {
  if (lists.every(({ length }) => length <= LIMIT)) return;
  throw fail(
    422,
    "too_many_groups",
    `A list of the statement has more than ${LIMIT} entries: ask for a shorter range.`,
    { maxGroups: LIMIT },
  );
}

function debitsPath(of: "accounts" | "providers", address: string, { from, to }: Range): string {
  return `/v1/${of}/${address}/debits?from=${from.toISOString()}&to=${to.toISOString()}`;
}

function settlementsNotKept(
  { settlementsSince }: AccountStatement | ProviderStatement,
  { from }: Range,
): "settlement_times"[] {
  return settlementsSince !== null && from < settlementsSince ? ["settlement_times"] : [];
}

function describeSettled(settled: SettledRow | null) {
  if (settled === null) return null;
  const { epoch, spent, refunded, earned } = settled;
  return { epoch, spentMicros: spent, refundedMicros: refunded, earnedMicros: earned };
}

/** Movements have the sign with which they change the balance. */
function accountRows(found: AccountStatement, { from, to }: Range) {
  return [
    ["opening", from, "", found.openingMicros, ""],
    ...found.purchases.map(({ at, payer, amountMicros, transactionHash }) => [
      "purchase",
      at,
      payer,
      amountMicros,
      transactionHash,
    ]),
    ...found.refunds.map(({ at, epoch, amountMicros }) => [
      "refund",
      at,
      "",
      -amountMicros,
      `epoch ${epoch}`,
    ]),
    ...found.writeOffs.map(({ at, amountMicros }) => ["write_off", at, "", amountMicros, ""]),
    ...found.days.map(({ key, meter, amountMicros }) => ["debits", key, meter, -amountMicros, ""]),
    ["closing", to, "", found.closingMicros, ""],
    ...ending(found),
  ];
}

function providerRows(found: ProviderStatement, { from, to }: Range) {
  return [
    ["opening", from, "", found.openingMicros, ""],
    ...found.days.map(({ key, meter, amountMicros, feeMicros }) => [
      "earnings",
      key,
      meter,
      amountMicros - feeMicros,
      "",
    ]),
    ["closing", to, "", found.closingMicros, ""],
    ...ending(found),
  ];
}

/** Below the closing balance: settlements change no balance. */
function ending({ asOf, block, settlements, reconciles }: AccountStatement | ProviderStatement) {
  return [
    ...settlements.flatMap(({ at, transactionHash, ...row }) =>
      (["spent", "refunded", "earned"] as const)
        .filter((part) => row[`${part}Micros`] > 0n)
        .map((part) => ["settled", at, part, row[`${part}Micros`], transactionHash]),
    ),
    ["as_of", asOf, "", null, `block ${block.number}`],
    ["reconciles", asOf, reconciles ? "yes" : "no", null, ""],
  ];
}
