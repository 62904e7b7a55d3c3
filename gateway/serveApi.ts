import type { IncomingMessage, ServerResponse } from "node:http";

import { isEventStream } from "@compute-credits/express/charge/answerHeaders";
import type { Incoming } from "@compute-credits/express/charge/identify";
import type { Service } from "@compute-credits/express/charge/service";
import { answerStream } from "./answerStream.ts";
import { answerWhole } from "./answerWhole.ts";
import { type Api, BadRequest, type Prepared } from "./apis/api.ts";
import { GatewayError } from "./http/gatewayError.ts";
import { bodyTooLong, readBytes } from "./http/readBody.ts";
import { sendRefusal } from "./http/sendProblem.ts";
import { type Json, isRecord } from "@compute-credits/protocol/json/isRecord";
import { parseJson, textIn } from "./json.ts";
import { type Model, type Models, linesOf } from "./models.ts";
import { inputBound } from "./promptBound.ts";
import type { Upstream } from "./upstream.ts";
import { createCounter } from "./usage/countTokens.ts";
import type { Exchange } from "./exchange.ts";

export interface ApiDeps {
  readonly service: Service;
  readonly upstream: Upstream;
  readonly models: Models;
  /** seconds that one request may take: it is ended shortly before */
  readonly requestSeconds: number;
  readonly maxBodyBytes: number;
}

/**
 * Serves one request: checks it, holds the most that it may cost, asks the upstream, and charges what
 * the caller got. Throws a `GatewayError` if the caller has no answer yet.
 */
export async function serveApi(
  api: Api,
  { req, res }: { readonly req: IncomingMessage; readonly res: ServerResponse },
  { service, upstream, models, requestSeconds, maxBodyBytes }: ApiDeps,
): Promise<void> {
  const bytes = await readBytes(req, maxBodyBytes, () => bodyTooLong(maxBodyBytes));
  const { body, model } = readRequest(bytes, models);
  const asked = prepare(api, body, model);
  const most = { input: inputBound(asked, bytes.length, model), output: asked.maxOutput };
  const opened = await service.open(incomingOf(req, bytes), {
    lines: linesOf(model, most),
    mostSeconds: requestSeconds,
  });
  if ("refusal" in opened) {
    sendRefusal(res, opened.refusal, api.errors);
    return;
  }

  const { charge } = opened;
  const leave = () => charge.abandon();
  res.once("close", leave);
  try {
    const answer = await upstream.ask({
      method: "POST",
      path: api.path,
      body: Buffer.from(JSON.stringify({ ...asked.body, model: model.upstreamName ?? model.name })),
      headers: headersFor(api, req),
      signal: charge.signal,
    });
    const count = createCounter(model, upstream);
    const exchange: Exchange = { api, asked, model, charge, answer, count, req, res };
    const isStream = isEventStream(answer.headers["content-type"]);
    await (isStream && answer.statusCode === 200 ? answerStream(exchange) : answerWhole(exchange));
  } catch (error) {
    // Whatever was charged before stays: a charge is finished once.
    await charge.finish({});
    throw error;
  } finally {
    res.off("close", leave);
  }
}

function readRequest(
  bytes: Buffer,
  models: Models,
): { readonly body: Json; readonly model: Model } {
  const body = parseJson(bytes.toString("utf8"));
  if (!isRecord(body)) {
    throw new GatewayError(400, "invalid_request", "The body must be a JSON object.");
  }
  const name = textIn(body, "model");
  const model = models.find(name);
  if (model === null) {
    const text = `The model ${JSON.stringify(name.slice(0, 64))} is not offered. GET /v1/models lists those that are.`;
    throw new GatewayError(404, "model_not_found", text, { param: "model" });
  }
  return { body, model };
}

function prepare(api: Api, body: Json, model: Model): Prepared {
  try {
    return api.prepare(body, model);
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    const { message, param } = error;
    throw new GatewayError(400, "invalid_request", message, { param, cause: error });
  }
}

function incomingOf(req: IncomingMessage, bytes: Buffer<ArrayBuffer>): Incoming {
  return {
    method: req.method ?? "POST",
    target: req.url ?? "/",
    header: (name) => req.headers[name]?.toString(),
    body: () => Promise.resolve(bytes.length === 0 ? null : bytes),
  };
}

/** Nothing else of the caller reaches the upstream, least of all its key. */
function headersFor(api: Api, req: IncomingMessage): Record<string, string> {
  const version = req.headers["anthropic-version"];
  return api.errors === "anthropic" && typeof version === "string"
    ? { "anthropic-version": version }
    : {};
}
