import { lookup as resolve } from "node:dns";
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { type LookupFunction, isIP } from "node:net";

import { type AddressList, createAddressList } from "./addressList.ts";
import { isPublicAddress } from "./publicAddress.ts";

/** What an endpoint that a stranger chose answered. */
export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** Posts to URLs that strangers choose. Rejects with an `Error` that says why there is no answer. */
export interface GuardedPost {
  post(
    url: string,
    request: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
    signal: AbortSignal,
  ): Promise<PostAnswer>;
  /** Why nothing is ever posted to the URL; `null` if that depends on what its name resolves to. */
  refusalOf(url: string): string | null;
}

export interface GuardOptions {
  /** networks that may be reached although they are not public, then also by plain http */
  readonly networks: readonly string[];
  /** for the name, the connection and the answer together */
  readonly timeoutMs: number;
  /** resolves names; a test has its own */
  readonly lookup?: LookupFunction;
}

/** Of an answer's body, of which nothing is used. The rest is not read. */
const MOST_BYTES = 16 * 1_024;

/** Bytes of the headers of an answer. */
const MOST_HEADER_BYTES = 8 * 1_024;

/**
 * Reaches public addresses only. The address is checked when the connection is made, and that very
 * address is connected to, so that a name cannot resolve to another one in between. No redirect is
 * followed, no connection is kept, and no proxy of the environment is used.
 */
export function createGuardedPost({
  networks,
  timeoutMs,
  lookup = resolve,
}: GuardOptions): GuardedPost {
  const isListed = createAddressList(networks);
  const isPlainAllowed = networks.length > 0;

  function refusalOf(text: string): string | null {
    const url = URL.parse(text);
    if (url === null) return "it is no URL";
    if (url.protocol !== "https:" && url.protocol !== "http:") return "it is not https";
    if (url.username !== "" || url.password !== "") return "it holds a user or a password";
    if (url.protocol === "http:" && !isPlainAllowed) return "it is not https";
    const host = hostOf(url);
    return isIP(host) === 0 ? null : refusalOfAddress(host, url, isListed);
  }

  return {
    refusalOf,
    async post(text, { headers, body }, signal) {
      const refusal = refusalOf(text);
      if (refusal !== null) throw new Error(`nothing is sent there: ${refusal}`);
      const url = new URL(text);
      const options = {
        method: "POST",
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
        lookup: guardedLookup(url, isListed, lookup),
        maxHeaderSize: MOST_HEADER_BYTES,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      };
      const { promise, resolve: onAnswer, reject } = Promise.withResolvers<IncomingMessage>();
      const request =
        url.protocol === "https:"
          ? requestHttps(url, { ...options, agent: new HttpsAgent() }, onAnswer)
          : requestHttp(url, { ...options, agent: new HttpAgent() }, onAnswer);
      request.on("error", reject);
      request.end(body);
      try {
        const answer = await promise;
        await readAtMost(answer, MOST_BYTES);
        return { status: answer.statusCode ?? 0, retryAfter: answer.headers["retry-after"] };
      } finally {
        request.destroy();
      }
    },
  };
}

/** Without the brackets of IPv6. `URL` has made `0x7f.1` and `2130706433` into `127.0.0.1`. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

function refusalOfAddress(address: string, { protocol }: URL, isListed: AddressList) {
  if (isListed(address)) return null;
  if (!isPublicAddress(address)) return "its address is not public";
  return protocol === "https:" ? null : "it is not https";
}

/** A lookup that gives only addresses that may be reached, and fails without any. */
function guardedLookup(url: URL, isListed: AddressList, lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const all = typeof found === "string" ? [{ address: found, family: isIP(found) }] : found;
      const refusals = all.map(({ address }) => refusalOfAddress(address, url, isListed));
      const reachable = all.filter((_address, index) => refusals[index] === null);
      const [first] = reachable;
      if (first === undefined) {
        const why = refusals.find((refusal) => refusal !== null) ?? "its name has no address";
        callback(new Error(`nothing is sent there: ${why}`), []);
      } else if (options.all === true) callback(null, reachable);
      else callback(null, first.address, first.family);
    });
  };
}

/** Reads an answer to its end, or to a bound: the caller then ends the connection. */
async function readAtMost(answer: IncomingMessage, mostBytes: number): Promise<void> {
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += Buffer.byteLength(chunk);
    if (bytes > mostBytes) return;
  }
}
