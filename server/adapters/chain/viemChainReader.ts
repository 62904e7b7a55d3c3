import {
  type Address,
  type Log,
  type PublicClient,
  createPublicClient,
  fallback,
  http,
  parseEventLogs,
} from "viem";

import { computeCreditsAbi } from "../../../protocol/abi/computeCredits.ts";
import { lowercaseHex } from "../../../protocol/hex.ts";
import type { ChainEvent, ChainPlace } from "../../domain/chain/chainEvent.ts";
import type { ChainReader } from "../../ports/chain.ts";
import type { BlockPoint } from "../../ports/chainBook.ts";
import { isValidSignature } from "./signatureCheck.ts";

/** Several endpoints: the next is asked where one fails. */
export function rpcTransport(rpcUrls: readonly string[]) {
  return fallback(rpcUrls.map((url) => http(url)));
}

/** Reads the contract at `contract`. Throws at once where the endpoint does not answer or no contract stands there. */
export async function openChainReader(
  rpcUrls: readonly string[],
  contract: Address,
): Promise<ChainReader> {
  const client: PublicClient = createPublicClient({
    transport: rpcTransport(rpcUrls),
    // A cached head would hide the newest blocks from a server that asks more often than they come.
    cacheTime: 0,
  });
  const chainId = await client.getChainId().catch((cause: unknown) => {
    throw new Error("cannot reach the chain that RPC_URL names", { cause });
  });
  if ((await client.getCode({ address: contract })) === undefined) {
    throw new Error(`no contract at CONTRACT_ADDRESS ${contract} on chain ${chainId}`);
  }
  return chainReader(client, chainId, contract);
}

function chainReader(client: PublicClient, chainId: number, contract: Address): ChainReader {
  const read = { address: contract, abi: computeCreditsAbi } as const;

  async function block(number: bigint): Promise<BlockPoint> {
    const { hash, timestamp } = await client.getBlock({ blockNumber: number });
    return { number, hash, time: new Date(Number(timestamp) * 1000) };
  }

  return {
    deployment: { chainId, contract },
    block,
    head: () => client.getBlockNumber(),

    async terms() {
      const [
        token,
        creditMicrosPerToken,
        maxFeeBps,
        disputeWindowSeconds,
        answerWindowSeconds,
        refundWindowSeconds,
        counterGraceSeconds,
      ] = await Promise.all([
        client.readContract({ ...read, functionName: "token" }),
        client.readContract({ ...read, functionName: "creditMicrosPerToken" }),
        client.readContract({ ...read, functionName: "maxFeeBps" }),
        client.readContract({ ...read, functionName: "disputeWindowSeconds" }),
        client.readContract({ ...read, functionName: "answerWindowSeconds" }),
        client.readContract({ ...read, functionName: "refundWindowSeconds" }),
        client.readContract({ ...read, functionName: "counterGraceSeconds" }),
      ]);
      return {
        token,
        creditMicrosPerToken,
        maxFeeBps: BigInt(maxFeeBps),
        disputeWindowSeconds,
        answerWindowSeconds,
        refundWindowSeconds,
        counterGraceSeconds,
      };
    },

    threshold: () => client.readContract({ ...read, functionName: "threshold" }),
    isSigner: (address) =>
      client.readContract({ ...read, functionName: "isSigner", args: [address] }),

    async latestEpoch() {
      const [pending, final] = await Promise.all([
        client.readContract({ ...read, functionName: "pendingCheckpoint" }),
        client.readContract({ ...read, functionName: "finalCheckpoint" }),
      ]);
      return pending.epoch > final.epoch ? pending.epoch : final.epoch;
    },

    async origin() {
      const number = await client.readContract({ ...read, functionName: "deploymentBlock" });
      return await block(number - 1n);
    },

    async events({ from, to }) {
      const logs = await client.getLogs({ address: contract, fromBlock: from, toBlock: to });
      return parseEventLogs({ abi: computeCreditsAbi, logs }).flatMap(toChainEvent);
    },

    isSignedBy: (signer, digest, signature) => isValidSignature(client, signer, digest, signature),
  };
}

type ContractLog = ReturnType<typeof parseEventLogs<typeof computeCreditsAbi>>[number];

/** None where the ledger has nothing to do with the event. */
function toChainEvent(log: ContractLog): ChainEvent[] {
  const place = placeOf(log);
  switch (log.eventName) {
    case "CreditsPurchased":
      return [
        {
          ...place,
          type: "purchased",
          account: lowercaseHex(log.args.account),
          payer: lowercaseHex(log.args.payer),
          amountMicros: log.args.creditMicros,
          tokenAmount: log.args.tokenAmount,
        },
      ];
    case "RefundRequested":
      return [
        {
          ...place,
          type: "refund_requested",
          account: lowercaseHex(log.args.account),
          requestedMicros: log.args.requestedMicros,
        },
      ];
    case "RefundServed":
      return [{ ...place, type: "refund_served", account: lowercaseHex(log.args.account) }];
    case "CounterRaised":
      return [
        {
          ...place,
          type: "counter_raised",
          account: lowercaseHex(log.args.account),
          counter: log.args.counter,
        },
      ];
    case "RowSettled":
      return [
        {
          ...place,
          type: "row_settled",
          party: lowercaseHex(log.args.party),
          epoch: log.args.epoch,
          spent: log.args.spent,
          refunded: log.args.refunded,
          earned: log.args.earned,
        },
      ];
    case "CheckpointSubmitted":
      return [
        {
          ...place,
          type: "checkpoint_submitted",
          epoch: log.args.epoch,
          root: log.args.root,
          finalAt: new Date(Number(log.args.finalAt) * 1000),
        },
      ];
    case "CheckpointDropped":
      return [{ ...place, type: "checkpoint_dropped", epoch: log.args.epoch, root: log.args.root }];
    default:
      return [];
  }
}

function placeOf({
  blockNumber,
  logIndex,
  transactionHash,
}: Log<bigint, number, false>): ChainPlace {
  return { blockNumber, logIndex, transactionHash };
}
