import { Router } from "express";
import { z } from "zod";

import type { StoredCheckpoint } from "../ports/checkpointBook.ts";
import type { Context } from "./context.ts";
import { parse } from "./fields.ts";
import { fail } from "./problem.ts";
import { respond } from "./respond.ts";

const Epoch = z
  .string()
  .regex(/^[1-9]\d{0,17}$/, "must be an epoch: 1 or more")
  .transform(BigInt);

const Page = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,18}$/, "must be a nextCursor of this list")
    .transform(BigInt)
    .optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

/**
 * `GET /v1/checkpoints`: newest first, in pages. `GET /v1/checkpoints/:epoch`: one, with its signatures.
 * `GET /v1/checkpoints/:epoch/rows`: every row, in the order of the tree: what anyone needs to rebuild the root.
 */
export function checkpointRoutes({ checkpoints }: Context): Router {
  const router = Router();

  router.get("/checkpoints", async (req, res) => {
    const { cursor, limit } = parse(Page, req.query);
    const list = await checkpoints.list({ before: cursor ?? null, limit });
    const last = list.length === limit ? list.at(-1) : undefined;
    respond(res, 200, { checkpoints: list.map(describe), nextCursor: last?.id ?? null });
  });

  router.get("/checkpoints/:epoch", async (req, res) => {
    respond(res, 200, describe(await find(req.params.epoch)));
  });

  router.get("/checkpoints/:epoch/rows", async (req, res) => {
    const checkpoint = await find(req.params.epoch);
    respond(res, 200, {
      ...describe(checkpoint),
      rows: await checkpoints.rows(checkpoint.id),
    });
  });

  async function find(epoch: string): Promise<StoredCheckpoint> {
    const checkpoint = await checkpoints.byEpoch(parse(Epoch, epoch));
    if (checkpoint === null)
      throw fail(404, "checkpoint_not_found", "There is no checkpoint of this epoch.");
    return checkpoint;
  }

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
