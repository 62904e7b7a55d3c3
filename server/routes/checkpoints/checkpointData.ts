import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { type Request, type Response, Router } from "express";

import { getCheckpointData } from "@compute-credits/api/checkpoints/checkpointData";
import { mount } from "../../http/mount.ts";
import { fail } from "../../http/problem.ts";
import type { CheckpointData, DataFile } from "../../stores/checkpoints/checkpointData.ts";
import type {
  CheckpointStore,
  StoredCheckpoint,
} from "../../stores/checkpoints/checkpointStore.ts";
import { findCheckpoint } from "./findCheckpoint.ts";

const TABLE_TYPE = "application/vnd.compute-credits.table";
const DIFFERENCE_TYPE = "application/vnd.compute-credits.difference";

export interface CheckpointDataDeps {
  readonly checkpoints: Pick<CheckpointStore, "byEpoch">;
  readonly checkpointData: CheckpointData;
}

export function checkpointDataRoutes({ checkpoints, checkpointData }: CheckpointDataDeps): Router {
  const router = Router();

  mount(router, getCheckpointData, async ({ req, res, read }) => {
    const { params, query } = read();
    const { since } = query;
    const checkpoint = await findCheckpoint(checkpoints, params.epoch);
    const { epoch, dataHash } = checkpoint.message;
    if (since === undefined) {
      const file = await checkpointData.table(checkpoint);
      if (file === null) {
        throw fail(
          404,
          "data_not_available",
          `The checkpoint of epoch ${epoch} is older than the file format. ` +
            `Get its rows from /v1/checkpoints/${epoch}/rows.`,
        );
      }
      await sendFile(req, res, { checkpoint, file, etag: `"${dataHash}"`, type: TABLE_TYPE });
      return null;
    }

    if (since >= epoch) {
      throw fail(
        422,
        "since_not_before",
        `A difference goes forward: let since be an epoch before ${epoch}.`,
      );
    }
    const base = await findCheckpoint(checkpoints, since);
    await sendFile(req, res, {
      checkpoint,
      file: await checkpointData.difference(base, checkpoint),
      etag: `"${base.message.dataHash}-${dataHash}"`,
      type: DIFFERENCE_TYPE,
    });
    return null;
  });

  return router;
}

interface SentFile {
  readonly checkpoint: StoredCheckpoint;
  readonly file: DataFile;
  readonly etag: string;
  readonly type: string;
}

/** Lets caches keep a final file for ever. Before that, another checkpoint may take the epoch. */
async function sendFile(
  req: Request,
  res: Response,
  { checkpoint, file, etag, type }: SentFile,
): Promise<void> {
  const isFinal = checkpoint.status === "final";
  res.set({
    "content-type": type,
    "content-length": `${file.byteLength}`,
    "cache-control": isFinal ? "public, max-age=31536000, immutable" : "no-cache",
    etag,
  });
  if (req.fresh) {
    res.removeHeader("content-length");
    res.status(304).end();
    return;
  }
  if (req.method === "HEAD") {
    res.end();
    return;
  }
  // Cuts the connection if rows cannot be read. The announced length shows that bytes are missing.
  await pipeline(Readable.from(file.bytes(), { objectMode: false }), res).catch(() =>
    res.destroy(),
  );
}
