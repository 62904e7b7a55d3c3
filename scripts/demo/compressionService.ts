import { type Server, createServer } from "node:http";

import express, { type NextFunction, type Request, type Response } from "express";
import type { WalletClient } from "viem";
import { z } from "zod";

import { ApiProblem } from "@compute-credits/client/http/api";
import { createProviderKey } from "@compute-credits/client/wallet/apiKey";
import { createMeteringClient } from "@compute-credits/client/http/meteringClient";
import { walletAccount } from "@compute-credits/client/chain/walletAccount";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { compress } from "./compressionWork.ts";
import { type Measured, paidWork } from "./paidWork.ts";

export interface CompressionService {
  readonly url: string;
  stop(): Promise<void>;
}

/** The service's answer: what it measured of the work, and what the work cost. */
export interface Receipt {
  readonly sha256: string;
  readonly cpuMilliseconds: number;
  readonly bytes: number;
  /** micro-credits, as decimal text */
  readonly costMicros: string;
}

const LARGEST_INPUT_BYTES = 64 * 1024 * 1024;
/** A job that takes longer costs no more. */
const MOST_CPU_MILLISECONDS = 100_000;
/** What compression adds at most to an input that it can't make smaller. */
const MOST_ADDED_BYTES = 64 * 1024;

/** The parts of an RFC 9457 problem that tell a person what is wrong. */
const Problem = z.object({ detail: z.string(), reason: z.string() });

/** Starts a compute provider: an HTTP service that does jobs for API keys and bills their work. */
export async function startCompressionService(
  wallet: WalletClient,
  deployment: Deployment,
  meteringUrl: string,
): Promise<CompressionService> {
  const provider = lowercaseHex(walletAccount(wallet).address);
  const key = createProviderKey();
  const message = { provider, keyHash: apiKeySpender(key) };
  const metering = createMeteringClient(meteringUrl, { key });
  await metering.registerProviderKey({
    ...message,
    signature: await wallet.signTypedData({
      account: walletAccount(wallet),
      ...providerKeyTypedData(deployment, message),
    }),
  });

  const app = express();
  app.post(
    "/compress",
    express.raw({ type: "application/octet-stream", limit: LARGEST_INPUT_BYTES }),
    async (req, res) => {
      const [, apiKey] = /^bearer +(\S+)$/i.exec(req.get("authorization") ?? "") ?? [];
      if (apiKey === undefined || !Buffer.isBuffer(req.body)) {
        res.status(400).json({
          reason: "invalid_request",
          detail: "Send bytes, and an API key as Authorization: Bearer <key>.",
        });
        return;
      }
      const input = req.body;
      const most: Measured = {
        requests: 1,
        "cpu.milliseconds": MOST_CPU_MILLISECONDS,
        "network.bytes": 2 * input.length + MOST_ADDED_BYTES,
      };
      const { work, costMicros } = await paidWork(metering, { apiKey, most }, () => {
        const done = compress(input);
        const { cpuMilliseconds, bytes } = done;
        const took = { requests: 1, "cpu.milliseconds": cpuMilliseconds, "network.bytes": bytes };
        return { work: done, took };
      });
      const { sha256, cpuMilliseconds, bytes } = work;
      const receipt: Receipt = { sha256, cpuMilliseconds, bytes, costMicros: `${costMicros}` };
      res.json(receipt);
    },
  );
  app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    if (error instanceof ApiProblem && error.status < 500) {
      res.status(402).json(error.document);
      return;
    }
    const detail = `The work could not be metered: ${String(error)}`;
    res.status(502).json({ reason: "metering_failed", detail });
  });

  const server = createServer(app);
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await listening;
  return { url: urlOf(server), stop: () => closed(server) };
}

/** The service did not do a job. The message is the reason that it gave. */
export class JobRefused extends Error {
  override readonly name = "JobRefused";
}

/** Sends one job to a service. Rejects with `JobRefused` if the service refuses it. */
export async function compressRemotely(
  url: string,
  apiKey: string,
  input: Buffer,
): Promise<Receipt> {
  const response = await fetch(`${url}/compress`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/octet-stream" },
    body: new Uint8Array(input),
  });
  const answer = await response.text();
  if (!response.ok) throw new JobRefused(reasonIn(answer));
  const receipt: Receipt = JSON.parse(answer);
  return receipt;
}

function reasonIn(answer: string): string {
  try {
    const { detail, reason } = Problem.parse(JSON.parse(answer));
    return `${detail} (${reason})`;
  } catch {
    return answer;
  }
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("the service does not listen");
  return `http://127.0.0.1:${address.port}`;
}

async function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}
