import { type Address, BaseError, type Hex, createPublicClient, encodeFunctionData } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { depositAddressesAbi } from "@compute-credits/protocol/abi/depositAddresses";
import { isAnsweredError } from "./answeredError.ts";
import { rpcTransport } from "./viemChainReader.ts";

/** What is at an account's deposit address in the newest block. */
export interface DepositState {
  readonly account: Address;
  readonly deployed: boolean;
  readonly tokenAmount: bigint;
  /** what a sweep would buy */
  readonly creditMicros: bigint;
}

/** Reads the deposit addresses of one vault. */
export interface DepositChain {
  /** the contract */
  readonly address: Address;
  /** Reads them in one call, in the order of the accounts: keep the list short. */
  read(accounts: readonly Address[]): Promise<readonly DepositState[]>;
  /** Whether the vault sells nothing now, so that no sweep can succeed. */
  isPaused(): Promise<boolean>;
  /** Gas of the account's sweep on its own, or why the chain refuses it. */
  estimateSweep(account: Address, by: Address): Promise<bigint | { readonly refusal: string }>;
}

export interface DepositChainDeps {
  readonly rpcUrls: readonly string[];
  readonly contract: Address;
  readonly depositAddresses: Address;
}

export function createDepositChain({
  rpcUrls,
  contract,
  depositAddresses,
}: DepositChainDeps): DepositChain {
  const client = createPublicClient({ transport: rpcTransport(rpcUrls), cacheTime: 0 });
  const deposits = { address: depositAddresses, abi: depositAddressesAbi } as const;

  return {
    address: depositAddresses,

    async read(accounts) {
      const found = await client.readContract({
        ...deposits,
        functionName: "depositsOf",
        args: [accounts],
      });
      return found.flatMap(({ deployed, tokenAmount, creditMicros }, i) => {
        const account = accounts[i];
        return account === undefined ? [] : [{ account, deployed, tokenAmount, creditMicros }];
      });
    },

    isPaused: async () =>
      await client.readContract({
        address: contract,
        abi: computeCreditsAbi,
        functionName: "paused",
      }),

    async estimateSweep(account, by) {
      try {
        return await client.estimateContractGas({
          ...deposits,
          functionName: "sweep",
          args: [account],
          account: by,
        });
      } catch (error) {
        if (!isAnsweredError(error)) throw error;
        return { refusal: error instanceof BaseError ? error.shortMessage : String(error) };
      }
    },
  };
}

/** The call that sweeps several accounts; the contract skips those that fail. */
export function sweepManyData(accounts: readonly Address[]): Hex {
  return encodeFunctionData({
    abi: depositAddressesAbi,
    functionName: "sweepMany",
    args: [accounts],
  });
}
