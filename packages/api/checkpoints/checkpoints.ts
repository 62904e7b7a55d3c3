import { z } from "zod";

import {
  CheckpointJson,
  RowJson,
  SignerSignatureJson,
} from "@compute-credits/protocol/json/checkpoint";
import { ANSWERS, PAGES } from "../bounds.ts";
import { Bytes32Text, NextCursor, NumberedCursor, TimeText, limitField } from "../fields.ts";
import { route } from "../route.ts";
import { CheckpointStatus } from "./checkpointStatus.ts";

/** An epoch in a path or a query. */
export const EpochField = z
  .string()
  .regex(/^[1-9]\d{0,17}$/, "must be an epoch: 1 or more")
  .transform(BigInt);

/** The path of one checkpoint's routes. */
export const EpochParams = z.strictObject({ epoch: EpochField });

const facts = {
  checkpoint: CheckpointJson,
  status: CheckpointStatus,
  partyCount: z.int(),
  finalAt: TimeText.nullable(),
  transactionHash: Bytes32Text.nullable().describe("Of the submission, once it is confirmed."),
  signatures: z.array(SignerSignatureJson).max(255),
};

const Checkpoint = z.object(facts).meta({ id: "Checkpoint" });

const PageQuery = z.strictObject({
  cursor: NumberedCursor.optional(),
  limit: limitField(PAGES.checkpoints),
});

export const listCheckpoints = route({
  id: "listCheckpoints",
  method: "get",
  path: "/v1/checkpoints",
  tag: "checkpoints",
  summary: "Checkpoints, newest first",
  callers: ["anyone"],
  query: PageQuery,
  answers: {
    200: {
      description: "A page of checkpoints.",
      schema: z.object({
        checkpoints: z.array(Checkpoint).max(PAGES.checkpoints.most),
        nextCursor: NextCursor,
      }),
    },
  },
  reasons: [],
});

export const getCheckpoint = route({
  id: "getCheckpoint",
  method: "get",
  path: "/v1/checkpoints/{epoch}",
  tag: "checkpoints",
  summary: "One checkpoint with its signatures",
  callers: ["anyone"],
  params: EpochParams,
  answers: { 200: { description: "The checkpoint.", schema: Checkpoint } },
  reasons: ["checkpoint_not_found"],
});

export const getRows = route({
  id: "getRows",
  weight: "heavyRead",
  method: "get",
  path: "/v1/checkpoints/{epoch}/rows",
  tag: "checkpoints",
  summary: "Its rows as JSON, up to 10,000",
  description: "In the order of the tree: enough to rebuild the root.",
  callers: ["anyone"],
  params: EpochParams,
  answers: {
    200: {
      description: "The checkpoint, and its rows.",
      schema: z.object({ ...facts, rows: z.array(RowJson).max(ANSWERS.rowsAsJson.most) }),
    },
  },
  reasons: ["checkpoint_not_found", "too_many_rows"],
});
