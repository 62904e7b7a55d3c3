import { readFileSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";

import type { Kubelet } from "./collector.ts";

/** An answer's most bytes: 110 pods have about 2 MB. */
const MOST_BYTES = 67_108_864;

const TIMEOUT_MS = 10_000;

export interface KubeletOptions {
  /** such as `https://10.0.0.7:10250`, or its read-only port over HTTP */
  readonly url: string;
  /** a service account's token, which the kubelet asks the API server about */
  readonly tokenFile: string;
  /** the certificate authority of the kubelet's certificate */
  readonly caFile: string;
}

/** The kubelet of a node, asked with a service account's token. Reads the token anew each time. */
export function openKubelet({ url, tokenFile, caFile }: KubeletOptions): Kubelet {
  const pool = { keepAlive: true, maxSockets: 2 };
  const isTls = new URL(url).protocol === "https:";
  const agent = isTls ? new TlsAgent({ ...pool, ca: readFileSync(caFile) }) : new Agent(pool);
  const send = isTls ? tlsRequest : request;
  const get = async (path: string): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    // Kubernetes renews the token in its file.
    const authorization = `Bearer ${readFileSync(tokenFile, "utf8").trim()}`;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const sent = send(new URL(path, url), { agent, headers: { authorization }, signal });
    sent.once("response", resolve).once("error", reject);
    sent.end();
    const response = await promise;
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response) {
      if (!Buffer.isBuffer(chunk)) continue;
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw new Error(`the kubelet's ${path} is too long`);
      chunks.push(chunk);
    }
    const { statusCode } = response;
    if (statusCode === 200) return JSON.parse(Buffer.concat(chunks).toString("utf8"));
    throw new Error(`the kubelet answered ${statusCode} to ${path}: see the role in the recipe`);
  };
  return { pods: () => get("/pods"), summary: () => get("/stats/summary") };
}
