import { type Request, Router } from "express";

import { listAccountDebits, listProviderDebits } from "@compute-credits/api/insight/debits";
import type { RequestOf } from "@compute-credits/api/route";
import { respondCsv, wantsCsv } from "../../http/csv.ts";
import { type Answer, type Call, mount } from "../../http/mount.ts";
import { boundedPage } from "../../http/page.ts";
import type { InsightStore, LogOwner, LoggedDebit } from "../../stores/insight/insightStore.ts";
import { cursorOf, placeOf } from "./debitCursor.ts";
import type { ReaderCheck } from "./readerAccess.ts";

export interface DebitDeps {
  readonly insight: Pick<InsightStore, "debits">;
  readonly checkReader: ReaderCheck;
}

export function debitRoutes({ insight, checkReader }: DebitDeps): Router {
  const router = Router();

  mount(router, listAccountDebits, (call) => debits("account", call, call.read()));
  mount(router, listProviderDebits, (call) => debits("provider", call, call.read()));

  async function debits(
    role: LogOwner["role"],
    { req, res, answer }: Pick<Call<typeof listAccountDebits>, "req" | "res" | "answer">,
    { params, query }: Pick<RequestOf<typeof listAccountDebits>, "params" | "query">,
  ): Promise<Answer> {
    const { address } = params;
    const { cursor, limit, meter, spender, from, to } = query;
    const after = cursor === undefined ? null : placeOf(cursor);
    await checkReader(req, address);
    const page = await insight.debits(
      { role, address },
      { meter: meter ?? null, spender: spender ?? null, from: from ?? null, to: to ?? null },
      { after, limit },
    );
    const { shown, last } = boundedPage(page, limit, describe);
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

function describe(debit: LoggedDebit) {
  return { ...debit, earnedMicros: debit.amountMicros - debit.feeMicros };
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
