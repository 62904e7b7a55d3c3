import { z } from "zod";

import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { CheckpointJson, RowJson } from "@compute-credits/protocol/json/checkpoint";
import { DomainJson } from "@compute-credits/protocol/json/domain";
import { whole } from "@compute-credits/rules/log/storedJson";
import { Entry } from "@compute-credits/rules/log/logEntrySchema";
import { type LogReader, ServerRefused, createLogClient } from "./logClient.ts";
import { type LogSource, PAGE_ENTRIES } from "./logSource.ts";

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

/** Creates a source that reads a metering server over HTTP. */
export function createHttpLogSource(
  serverUrl: string,
  deployment: Deployment,
  reader: LogReader,
): LogSource {
  const ask = createLogClient(serverUrl, deployment, reader);

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
      const query = new URLSearchParams({ limit: `${PAGE_ENTRIES}` });
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
    async cosignReceipt({ provider, earned, epoch }, signed) {
      try {
        await ask(`/v1/receipts/${provider}/signatures`, z.unknown(), {
          method: "POST",
          body: jsonText({ earned, epoch, ...signed }),
        });
        return "taken";
      } catch (error) {
        if (error instanceof ServerRefused && error.reason === "receipt_replaced")
          return "replaced";
        throw error;
      }
    },
    async cosign(epoch, signed) {
      await ask(`/v1/checkpoints/${epoch}/signatures`, z.unknown(), {
        method: "POST",
        body: jsonText(signed),
      });
    },
  };
}
