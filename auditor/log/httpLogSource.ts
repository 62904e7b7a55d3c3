import type { Address, Hex } from "viem";
import { z } from "zod";

import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { LOG_ACCESS_SECONDS } from "@compute-credits/protocol/messages/logAccess";
import { CheckpointJson, RowJson } from "@compute-credits/protocol/json/checkpoint";
import { AddressField } from "@compute-credits/protocol/json/fields";
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
  domain: z.object({ chainId: z.number(), verifyingContract: AddressField }),
  feeBps: whole,
  limits: z.object({ maxQuoteSeconds: z.number() }),
});
const Rows = z.object({ rows: z.array(RowJson) });
const Problem = z.object({ reason: z.string(), detail: z.string() });

/** A server's answer is never waited for longer; what was under way is asked for again. */
const PATIENCE_MS = 60_000;

/** A server refused, in its own words. */
export class ServerRefused extends Error {
  override readonly name = "ServerRefused";
  readonly reason: string;

  constructor(path: string, status: number, { reason, detail }: z.output<typeof Problem>) {
    super(`${path} was answered ${status} ${reason}: ${detail}`);
    this.reason = reason;
  }
}

export interface LogReader {
  readonly address: Address;
  readonly signAccess: (deployment: Deployment, issuedAt: bigint) => Promise<Hex>;
}

/** A metering server over HTTP. */
export function httpLogSource(
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
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const document: unknown = await response.json();
    if (!response.ok) {
      const problem = Problem.safeParse(document);
      throw new ServerRefused(
        path,
        response.status,
        problem.data ?? { reason: "unreadable", detail: "it is no problem document" },
      );
    }
    return schema.parse(document);
  }

  return {
    async terms() {
      const { domain, feeBps, limits } = await ask("/v1/deployment", Announced);
      const announced = { chainId: domain.chainId, contract: domain.verifyingContract };
      return { deployment: announced, feeBps, maxQuoteSeconds: limits.maxQuoteSeconds };
    },
    async cuts(after) {
      const { cuts } = await ask(`/v1/log/cuts?after=${after}`, Cuts);
      return cuts.map(({ checkpoint: message, ...cut }) => ({ ...cut, message }));
    },
    async page({ since, upTo }, cursor) {
      const query = new URLSearchParams();
      if (since !== null) query.set("since", since);
      if (upTo !== null) query.set("upTo", upTo);
      if (cursor !== null) query.set("after", cursor);
      const page = await ask(`/v1/log?${query.toString()}`, Page);
      return { entries: page.entries, upTo: page.upTo, next: page.nextCursor };
    },
    async rows(epoch) {
      return (await ask(`/v1/checkpoints/${epoch}/rows`, Rows)).rows;
    },
    async cosign(epoch, signed) {
      await ask(`/v1/checkpoints/${epoch}/signatures`, z.unknown(), {
        method: "POST",
        body: JSON.stringify(signed),
      });
    },
  };
}
