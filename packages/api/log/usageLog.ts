import { z } from "zod";

import { CheckpointJson, SignerSignatureJson } from "@compute-credits/protocol/json/checkpoint";
import { PAGES } from "../bounds.ts";
import { CheckpointStatus } from "../checkpoints/checkpointStatus.ts";
import { Bytes32Text, NextCursor, TimeText, UintText, limitField } from "../fields.ts";
import { route } from "../route.ts";
import { LOG_ENTRIES } from "./entries.ts";

/** A snapshot of the ledger's transactions, as PostgreSQL prints it. The server checks it. */
const Snapshot = z.string().max(100_000);

/** The number after which a list goes on. */
const After = z
  .string()
  .regex(/^\d{1,18}$/)
  .transform(BigInt)
  .default(0n);

export interface Entry {
  readonly kind: string;
  readonly order: bigint;
  readonly transaction: bigint;
}

/** Typed as what all kinds have: programs that replay the log parse it with their own types. */
export const LogEntry: z.ZodType<Entry> = z
  .discriminatedUnion("kind", LOG_ENTRIES)
  .meta({ id: "LogEntry" })
  .describe("docs/log-archive.md says what each kind does.");

export const readLog = route({
  id: "readLog",
  method: "get",
  path: "/v1/log",
  tag: "log",
  summary: "Entries of the usage log",
  description:
    "The entries that the snapshot `upTo` sees and `since` does not, in pages. Without `upTo` the " +
    "window ends now, and without `since` it begins with the log. `seen` is the transaction of the " +
    "newest entry that the reader has: if the log lacks it, the answer is 409 and metering stops.",
  callers: ["auditor"],
  query: z.strictObject({
    since: Snapshot.optional(),
    upTo: Snapshot.optional(),
    after: z
      .string()
      .regex(/^\d{1,18}-\d{1,18}$/, "must be the nextCursor of this window")
      .optional(),
    seen: z
      .string()
      .regex(/^\d{1,18}$/, "must be the transaction of an entry of this log")
      .transform(BigInt)
      .optional(),
    limit: limitField(PAGES.entries),
  }),
  answers: {
    200: {
      description: "A page of entries, in log order.",
      schema: z.object({
        entries: z.array(LogEntry).max(PAGES.entries.most),
        upTo: z.string().describe("The snapshot that stood for now: send it for the next page."),
        nextCursor: NextCursor.describe("Send it as `after`; `null` on the last page."),
      }),
    },
  },
  reasons: ["log_behind"],
});

export const listCuts = route({
  id: "listCuts",
  method: "get",
  path: "/v1/log/cuts",
  tag: "log",
  summary: "Every checkpoint that was ever cut",
  callers: ["auditor"],
  query: z.strictObject({ after: After, limit: limitField(PAGES.checkpoints) }),
  answers: {
    200: {
      description: "A page of cuts, oldest first, dropped ones included.",
      schema: z.object({
        cuts: z
          .array(
            z.object({
              id: UintText,
              checkpoint: CheckpointJson,
              status: CheckpointStatus,
              snapshot: z
                .string()
                .nullable()
                .describe("`null` for a checkpoint that is older than the log."),
            }),
          )
          .max(PAGES.checkpoints.most),
      }),
    },
  },
  reasons: [],
});

export const listSegments = route({
  id: "listSegments",
  method: "get",
  path: "/v1/log/segments",
  tag: "log",
  summary: "The published log's hashes and signed heads",
  callers: ["auditor"],
  query: z.strictObject({ after: After, limit: limitField(PAGES.list) }),
  answers: {
    200: {
      description: "A page of segments, oldest first.",
      schema: z.object({
        segments: z
          .array(
            z.object({
              number: UintText,
              since: z.string().nullable(),
              upTo: z.string(),
              entries: UintText,
              entriesHash: Bytes32Text,
              head: Bytes32Text.describe("Of this segment and all before it."),
              publishedAt: TimeText,
              signatures: z
                .array(SignerSignatureJson)
                .describe("Of the head; only newest have any."),
            }),
          )
          .max(PAGES.list.most),
      }),
    },
  },
  reasons: [],
});
