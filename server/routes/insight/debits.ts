import { type Request, type Response, Router } from "express";

import { AddressField } from "@compute-credits/protocol/json/fields";
import { respondCsv, wantsCsv } from "../../http/csv.ts";
import { boundedPage } from "../../http/page.ts";
import { parse } from "../../http/parse.ts";
import { respond } from "../../http/respond.ts";
import type { InsightStore, LogOwner, LoggedDebit } from "../../stores/insight/insightStore.ts";
import { DebitQuery, cursorOf } from "./debitQuery.ts";
import type { ReaderCheck } from "./readerAccess.ts";

export interface DebitDeps {
  readonly insight: Pick<InsightStore, "debits">;
  readonly checkReader: ReaderCheck;
}

/**
 * `GET /v1/accounts/:address/debits`: what the account paid, newest first, in pages.
 * `GET /v1/providers/:address/debits`: what the provider was paid, in the same form.
 * As CSV with `Accept: text/csv`; then a `Link` header leads to the next page.
 */
export function debitRoutes({ insight, checkReader }: DebitDeps): Router {
  const router = Router();

  router.get("/accounts/:address/debits", (req, res) => debits("account", req, res));
  router.get("/providers/:address/debits", (req, res) => debits("provider", req, res));

  async function debits(role: LogOwner["role"], req: Request, res: Response): Promise<void> {
    const address = parse(AddressField, req.params["address"]);
    const { cursor, limit, meter, spender, from, to } = parse(DebitQuery, req.query);
    await checkReader(req, address);
    const page = await insight.debits(
      { role, address },
      { meter: meter ?? null, spender: spender ?? null, from: from ?? null, to: to ?? null },
      { after: cursor ?? null, limit },
    );
    const { shown, last } = boundedPage(page, limit, describe);
    const nextCursor = last === undefined ? null : cursorOf(last);
    if (nextCursor !== null) res.links({ next: `?${queryWith(req, nextCursor)}` });
    if (wantsCsv(req)) respondCsv(res, COLUMNS, page.slice(0, shown.length).map(cellsOf));
    else respond(res, 200, { debits: shown, nextCursor });
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
