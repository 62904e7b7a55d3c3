import { createHash, timingSafeEqual } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import {
  type McpServerFactory,
  createMcpHandler,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from "@modelcontextprotocol/server";

import { close, listen } from "@compute-credits/platform/process/httpServer";

const HOST = "127.0.0.1";
const MOST_BODY_BYTES = 256 * 1_024;
const MOST_CONNECTIONS = 64;
const STOP_WITHIN_MS = 5_000;

export interface HttpServing {
  /** where clients connect to, with the path */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves MCP over Streamable HTTP on this machine only, at `/mcp`. Refuses a `Host` or an `Origin`
 * that is not this machine's, which stops pages that rebind a name to it, and clients without the
 * bearer token. 0 takes any free port.
 */
export async function serveHttp(
  factory: McpServerFactory,
  {
    port,
    token,
    onBug,
  }: {
    readonly port: number;
    readonly token: string;
    readonly onBug: (error: unknown) => void;
  },
): Promise<HttpServing> {
  const handler = createMcpHandler(factory, {
    maxRequestBodySize: MOST_BODY_BYTES,
    maxSubscriptions: MOST_CONNECTIONS,
    onerror: onBug,
  });
  const refuse = (request: Request): Response | null =>
    hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
    originValidationResponse(request, localhostAllowedOrigins()) ??
    refuseWithoutToken(request, token) ??
    refuseOtherPath(request);

  const http = createServer(
    { requestTimeout: 60_000, headersTimeout: 20_000, maxHeaderSize: 16_384 },
    (req, res) => {
      const request = toRequest(req, res);
      Promise.resolve(refuse(request) ?? handler.fetch(request))
        .then((response) => write(res, response))
        .catch((error: unknown) => {
          // A client that left is no bug.
          if (!res.destroyed) onBug(error);
          res.destroy();
        });
    },
  );
  http.maxConnections = MOST_CONNECTIONS;
  const url = await listen(http, { host: HOST, port, portSetting: "--http" });
  return {
    url: `${url}/mcp`,
    async stop() {
      await handler.close();
      await close(http, STOP_WITHIN_MS);
    },
  };
}

function toRequest(req: IncomingMessage, res: ServerResponse): Request {
  const left = new AbortController();
  res.once("close", () => left.abort());
  const { method = "GET", url = "/", headers } = req;
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(new URL(URL.canParse(url, BASE) ? url : "/", BASE), {
    method,
    headers: Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      typeof value === "string" ? [[name, value]] : [],
    ),
    signal: left.signal,
    ...(hasBody ? { body: Readable.toWeb(req), duplex: "half" } : {}),
  });
}

const BASE = `http://${HOST}`;

async function write(res: ServerResponse, response: Response): Promise<void> {
  res.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) {
    res.end();
    return;
  }
  await pipeline(response.body, res);
}

/** Compares hashes, so that the time tells nothing of the token. */
function refuseWithoutToken(request: Request, token: string): Response | null {
  const sent = request.headers.get("authorization") ?? "";
  if (timingSafeEqual(hashOf(sent), hashOf(`Bearer ${token}`))) return null;
  return Response.json(
    {
      reason: "missing_credentials",
      message: "Send the MCP server's token: Authorization: Bearer <MCP_TOKEN>.",
    },
    { status: 401, headers: { "www-authenticate": 'Bearer realm="compute-credits"' } },
  );
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function refuseOtherPath(request: Request): Response | null {
  if (new URL(request.url).pathname === "/mcp") return null;
  return Response.json({ reason: "not_found", message: "MCP is served at /mcp." }, { status: 404 });
}
