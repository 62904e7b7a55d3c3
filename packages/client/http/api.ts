import { jsonText } from "@compute-credits/protocol/jsonText";
/** What a metering server answered instead of what was asked for: an RFC 9457 problem. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly status: number;
  /** stable: branch on this */
  readonly reason: string;
  readonly document: Readonly<Record<string, unknown>>;

  constructor(status: number, document: Readonly<Record<string, unknown>>) {
    super(`${status} ${String(document["reason"])}: ${String(document["detail"])}`);
    this.status = status;
    this.reason = String(document["reason"]);
    this.document = document;
  }
}

export interface Api {
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
}

/**
 * The HTTP API of a metering server. `key` is a provider's; reading needs none. Amounts are sent and answered as
 * decimal text. Rejects with an `ApiProblem` where the server refuses.
 */
export function createApi(url: string, { key }: { key?: string } = {}): Api {
  const authorization: Record<string, string> =
    key === undefined ? {} : { authorization: `Bearer ${key}` };

  async function call(path: string, init: RequestInit): Promise<unknown> {
    const response = await fetch(new URL(path, url), init);
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
