import type { ServerResponse } from "node:http";

import { GatewayError } from "./http/gatewayError.ts";
import { readBytes } from "./http/readBody.ts";
import { passedHeaders } from "./exchange.ts";
import type { Models } from "./models.ts";
import type { Upstream } from "./upstream.ts";

const MOST_BYTES = 4 * 1_024 * 1_024;
const WAIT_MS = 10_000;

/**
 * `GET /v1/models` and `/v1/models/{name}`: the models that the provider lists, or else those that
 * the upstream does. Returns whether it was one of these. They cost nothing and need no key.
 */
export async function serveModels(
  path: string,
  res: ServerResponse,
  { models, upstream }: { readonly models: Models; readonly upstream: Upstream },
): Promise<boolean> {
  const [, name = null] = /^\/v1\/models(?:\/([^/]+))?$/.exec(path) ?? [];
  if (name === null && path !== "/v1/models") return false;
  if (models.names === null) {
    await passOn(path, res, upstream);
    return true;
  }
  const all = models.names.map((id) => ({ id, object: "model", created: 0, owned_by: "provider" }));
  const one = name === null ? null : all.find(({ id }) => id === decoded(name));
  if (one === undefined) {
    throw new GatewayError(404, "model_not_found", "This model is not offered.", {
      param: "model",
    });
  }
  const text = JSON.stringify(one ?? { object: "list", data: all });
  res.writeHead(200, { "content-type": "application/json" }).end(text);
  return true;
}

async function passOn(path: string, res: ServerResponse, upstream: Upstream): Promise<void> {
  const signal = AbortSignal.timeout(WAIT_MS);
  const answer = await upstream.ask({ method: "GET", path, body: null, headers: {}, signal });
  const bytes = await readBytes(
    answer,
    MOST_BYTES,
    () => new GatewayError(502, "upstream_failed", "The list of models is too long."),
  );
  const headers = { ...passedHeaders(answer), "content-length": bytes.length };
  res.writeHead(answer.statusCode ?? 502, headers).end(bytes);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
