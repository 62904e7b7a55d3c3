import { type Request, Router } from "express";

import {
  listAccountDebits,
  listProviderDebits,
  listSpenderDebits,
} from "@compute-credits/api/insight/debits";
import type { RequestOf } from "@compute-credits/api/route";
import { basisOf } from "@compute-credits/rules/pricing/priceBasis";
import { respondCsv, wantsCsv } from "../../http/csv.ts";
import { type Answer, type Call, mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import { boundedPage } from "../../http/page.ts";
import type { DebitOwner, InsightStore, LoggedDebit } from "../../stores/insight/insightStore.ts";
import { cursorOf, placeOf } from "./debitCursor.ts";

export interface DebitDeps {
  readonly insight: Pick<InsightStore, "debits">;
  readonly permit: Permit;
}

export function debitRoutes({ insight, permit }: DebitDeps): Router {
  const router = Router();

  mount(router, listAccountDebits, async (call) => {
    const { params } = call.read();
    await permit.check(listAccountDebits, call.req, { account: params.address });
    const { query } = call.read();
    return await debits({ role: "account", address: params.address }, call, query);
  });

  mount(router, listProviderDebits, async (call) => {
    const { params } = call.read();
    await permit.check(listProviderDebits, call.req, { provider: params.address });
    const { query } = call.read();
    return await debits({ role: "provider", address: params.address }, call, query);
  });

  mount(router, listSpenderDebits, async (call) => {
    const { params } = call.read();
    await permit.check(listSpenderDebits, call.req, { spender: params.spender });
    const { query } = call.read();
    return await debits({ role: "spender", spender: params.spender }, call, query);
  });

  async function debits(
    owner: DebitOwner,
    { req, res, answer }: Pick<Call<typeof listAccountDebits>, "req" | "res" | "answer">,
    query: RequestOf<typeof listAccountDebits>["query"],
  ): Promise<Answer> {
    const { cursor, limit, meter, spender, from, to } = query;
    const after = cursor === undefined ? null : placeOf(cursor);
    const page = await insight.debits(
      owner,
      { meter: meter ?? null, spender: spender ?? null, from: from ?? null, to: to ?? null },
      { after, limit },
    );
    const { shown, last } = boundedPage(page, limit, (debit) => describe(debit, owner));
    const nextCursor = last === undefined ? null : cursorOf(last);
    if (nextCursor !== null) res.links({ next: `?${queryWith(req, nextCursor)}` });
    if (!wantsCsv(req)) return answer(200, { debits: shown, nextCursor });
    respondCsv(res, COLUMNS, page.slice(0, shown.length).map(cellsOf));
    return null;
  }

  return router;
}

function queryWith(req: Request, cursor: string): string {
  const query = new URLSearchParams(req.originalUrl.split("?")[1] ?? "");
  query.set("cursor", cursor);
  return query.toString();
}

function describe(debit: LoggedDebit, owner: DebitOwner) {
  const { priceBasis } = debit;
  return {
    ...debit,
    // What other accounts have used is theirs to read.
    priceBasis: owner.role === "account" ? basisOf(priceBasis, owner.address) : priceBasis,
    earnedMicros: debit.amountMicros - debit.feeMicros,
  };
}

const COLUMNS = [
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

function cellsOf(debit: LoggedDebit) {
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
