import { jsonText } from "@compute-credits/protocol/jsonText";

/** A metering server's refusal: an RFC 9457 problem. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly status: number;
  /** stable, in snake_case: callers branch on it */
  readonly reason: string;
  /** the whole problem document */
  readonly document: Readonly<Record<string, unknown>>;

  constructor(status: number, document: Readonly<Record<string, unknown>>) {
    super(`${status} ${String(document["reason"])}: ${String(document["detail"])}`);
    this.status = status;
    this.reason = String(document["reason"]);
    this.document = document;
  }
}

/** Requests to a metering server with JSON bodies. */
export interface Api {
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
}

/** Milliseconds until a request without an answer fails. */
const TIMEOUT_MS = 60_000;

/**
 * Creates a client of a metering server's HTTP API. A request that the connection loses is sent
 * once more: a server may close an idle connection just as it is used. Repeating is safe, because
 * the server takes every message once. `key` is a provider's key; public reads need
 * none. Amounts are decimal text in both directions. Requests reject with `ApiProblem` on a
 * refusal.
 */
export function createApi(url: string, { key }: { key?: string } = {}): Api {
  const authorization: Record<string, string> =
    key === undefined ? {} : { authorization: `Bearer ${key}` };

  async function call(path: string, init: RequestInit): Promise<unknown> {
    const response = await send(new URL(path, url), init);
    const document: unknown = await response.json();
    if (!response.ok) throw new ApiProblem(response.status, isRecord(document) ? document : {});
    return document;
  }

  return {
    get: (path) => call(path, { headers: authorization }),
    post: (path, body) =>
      call(path, {
        method: "POST",
        headers: { ...authorization, "content-type": "application/json" },
        body: jsonText(body),
      }),
  };
}

async function send(to: URL, init: RequestInit): Promise<Response> {
  const attempt = () => fetch(to, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  return await attempt().catch(async (error: unknown) => {
    // `fetch` rejects with a TypeError if the network fails, and with another error on a timeout.
    if (error instanceof TypeError) return await attempt();
    throw error;
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
