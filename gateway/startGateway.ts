import { type IncomingMessage, type ServerResponse, createServer } from "node:http";

import { close, listen } from "@compute-credits/platform/process/httpServer";
import type { Api } from "./apis/api.ts";
import { chatCompletions } from "./apis/chatCompletions.ts";
import { completions } from "./apis/completions.ts";
import { embeddings } from "./apis/embeddings.ts";
import { messages } from "./apis/messages.ts";
import { responses } from "./apis/responses.ts";
import { GatewayError } from "./http/gatewayError.ts";
import { sendError } from "./http/sendProblem.ts";
import { type ApiDeps, serveApi } from "./serveApi.ts";
import { serveModels } from "./serveModels.ts";

const APIS: readonly Api[] = [chatCompletions, completions, responses, embeddings, messages];

/** Milliseconds that requests under way have at the end. */
const STOP_WITHIN_MS = 30_000;

export interface GatewayOptions extends ApiDeps {
  readonly host: string;
  /** 0 takes any free port */
  readonly port: number;
  readonly maxConnections: number;
  /** told of what the provider has to mend */
  readonly onError: (error: unknown) => void;
}

export interface Gateway {
  readonly url: string;
  readonly server: ReturnType<typeof createServer>;
  /** Lets requests under way end, and waits for their charges. */
  stop(): Promise<void>;
}

/** Starts the gateway. Throws a `ConfigError` if the port is taken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const server = createServer(
    { requestTimeout: 60_000, headersTimeout: 20_000, maxHeaderSize: 16_384, noDelay: true },
    (req, res) => void serve(req, res, options),
  );
  server.maxConnections = options.maxConnections;
  const { host, port } = options;
  const url = await listen(server, { host, port, portSetting: "--port" });
  return {
    url,
    server,
    async stop() {
      await close(server, STOP_WITHIN_MS);
      await options.service.settled();
      options.upstream.close();
    },
  };
}

async function serve(
  req: IncomingMessage,
  res: ServerResponse,
  options: GatewayOptions,
): Promise<void> {
  const [path = "/"] = (req.url ?? "/").split("?");
  const api = req.method === "POST" ? APIS.find((one) => one.path === path) : undefined;
  try {
    if (api !== undefined) await serveApi(api, { req, res }, options);
    else if (req.method === "GET" && (await serveModels(path, res, options))) return;
    else throw notFound();
  } catch (error) {
    if (res.destroyed) return;
    const known = error instanceof GatewayError ? error : failed(error);
    if (known.status >= 500) options.onError(error);
    // What was not read of the request would hold the connection up.
    if (!req.complete) res.setHeader("connection", "close");
    sendError(res, known, api?.errors ?? "openai");
  }
}

function notFound(): GatewayError {
  const paths = [...APIS.map(({ path }) => `POST ${path}`), "GET /v1/models"];
  return new GatewayError(404, "not_found", `This gateway serves ${paths.join(", ")}.`);
}

/** A bug of the gateway: the caller learns no more. */
function failed(cause: unknown): GatewayError {
  return new GatewayError(500, "internal_error", "The gateway failed. Tell its provider.", {
    cause,
  });
}
