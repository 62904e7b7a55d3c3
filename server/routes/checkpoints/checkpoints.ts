import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { type Request, type Response, Router } from "express";
import { z } from "zod";

import { parse } from "../../http/parse.ts";
import { Bytes32Field } from "@compute-credits/protocol/json/fields";
import { SignerSignatureJson } from "@compute-credits/protocol/json/checkpoint";
import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import { checkpointDigest } from "@compute-credits/protocol/messages/checkpoint";
import type { StoredCheckpoint } from "../../stores/checkpoints/checkpointStore.ts";
import type { DataFile } from "../../stores/checkpoints/checkpointData.ts";
import type { Context } from "../../context.ts";
import { type ProblemError, fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";

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

const DataQuery = z.strictObject({ since: Epoch.optional() });

/** More are had as a file: one answer should not hold a server's memory. */
const MOST_ROWS_AS_JSON = 10_000;

const TABLE_TYPE = "application/vnd.compute-credits.table";
const DIFFERENCE_TYPE = "application/vnd.compute-credits.difference";

const SignatureBody = SignerSignatureJson.extend({ root: Bytes32Field });

/**
 * `GET /v1/checkpoints`: newest first, in pages. `GET /v1/checkpoints/:epoch`: one, with its signatures.
 * `GET /v1/checkpoints/:epoch/rows`: every row, in the order of the tree: what anyone needs to rebuild the root.
 * `GET /v1/checkpoints/:epoch/data`: the same rows as a file, whose hash was signed (docs/checkpoint-data.md); with
 * `?since=:epoch` only those that changed since.
 * `POST /v1/checkpoints/:epoch/signatures`: a co-signer's signature of a prepared one, whose root it could reproduce.
 */
export function checkpointRoutes({
  checkpoints,
  checkpointData,
  submissions,
  chain,
}: Context): Router {
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
    if (checkpoint.partyCount > MOST_ROWS_AS_JSON) {
      throw fail(
        422,
        "too_many_rows",
        `The checkpoint has ${checkpoint.partyCount} rows: get them as a file, from /v1/checkpoints/${checkpoint.message.epoch}/data.`,
      );
    }
    respond(res, 200, {
      ...describe(checkpoint),
      rows: await checkpoints.rows(checkpoint.id),
    });
  });

  router.get("/checkpoints/:epoch/data", async (req, res) => {
    const { since } = parse(DataQuery, req.query);
    const checkpoint = await find(req.params.epoch);
    const { epoch, dataHash } = checkpoint.message;
    if (since === undefined) {
      const file = await checkpointData.table(checkpoint);
      if (file === null) throw noData(checkpoint);
      await sendFile(req, res, { checkpoint, file, etag: `"${dataHash}"`, type: TABLE_TYPE });
      return;
    }

    if (since >= epoch) {
      throw fail(
        422,
        "since_not_before",
        `since=${since} is not before the epoch ${epoch}: a difference goes forward.`,
      );
    }
    const base = await find(`${since}`);
    await sendFile(req, res, {
      checkpoint,
      file: await checkpointData.difference(base, checkpoint),
      etag: `"${base.message.dataHash}-${dataHash}"`,
      type: DIFFERENCE_TYPE,
    });
  });

  router.post("/checkpoints/:epoch/signatures", async (req, res) => {
    const { root, ...signed } = parse(SignatureBody, req.body);
    const checkpoint = await find(req.params.epoch);
    if (checkpoint.message.root !== root) throw rootMismatch(checkpoint);
    if (!holds(checkpoint, signed)) {
      if (checkpoint.status !== "prepared") throw notPrepared(checkpoint);
      await checkSignature(checkpoint, signed);
      if (!(await submissions.addSignature(checkpoint.id, signed))) throw notPrepared(checkpoint);
    }

    const [{ signatures }, threshold] = await Promise.all([
      find(req.params.epoch),
      chain.threshold(),
    ]);
    respond(res, 200, { signatures, threshold });
  });

  async function checkSignature(
    { message }: StoredCheckpoint,
    { signer, signature }: SignerSignature,
  ): Promise<void> {
    if (!(await chain.isSigner(signer))) {
      throw fail(
        403,
        "not_a_signer",
        `The contract ${chain.deployment.contract} does not count ${signer} among its signers.`,
      );
    }
    const digest = checkpointDigest(chain.deployment, message);
    if (!(await chain.isSignedBy(signer, digest, signature))) {
      throw fail(
        422,
        "signature_invalid",
        `The signature is not that of ${signer} over this checkpoint, on this chain and contract: GET /v1/deployment tells the EIP-712 domain.`,
      );
    }
  }

  async function find(epoch: string): Promise<StoredCheckpoint> {
    const checkpoint = await checkpoints.byEpoch(parse(Epoch, epoch));
    if (checkpoint === null)
      throw fail(404, "checkpoint_not_found", "There is no checkpoint of this epoch.");
    return checkpoint;
  }

  return router;
}

/** Final data never changes; another may still take the epoch of a checkpoint that is not final. */
async function sendFile(
  req: Request,
  res: Response,
  {
    checkpoint,
    file,
    etag,
    type,
  }: { checkpoint: StoredCheckpoint; file: DataFile; etag: string; type: string },
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
  // Where rows can't be read, or the reader is gone, the connection is cut off: the length tells that something is missing.
  await pipeline(Readable.from(file.bytes(), { objectMode: false }), res).catch(() =>
    res.destroy(),
  );
}

function noData({ message }: StoredCheckpoint): ProblemError {
  return fail(
    404,
    "data_not_available",
    `The checkpoint of epoch ${message.epoch} was cut before its rows were published as a file: see /v1/checkpoints/${message.epoch}/rows.`,
  );
}

function holds({ signatures }: StoredCheckpoint, { signer, signature }: SignerSignature): boolean {
  return signatures.some((known) => known.signer === signer && known.signature === signature);
}

function rootMismatch({ message }: StoredCheckpoint): ProblemError {
  return fail(
    409,
    "root_mismatch",
    `The checkpoint of epoch ${message.epoch} has the root ${message.root} now: reproduce that one.`,
    { root: message.root },
  );
}

function notPrepared({ message, status }: StoredCheckpoint): ProblemError {
  return fail(
    409,
    "checkpoint_not_prepared",
    `The checkpoint of epoch ${message.epoch} takes no signatures any more: it is ${status === "prepared" ? "given up" : status}.`,
    { checkpointStatus: status },
  );
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
