import {
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  type Hex,
  TransactionReceiptNotFoundError,
  createPublicClient,
  encodeFunctionData,
  keccak256,
  parseAbi,
  concat,
} from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { TopUpPolicyMessage } from "@compute-credits/protocol/messages/topUpPolicy";
import { gasFees } from "@compute-credits/rules/checkpoints/fees";
import { isAnsweredError } from "./answeredError.ts";
import type { TransactionSigner } from "./signer.ts";
import type { TransactionStore } from "./transactionStore.ts";
import { rpcTransport } from "./viemChainReader.ts";

/** What the keeper's wallet may send with a nonce: the top-up, or nothing in its place. */
export type KeeperCall =
  | { readonly kind: "top_up"; readonly message: TopUpPolicyMessage; readonly signature: Hex }
  | { readonly kind: "cancel" };

/** Why the chain would refuse a top-up now. */
export interface TopUpRefusal {
  /** the custom error's name, or `null` for any other */
  readonly error: string | null;
  readonly message: string;
}

/** One of the keeper's transactions that is in a block. */
export interface MinedCall {
  readonly hash: Hex;
  readonly kind: KeeperCall["kind"];
  readonly succeeded: boolean;
  readonly blockNumber: bigint;
}

/** The steps of a top-up, in order. Tests kill a keeper between any two of them. */
export const KEEPER_STEPS = [
  /** it has its nonce */
  "begun",
  /** an attempt is reserved */
  "reserved",
  /** the transaction was recorded */
  "recorded",
  /** the transaction was sent */
  "sent",
  /** its block is confirmed */
  "confirmed",
] as const;

/** Called after each step. A test throws here to stop the keeper between two steps. */
export type KeeperProbe = (step: (typeof KEEPER_STEPS)[number]) => Promise<void>;

export const noKeeperProbe: KeeperProbe = () => Promise.resolve();

/** What the keeper asks of the chain, and sends. */
export interface KeeperChain {
  readonly wallet: Address;
  /** the nonce of the wallet's next transaction: all lower ones are in blocks */
  nextNonce(): Promise<bigint>;
  /** the same, as of a block */
  nextNonceAt(block: bigint): Promise<bigint>;
  /** The transaction of ours with this nonce that is in a block. */
  mined(nonce: bigint): Promise<MinedCall | null>;
  /** Gas of the top-up if it were sent now, or why not. */
  simulate(call: KeeperCall & { readonly kind: "top_up" }): Promise<bigint | TopUpRefusal>;
  /** Sends the call with this nonce, better paid than what was sent with it before. */
  send(call: KeeperCall, nonce: bigint, gas: bigint): Promise<void>;
}

export interface KeeperChainDeps {
  readonly rpcUrls: readonly string[];
  readonly deployment: Deployment;
  /** pays for gas; no other program may send from its wallet */
  readonly signer: TransactionSigner;
  readonly transactions: TransactionStore;
  /** wei per unit of gas */
  readonly maxFeePerGas: bigint;
  readonly probe: KeeperProbe;
}

/** Gas of a transfer of nothing. */
const CANCEL_GAS = 21_000n;

const SPARE_GAS_PERCENT = 25n;

/** The contract's errors, and those of tokens that say why a payer's tokens do not move. */
const ERRORS = [
  ...computeCreditsAbi,
  ...parseAbi([
    "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
    "error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)",
  ]),
] as const;

export function createKeeperChain({
  rpcUrls,
  deployment: { chainId, contract },
  signer,
  transactions,
  maxFeePerGas,
  probe,
}: KeeperChainDeps): KeeperChain {
  const client = createPublicClient({ transport: rpcTransport(rpcUrls), cacheTime: 0 });
  const wallet = signer.address;
  const cancelHash = callHash(wallet, "0x");

  return {
    wallet,
    nextNonce: async () => BigInt(await client.getTransactionCount({ address: wallet })),
    nextNonceAt: async (blockNumber) =>
      BigInt(await client.getTransactionCount({ address: wallet, blockNumber })),

    async mined(nonce) {
      for (const { hash, callHash: sent } of await transactions.attemptsOf(wallet, nonce)) {
        // oxlint-disable-next-line no-await-in-loop -- a few; at most one of them is mined
        const receipt = await client.getTransactionReceipt({ hash }).catch((error: unknown) => {
          if (error instanceof TransactionReceiptNotFoundError) return null;
          throw error;
        });
        if (receipt !== null) {
          return {
            hash,
            kind: sent === cancelHash ? "cancel" : "top_up",
            succeeded: receipt.status === "success",
            blockNumber: receipt.blockNumber,
          };
        }
      }
      return null;
    },

    async simulate({ message, signature }) {
      try {
        const gas = await client.estimateContractGas({
          address: contract,
          abi: ERRORS,
          functionName: "topUp",
          args: [message, signature],
          account: wallet,
          // A transaction of ours that is pending would spend the same limit twice.
          blockTag: "latest",
        });
        return (gas * (100n + SPARE_GAS_PERCENT)) / 100n;
      } catch (error) {
        if (!(error instanceof BaseError) || !isAnsweredError(error)) throw error;
        const reverted = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
        const name =
          reverted instanceof ContractFunctionRevertedError ? reverted.data?.errorName : undefined;
        return { error: name ?? null, message: name ?? error.shortMessage };
      }
    },

    async send(call, nonce, gas) {
      const [to, data] =
        call.kind === "cancel" ? [wallet, "0x" as const] : [contract, dataOf(call)];
      const before = await transactions.attemptsOf(wallet, nonce);
      const [block, tip] = await Promise.all([
        client.getBlock(),
        client.estimateMaxPriorityFeePerGas(),
      ]);
      const market = { baseFeePerGas: block.baseFeePerGas ?? 0n, maxPriorityFeePerGas: tip };
      const fees = gasFees(market, before, maxFeePerGas);
      if ("reason" in fees) {
        throw new Error(
          `the keeper needs ${fees.neededPerGas} wei per unit of gas, but MAX_FEE_PER_GAS_GWEI allows ${maxFeePerGas}`,
        );
      }
      const serialized = await signer.signTransaction({
        type: "eip1559",
        chainId,
        nonce: Number(nonce),
        to,
        data,
        gas: call.kind === "cancel" ? CANCEL_GAS : gas,
        ...fees,
      });
      await transactions.record({
        hash: keccak256(serialized),
        wallet,
        nonce,
        callHash: callHash(to, data),
        purpose: call.kind === "cancel" ? "cancelling a top-up" : "a top-up",
        ...fees,
      });
      await probe("recorded");
      await client.sendRawTransaction({ serializedTransaction: serialized }).catch(ifRetryable);
      await probe("sent");
    },
  };
}

function dataOf({ message, signature }: KeeperCall & { readonly kind: "top_up" }): Hex {
  return encodeFunctionData({
    abi: computeCreditsAbi,
    functionName: "topUp",
    args: [message, signature],
  });
}

function callHash(to: Address, data: Hex): Hex {
  return keccak256(concat([to, data]));
}

/** The nonce is used, the transaction is known, or pays too little more: the next look tells. */
function ifRetryable(error: unknown): void {
  const text = String(error);
  if (/nonce|already (known|imported)|underpriced|known transaction|replace/i.test(text)) return;
  throw error;
}
