import { Router } from "express";
import { z } from "zod";

import { ANSWERS, PAGES } from "@compute-credits/api/bounds";
import { lastOfFullPage, limitField } from "../../http/page.ts";
import { parse } from "../../http/parse.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type {
  CheckpointStore,
  StoredCheckpoint,
} from "../../stores/checkpoints/checkpointStore.ts";
import { findCheckpoint } from "./findCheckpoint.ts";

const PageQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,18}$/, "must be a nextCursor of this list")
    .transform(BigInt)
    .optional(),
  limit: limitField(PAGES.checkpoints),
});

export interface CheckpointDeps {
  readonly checkpoints: Pick<CheckpointStore, "list" | "byEpoch" | "rows">;
}

/**
 * `GET /v1/checkpoints`: all checkpoints, newest first, in pages.
 * `GET /v1/checkpoints/:epoch`: one, with its signatures.
 * `GET /v1/checkpoints/:epoch/rows`: its rows in the order of the tree, enough to rebuild the root.
 */
export function checkpointRoutes({ checkpoints }: CheckpointDeps): Router {
  const router = Router();

  router.get("/checkpoints", async (req, res) => {
    const { cursor, limit } = parse(PageQuery, req.query);
    const page = await checkpoints.list({ before: cursor ?? null, limit });
    respond(res, 200, {
      checkpoints: page.map(describe),
      nextCursor: lastOfFullPage(page, limit)?.id ?? null,
    });
  });

  router.get("/checkpoints/:epoch", async (req, res) => {
    respond(res, 200, describe(await findCheckpoint(checkpoints, req.params.epoch)));
  });

  router.get("/checkpoints/:epoch/rows", async (req, res) => {
    const checkpoint = await findCheckpoint(checkpoints, req.params.epoch);
    const { id, partyCount, message } = checkpoint;
    if (partyCount > ANSWERS.rowsAsJson.most) {
      throw fail(
        422,
        "too_many_rows",
        `The checkpoint has ${partyCount} rows, too many for JSON. ` +
          `Get them as a file from /v1/checkpoints/${message.epoch}/data.`,
      );
    }
    respond(res, 200, { ...describe(checkpoint), rows: await checkpoints.rows(id) });
  });

  return router;
}

function describe({
  message,
  status,
  partyCount,
  finalAt,
  transactionHash,
  signatures,
}: StoredCheckpoint) {
  return { checkpoint: message, status, partyCount, finalAt, transactionHash, signatures };
}
