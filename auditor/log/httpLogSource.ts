import type { Address, Hex } from "viem";
import { z } from "zod";

import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { LOG_ACCESS_SECONDS } from "@compute-credits/protocol/messages/logAccess";
import { CheckpointJson, RowJson } from "@compute-credits/protocol/json/checkpoint";
import { DomainJson } from "@compute-credits/protocol/json/domain";
import { ProblemJson } from "@compute-credits/protocol/json/problem";
import { whole } from "@compute-credits/rules/log/storedJson";
import { Entry } from "@compute-credits/rules/log/logEntrySchema";
import type { LogSource } from "./logSource.ts";

const Cuts = z.object({
  cuts: z.array(
    z.object({
      id: whole,
      checkpoint: CheckpointJson,
      status: z.enum(["prepared", "pending", "final", "dropped", "abandoned"]),
      snapshot: z.string().nullable(),
    }),
  ),
});
const Page = z.object({
  entries: z.array(Entry),
  upTo: z.string(),
  nextCursor: z.string().nullable(),
});
const Announced = z.object({
  domain: DomainJson,
  feeBps: whole,
  limits: z.object({ maxQuoteSeconds: z.number() }),
  deploymentBlock: whole.nullable().default(null),
});
const Rows = z.object({ rows: z.array(RowJson) });

/** The time limit of a request. The auditor's next step repeats it. */
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

/** Creates a source that reads a metering server over HTTP. */
export function createHttpLogSource(
  serverUrl: string,
  deployment: Deployment,
  reader: LogReader,
): LogSource {
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

  async function ask<Schema extends z.ZodType>(
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
  }

  return {
    async terms() {
      const { domain, limits, ...terms } = await ask("/v1/deployment", Announced);
      const announced = { chainId: domain.chainId, contract: domain.verifyingContract };
      return { ...terms, deployment: announced, maxQuoteSeconds: limits.maxQuoteSeconds };
    },
    async cuts(after) {
      const { cuts } = await ask(`/v1/log/cuts?after=${after}`, Cuts);
      return cuts.map(({ checkpoint: message, ...cut }) => ({ ...cut, message }));
    },
    async page({ since, upTo }, cursor, seen = null) {
      const query = new URLSearchParams();
      if (since !== null) query.set("since", since);
      if (upTo !== null) query.set("upTo", upTo);
      if (cursor !== null) query.set("after", cursor);
      if (seen !== null) query.set("seen", `${seen}`);
      const page = await ask(`/v1/log?${query.toString()}`, Page);
      return { entries: page.entries, upTo: page.upTo, next: page.nextCursor };
    },
    async rows(epoch) {
      return (await ask(`/v1/checkpoints/${epoch}/rows`, Rows)).rows;
    },
    async cosign(epoch, signed) {
      await ask(`/v1/checkpoints/${epoch}/signatures`, z.unknown(), {
        method: "POST",
        body: jsonText(signed),
      });
    },
  };
}
