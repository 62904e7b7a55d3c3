import type { IncomingMessage } from "node:http";

import express, { type Request, type RequestHandler } from "express";

import { READING } from "@compute-credits/api/bounds";
import { fail } from "./problem.ts";

/** Plain JSON, and the content types of CloudEvents. */
const JSON_TYPES = [
  "application/json",
  "application/cloudevents+json",
  "application/cloudevents-batch+json",
];

export interface BodyDeps {
  /** bytes of a body, inflated, from a provider */
  readonly maxBodyBytes: number;
  /** Whether the request carries the key of an approved provider. */
  readonly isProvider: (req: Request) => Promise<boolean>;
}

/**
 * Reads JSON bodies. A caller without a provider's key gets `READING.bytesWithoutKey`, so that
 * strangers cannot make the server inflate and parse megabytes. Anyone may have an issuing key.
 */
export function readBody({ maxBodyBytes, isProvider }: BodyDeps): readonly RequestHandler[] {
  const least = Math.min(READING.bytesWithoutKey, maxBodyBytes);
  const small = jsonParser(least);
  const large = jsonParser(maxBodyBytes);
  return [
    async (req, res, next) => {
      const isLarge = mayExceed(req, least) && (await isProvider(req));
      (isLarge ? large : small)(req, res, next);
    },
    requireJson,
  ];
}

function jsonParser(limit: number): RequestHandler {
  return express.json({ limit, type: JSON_TYPES, strict: false, verify: checkInflation });
}

/** Compressed bodies, and those of no stated length, may turn out to be of any length. */
function mayExceed({ headers }: Request, bytes: number): boolean {
  if (headers["content-encoding"] !== undefined) return true;
  const length = headers["content-length"];
  return length === undefined ? headers["transfer-encoding"] !== undefined : Number(length) > bytes;
}

/** Without a length to compare with, what the body inflated to is bounded by its limit alone. */
function checkInflation({ headers }: IncomingMessage, _res: unknown, body: Buffer): void {
  const sent = Number(headers["content-length"]);
  if (headers["content-encoding"] === undefined || !Number.isFinite(sent)) return;
  if (body.length > READING.bytesWithoutKey && body.length > sent * READING.inflation) {
    throw fail(413, "body_too_large", "The body inflates too much: send it uncompressed.");
  }
}

const requireJson: RequestHandler = (req, _res, next) => {
  const mayHaveBody = req.method === "POST" || req.method === "PUT" || req.method === "PATCH";
  // Clients state a length of 0 for a POST without a body, and no content type.
  const isEmpty = req.get("content-length") === "0";
  if (mayHaveBody && !isEmpty && req.body === undefined && req.is(JSON_TYPES) === false) {
    throw fail(415, "unsupported_media_type", `Send the body as ${JSON_TYPES.join(", ")}.`);
  }
  next();
};
