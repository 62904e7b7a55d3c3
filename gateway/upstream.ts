import {
  type IncomingMessage,
  type RequestOptions,
  Agent as HttpAgent,
  request as http,
} from "node:http";
import { Agent as HttpsAgent, request as https } from "node:https";

import { hasCode } from "@compute-credits/platform/process/errorCode";
import { GatewayError } from "./http/gatewayError.ts";

export interface UpstreamOptions {
  /** its address, with the path before `/v1` if there is one */
  readonly url: string;
  /** the gateway's own key for it; `null` if it takes none */
  readonly key: string | null;
  /** milliseconds without a byte until the upstream counts as gone */
  readonly silenceMs: number;
}

export interface UpstreamRequest {
  readonly method: "GET" | "POST";
  /** with `/v1` */
  readonly path: string;
  readonly body: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  /** ends the request, also while it is answered */
  readonly signal: AbortSignal;
}

/** The server that does the work. It never sees its callers' keys. */
export interface Upstream {
  /** Resolves with the answer's head. Rejects with a `GatewayError` (502) if there is none. */
  ask(request: UpstreamRequest): Promise<IncomingMessage>;
  close(): void;
}

export function createUpstream({ url, key, silenceMs }: UpstreamOptions): Upstream {
  const base = new URL(url);
  const isSecure = base.protocol === "https:";
  const agent = isSecure
    ? new HttpsAgent({ keepAlive: true, maxFreeSockets: 256 })
    : new HttpAgent({ keepAlive: true, maxFreeSockets: 256 });
  const prefix = base.pathname.replace(/\/(v1\/?)?$/, "");
  const credentials: Readonly<Record<string, string>> =
    key === null ? {} : { authorization: `Bearer ${key}`, "x-api-key": key };

  async function once(asked: UpstreamRequest, body: Buffer | null): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const options: RequestOptions = {
      agent,
      method: asked.method,
      hostname: base.hostname,
      port: base.port,
      path: `${prefix}${asked.path}`,
      signal: asked.signal,
      timeout: silenceMs,
      headers: {
        ...asked.headers,
        ...credentials,
        // The gateway reads the answer, and must not have to decompress it.
        "accept-encoding": "identity",
        ...(body === null
          ? {}
          : { "content-type": "application/json", "content-length": body.length }),
      },
    };
    const sent = isSecure ? https(options) : http(options);
    sent.once("response", resolve);
    sent.once("error", reject);
    sent.once("timeout", () => sent.destroy(new Error(`silent for ${silenceMs} ms`)));
    sent.end(body ?? undefined);
    try {
      return await promise;
    } catch (error) {
      // An idle connection may be closed just as it is used: then nothing was asked yet.
      if (sent.reusedSocket && hasCode(error, "ECONNRESET") && !asked.signal.aborted)
        return await once(asked, body);
      throw error;
    }
  }

  return {
    async ask(asked) {
      try {
        return await once(asked, asked.body);
      } catch (cause) {
        throw new GatewayError(
          502,
          "upstream_unreachable",
          "The server behind this gateway did not answer. Nothing was charged. Try again later.",
          { retryAfterSeconds: 5, cause },
        );
      }
    },
    close: () => agent.destroy(),
  };
}
