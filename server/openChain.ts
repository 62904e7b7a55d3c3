import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import type { Logger } from "pino";
import type { Address, Hex } from "viem";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { ChainSource } from "@compute-credits/platform/chain/chainSource";
import { ChainUnreachable } from "@compute-credits/platform/chain/chainUnreachable";
import { createRpcChainSource } from "@compute-credits/platform/chain/rpcChainSource";
import {
  createChainReader,
  createKnownChainReader,
} from "@compute-credits/platform/chain/viemChainReader";
import type { Database } from "@compute-credits/platform/postgres/database";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { claimLedger } from "./claimLedger.ts";
import type { Config } from "./config.ts";
import { type KnownChain, keepKnownChain, readKnownChain } from "./stores/chain/knownChain.ts";
import { passedHashes } from "./stores/chain/passedBlocks.ts";

/** A start waits no longer for an endpoint that accepts connections and says nothing. */
const REACH_WITHIN_MS = 15_000;

/** The chain as a server starts on it. */
export interface OpenChain extends KnownChain {
  readonly chain: ChainReader;
  /** false if no endpoint answered: then the rest is what an earlier start kept */
  readonly isReached: boolean;
}

/**
 * Reaches the chain, or gives the reason why not. Rejects with it if no earlier start can have kept
 * what a server must know, and before a database is made for nothing.
 */
export async function reachChain({
  rpcUrls,
  contract,
  rpcTimeoutMs,
  database,
}: Config): Promise<ChainReader | ChainUnreachable> {
  const silence = new ChainUnreachable(new Error(`no answer within ${REACH_WITHIN_MS} ms`));
  const reached = await Promise.race([
    createChainReader(rpcUrls, contract, rpcTimeoutMs),
    delay(REACH_WITHIN_MS, silence, { ref: false }),
  ]).catch((error: unknown) => {
    if (error instanceof ChainUnreachable) return error;
    throw error;
  });
  const mayBeKnown = "url" in database || existsSync(database.folder);
  if (reached instanceof ChainUnreachable && !mayBeKnown) throw reached;
  return reached;
}

/**
 * Binds the database to the chain's deployment, or checks that it is bound to it. If no endpoint
 * answered, goes by what an earlier start kept. Rejects with a `ConfigError` if neither is possible.
 */
export async function openChain(
  config: Config,
  reached: ChainReader | ChainUnreachable,
  { database, log }: { readonly database: Database; readonly log: Logger },
): Promise<OpenChain> {
  if (!(reached instanceof ChainUnreachable)) {
    const origin = await claimLedger(database, reached, config.deploymentBlock);
    const [court, terms] = [await reached.court(), await reached.terms()];
    await keepKnownChain(database, { court, terms, origin });
    const { deployment } = reached;
    return { chain: reached, isReached: true, deployment, court, terms, origin };
  }
  const known = await readKnownChain(database);
  if (known === null || known.deployment.contract !== lowercaseHex(config.contract)) throw reached;
  log.warn(
    "no endpoint of RPC_URL answers: this server meters by what the ledger knows. Purchases are not " +
      "seen and checkpoints are not made until one does",
  );
  const chain = createKnownChainReader(config.rpcUrls, known, config.rpcTimeoutMs);
  return { ...known, chain, isReached: false };
}

/** Opens what the ledger reads blocks from, with the orders of the operator that it keeps. */
export function openChainSource(
  { rpcUrls, contract, confirmations, blocksPerRequest, rpcTimeoutMs }: Config,
  court: Address,
  database: Database,
  alsoPassed: ReadonlySet<Hex> = new Set(),
): ChainSource {
  return createRpcChainSource(rpcUrls, [contract, court], {
    confirmations,
    blocksPerRequest,
    timeoutMs: rpcTimeoutMs,
    passedBlocks: async () => new Set([...(await passedHashes(database)), ...alsoPassed]),
  });
}
