import type { IncomingMessage, ServerResponse } from "node:http";

import type { Request, RequestHandler, Response } from "express";

import type { Charge } from "./charge/charge.ts";
import { type Delivery, usedFor } from "./charge/delivery.ts";
import type { Incoming } from "./charge/identify.ts";
import type { Lines, Used } from "./charge/lines.ts";
import type { Refusal } from "./charge/refusal.ts";
import { type CreditsOptions, createService } from "./charge/service.ts";
import { chargeAnswer } from "./node/chargeAnswer.ts";

export interface ChargeOptions {
  /** the most that the work may take, known before it begins */
  readonly lines: Lines | ((req: Request) => Lines | Promise<Lines>);
  /**
   * What was really used, asked once the answer has ended, also if the caller left. By default what
   * the handler noted (`chargeOf(res).add`); if it noted nothing, all of the lines.
   */
  readonly measure?: (req: Request, res: Response, delivery: Delivery) => Used | Promise<Used>;
  /** seconds that the work may take, by default 120; its hold is extended up to then */
  readonly mostSeconds?: number;
}

/** Charges the requests of an Express application. */
export interface Credits {
  /**
   * Holds the cost before the handlers after it run, and charges what the work took. A request that
   * cannot be paid never reaches them. Answers 401, 402, 403, 409, 429 or 503 then, as a problem
   * (RFC 9457).
   */
  charge(options: ChargeOptions): RequestHandler;
  /** Resolves once every charge is known to the server, or has failed: call it before the end. */
  settled(): Promise<void>;
}

/** Throws a `CreditsError` (`invalid_input`) unless `server` is a whole address. */
export function createCredits(options: CreditsOptions): Credits {
  const service = createService(options);
  return {
    charge: ({ lines, measure, mostSeconds }) =>
      async function chargeRequest(req, res, next) {
        const asked = typeof lines === "function" ? await lines(req) : lines;
        const opened = await service.open(incomingOf(req), { lines: asked, mostSeconds });
        if ("refusal" in opened) {
          refuse(res, opened.refusal);
          return;
        }
        const { charge } = opened;
        charges.set(res, charge);
        chargeAnswer(res, charge, {
          usedFor: async (delivery) =>
            usedFor(
              charge,
              delivery,
              await measured(delivery, () => measure?.(req, res, delivery)),
            ),
          onError: service.onError,
        });
        next();
      },
    settled: () => service.settled(),
  };
}

/** The charge of the request that is being answered. Throws if `credits.charge` does not stand before. */
export function chargeOf(res: ServerResponse): Charge {
  const charge = charges.get(res);
  if (charge !== undefined) return charge;
  throw new Error("this route charges nothing: put credits.charge({ … }) before the handler");
}

/**
 * Keeps the bytes of a body, which a wallet's signature covers: `express.json({ verify: keepBody })`.
 */
export function keepBody(req: IncomingMessage, _res: ServerResponse, bytes: Buffer): void {
  bodies.set(req, bytes);
}

const charges = new WeakMap<ServerResponse, Charge>();
const bodies = new WeakMap<IncomingMessage, Buffer>();

/** What was measured of an answer that is no error. */
async function measured(
  { status }: Delivery,
  measure: () => Used | Promise<Used> | undefined,
): Promise<Used | undefined> {
  return status >= 400 ? undefined : await measure();
}

function incomingOf(req: Request): Incoming {
  return {
    method: req.method,
    target: req.originalUrl,
    header: (name) => req.get(name),
    body: () => Promise.resolve(bodyOf(req)),
  };
}

function bodyOf(req: Request): Uint8Array<ArrayBuffer> | null | undefined {
  const hasBody =
    req.get("transfer-encoding") !== undefined || Number(req.get("content-length") ?? 0) > 0;
  if (!hasBody) return null;
  const bytes = bodies.get(req) ?? (Buffer.isBuffer(req.body) ? req.body : undefined);
  return bytes === undefined ? undefined : new Uint8Array(bytes);
}

function refuse(res: Response, { status, headers, problem }: Refusal): void {
  res.status(status).set(headers).type("application/problem+json").send(JSON.stringify(problem));
}
