import type { Address, Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { z } from "zod";

import { lowercaseHex } from "@compute-credits/protocol/hex";
import { ProblemJson } from "@compute-credits/protocol/json/problem";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import {
  LOG_ACCESS_SECONDS,
  logAccessTypedData,
} from "@compute-credits/protocol/messages/logAccess";

/** The time limit of a request. The next step repeats it. */
const TIMEOUT_MS = 60_000;

/** Thrown for a server's refusal, with its problem document. */
export class ServerRefused extends Error {
  override readonly name = "ServerRefused";
  readonly reason: string;

  constructor(path: string, status: number, { reason, detail }: z.output<typeof ProblemJson>) {
    super(`${path} returned ${status} ${reason}: ${detail}`);
    this.reason = reason;
  }
}

/** The reader of the log, which signs its requests for access. */
export interface LogReader {
  readonly address: Address;
  readonly signAccess: (deployment: Deployment, issuedAt: bigint) => Promise<Hex>;
}

/** The reader that a private key is. */
export function logReaderOf(privateKey: Hex): LogReader {
  const account = privateKeyToAccount(privateKey);
  const reader = lowercaseHex(account.address);
  return {
    address: reader,
    signAccess: (deployment, issuedAt) =>
      account.signTypedData(logAccessTypedData(deployment, { reader, issuedAt })),
  };
}

/** Asks a metering server as a reader of its log. Rejects with `ServerRefused`. */
export type AskLog = <Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  init?: RequestInit,
) => Promise<z.output<Schema>>;

/** Creates a client that signs its requests for access to the log. */
export function createLogClient(
  serverUrl: string,
  deployment: Deployment,
  reader: LogReader,
): AskLog {
  let credentials = { text: "", until: 0 };

  async function authorization(): Promise<string> {
    const now = Date.now();
    if (now >= credentials.until) {
      const issuedAt = BigInt(Math.floor(now / 1000));
      const signature = await reader.signAccess(deployment, issuedAt);
      credentials = {
        text: `LogAccess ${reader.address} ${issuedAt} ${signature}`,
        until: now + (Number(LOG_ACCESS_SECONDS) * 1000) / 2,
      };
    }
    return credentials.text;
  }

  return async function ask<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    init: RequestInit = {},
  ): Promise<z.output<Schema>> {
    const response = await fetch(new URL(path, serverUrl), {
      ...init,
      headers: { "content-type": "application/json", authorization: await authorization() },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const document: unknown = await response.json();
    if (!response.ok) {
      const problem = ProblemJson.safeParse(document);
      throw new ServerRefused(
        path,
        response.status,
        problem.data ?? { reason: "unreadable", detail: "the answer is not a problem document" },
      );
    }
    return schema.parse(document);
  };
}
