import {
  type Address,
  type PublicClient,
  createPublicClient,
  fallback,
  http,
  maxUint64,
} from "viem";

import { ConfigError } from "../process/environment.ts";
import { ChainUnreachable } from "./chainUnreachable.ts";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import type { ChainCheckpoint, ChainReader } from "./chainReader.ts";
import { readOrigin } from "./readOrigin.ts";
import { readSubmissionSigners } from "./submissionSigners.ts";
import { courtAbi } from "@compute-credits/protocol/abi/court";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import {
  isAccepted,
  isSignedByAnyWallet,
  readAllowanceSigning,
  readSigning,
} from "@compute-credits/protocol/messages/signatureCheck";

/** A transport that asks the endpoints in order until one answers. */
export function rpcTransport(rpcUrls: readonly string[], timeoutMs = 10_000) {
  return fallback(rpcUrls.map((url) => http(url, { timeout: timeoutMs })));
}

/**
 * Creates a reader of the contract. Rejects with `ChainUnreachable` if no endpoint answers, and with
 * a `ConfigError` if the address has no code.
 */
export async function createChainReader(
  rpcUrls: readonly string[],
  contract: Address,
  timeoutMs?: number,
): Promise<ChainReader> {
  const client = createClient(rpcUrls, timeoutMs);
  const chainId = await client.getChainId().catch((cause: unknown) => {
    throw new ChainUnreachable(cause);
  });
  if ((await client.getCode({ address: contract })) === undefined) {
    throw new ConfigError(
      `no contract at CONTRACT_ADDRESS ${contract} on chain ${chainId}: ` +
        "set the address that npm run deploy printed, and the RPC_URL of its chain",
    );
  }
  return chainReader(client, { chainId, contract });
}

/** Creates a reader of a contract that was read before. Asks no endpoint yet. */
export function createKnownChainReader(
  rpcUrls: readonly string[],
  { deployment, court }: { readonly deployment: Deployment; readonly court: Address },
  timeoutMs?: number,
): ChainReader {
  return chainReader(createClient(rpcUrls, timeoutMs), deployment, court);
}

function createClient(rpcUrls: readonly string[], timeoutMs?: number): PublicClient {
  return createPublicClient({
    transport: rpcTransport(rpcUrls, timeoutMs),
    // viem caches the head block, which would hide new blocks from a server that polls often.
    cacheTime: 0,
  });
}

function chainReader(
  client: PublicClient,
  { chainId, contract }: Deployment,
  courtBefore: Address | null = null,
): ChainReader {
  const read = { address: contract, abi: computeCreditsAbi } as const;

  let knownCourt = courtBefore;

  async function court(): Promise<Address> {
    knownCourt ??= await client.readContract({ ...read, functionName: "court" });
    return knownCourt;
  }

  async function latestCheckpoint(): Promise<ChainCheckpoint> {
    const [pending, final] = await Promise.all([
      client.readContract({ ...read, functionName: "pendingCheckpoint" }),
      client.readContract({ ...read, functionName: "finalCheckpoint" }),
    ]);
    const { epoch, root } = pending.epoch > final.epoch ? pending : final;
    return { epoch, root };
  }

  const inCourt = async () => ({ address: await court(), abi: courtAbi }) as const;

  return {
    deployment: { chainId, contract },
    court,

    async terms() {
      const [
        token,
        creditMicrosPerToken,
        maxFeeBps,
        disputeWindowSeconds,
        answerWindowSeconds,
        refundWindowSeconds,
        counterGraceSeconds,
        unprovenLimitMicros,
      ] = await Promise.all([
        client.readContract({ ...read, functionName: "token" }),
        client.readContract({ ...read, functionName: "creditMicrosPerToken" }),
        client.readContract({ ...read, functionName: "maxFeeBps" }),
        client.readContract({ ...read, functionName: "disputeWindowSeconds" }),
        client.readContract({ ...read, functionName: "answerWindowSeconds" }),
        client.readContract({ ...read, functionName: "refundWindowSeconds" }),
        client.readContract({ ...read, functionName: "counterGraceSeconds" }),
        client.readContract({ ...read, functionName: "unprovenLimitMicros" }),
      ]);
      return {
        token,
        creditMicrosPerToken,
        // The price of as many credits as a whole token buys: the contract keeps its unit privately.
        tokenUnit: await client.readContract({
          ...read,
          functionName: "priceOf",
          args: [creditMicrosPerToken],
        }),
        maxFeeBps: BigInt(maxFeeBps),
        disputeWindowSeconds,
        answerWindowSeconds,
        refundWindowSeconds,
        counterGraceSeconds,
        unprovenLimitMicros: unprovenLimitMicros === maxUint64 ? null : unprovenLimitMicros,
      };
    },

    threshold: () => client.readContract({ ...read, functionName: "threshold" }),
    isSigner: (address) =>
      client.readContract({ ...read, functionName: "isSigner", args: [address] }),

    async signersSince() {
      return BigInt(await client.readContract({ ...read, functionName: "signersSince" }));
    },

    head: () => client.getBlockNumber(),
    latestCheckpoint,
    latestEpoch: async () => (await latestCheckpoint()).epoch,
    drops: () => client.readContract({ ...read, functionName: "drops" }),
    wasDroppedBetween: (epoch, first, second) =>
      client.readContract({
        ...read,
        functionName: "wasDroppedBetween",
        args: [epoch, first, second],
      }),
    submissionSigners: (range) => readSubmissionSigners(client, contract, range),

    async settledSpent() {
      const [spent] = await client.readContract({ ...read, functionName: "settledTotals" });
      return spent;
    },

    async finalRoot() {
      const { root } = await client.readContract({ ...read, functionName: "finalCheckpoint" });
      return root;
    },

    async settledRows(parties) {
      return await Promise.all(
        parties.map(async (party) => {
          const [, spent, refunded, earned] = await client.readContract({
            ...read,
            functionName: "party",
            args: [party],
          });
          return { party, spent, refunded, earned };
        }),
      );
    },

    async counterState(account, counter) {
      // Before the others: one that fails while nothing waits for it would end the process.
      const on = await inCourt();
      const [currentCounter, endedAt, recordedCap] = await Promise.all([
        client.readContract({ ...read, functionName: "counterOf", args: [account] }),
        client.readContract({ ...read, functionName: "counterEndedAt", args: [account, counter] }),
        client.readContract({
          ...on,
          functionName: "recordedCap",
          args: [account, counter],
        }),
      ]);
      return { currentCounter, endedAt, recordedCap };
    },

    async isChallengeOpen(account, challenger) {
      const on = await inCourt();
      const [{ deadline, drops }, current] = await Promise.all([
        client.readContract({
          ...on,
          functionName: "challengeOf",
          args: [account, challenger],
        }),
        client.readContract({ ...read, functionName: "drops" }),
      ]);
      return deadline > 0 && BigInt(drops) === current;
    },

    origin: (options) => readOrigin(client, contract, options),

    isSignedBy: async (signer, digest, signature) =>
      isAccepted(await readSigning(client, signer, digest, signature)),

    isSignedByAnyWallet: (signer, digest, signature) =>
      isSignedByAnyWallet(client, signer, digest, signature),

    signingOf: (signer, digest, signature) => readSigning(client, signer, digest, signature),

    async allowanceSigning(signed) {
      const on = { deployment: { chainId, contract }, court: await court() };
      return await readAllowanceSigning(client, on, signed);
    },
  };
}
