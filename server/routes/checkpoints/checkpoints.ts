import { Router } from "express";

import { ANSWERS } from "@compute-credits/api/bounds";
import {
  getCheckpoint,
  getRows,
  listCheckpoints,
} from "@compute-credits/api/checkpoints/checkpoints";
import { mount } from "../../http/mount.ts";
import { lastOfFullPage } from "../../http/page.ts";
import { fail } from "../../http/problem.ts";
import type {
  CheckpointStore,
  StoredCheckpoint,
} from "../../stores/checkpoints/checkpointStore.ts";
import { findCheckpoint } from "./findCheckpoint.ts";

export interface CheckpointDeps {
  readonly checkpoints: Pick<CheckpointStore, "list" | "byEpoch" | "rows">;
}

export function checkpointRoutes({ checkpoints }: CheckpointDeps): Router {
  const router = Router();

  mount(router, listCheckpoints, async ({ read, answer }) => {
    const { cursor, limit } = read().query;
    const page = await checkpoints.list({ before: cursor ?? null, limit });
    const last = lastOfFullPage(page, limit);
    return answer(200, {
      checkpoints: page.map(describe),
      nextCursor: last === undefined ? null : `${last.id}`,
    });
  });

  mount(router, getCheckpoint, async ({ read, answer }) =>
    answer(200, describe(await findCheckpoint(checkpoints, read().params.epoch))),
  );

  mount(router, getRows, async ({ read, answer }) => {
    const checkpoint = await findCheckpoint(checkpoints, read().params.epoch);
    const { id, partyCount, message } = checkpoint;
    if (partyCount > ANSWERS.rowsAsJson.most) {
      throw fail(
        422,
        "too_many_rows",
        `The checkpoint has ${partyCount} rows, too many for JSON. ` +
          `Get them as a file from /v1/checkpoints/${message.epoch}/data.`,
      );
    }
    return answer(200, { ...describe(checkpoint), rows: await checkpoints.rows(id) });
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
