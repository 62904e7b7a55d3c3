import {
  type Address,
  type Chain,
  type PublicClient,
  type Transport,
  type WalletClient,
  createPublicClient,
  createWalletClient,
  getContractAddress,
  http,
  maxUint64,
  parseEther,
} from "viem";

import { type CompiledName, readCompiled } from "../compiled/readCompiled.ts";
import { HARDHAT_CHAIN } from "./hardhatChain.ts";
import { type TestWallet, wallets } from "./wallets.ts";

export interface LocalDeployment {
  readonly token: Address;
  readonly contract: Address;
  readonly lens: Address;
  readonly depositAddresses: Address;
}

/** 100 credits for a test dollar: a credit is a cent. */
const CREDIT_MICROS_PER_DOLLAR = 100_000_000n;

/**
 * Seconds, short enough to watch. The refund window leaves minutes for holds beside the three
 * rounds of dispute and answer that a refund may need.
 */
export const LOCAL_WINDOWS = {
  disputeWindowSeconds: 10,
  answerWindowSeconds: 10,
  refundWindowSeconds: 300,
  exitGraceSeconds: 60,
  counterGraceSeconds: 600,
  signerDelaySeconds: 620,
};

export type LocalClient = PublicClient<Transport, Chain>;

export function localClient(rpcUrl: string): LocalClient {
  return createPublicClient({
    chain: HARDHAT_CHAIN,
    transport: http(rpcUrl),
    pollingInterval: 100,
    cacheTime: 0,
  });
}

export function localWallet(rpcUrl: string, { account }: TestWallet): WalletClient {
  return createWalletClient({ account, chain: HARDHAT_CHAIN, transport: http(rpcUrl) });
}

/** Terms that a test changes. Signers ascend by address. */
export type LocalTerms = Partial<typeof LOCAL_WINDOWS> & {
  readonly signers?: readonly Address[];
  readonly threshold?: number;
  /** micro-credits; the largest value stands for no limit */
  readonly unprovenLimitMicros?: bigint;
  /** the price: how many micro-credits a dollar buys */
  readonly creditMicrosPerToken?: bigint;
  /** a token that is there already, instead of a new test dollar */
  readonly token?: Address;
};

/** Deploys a compiled contract from the operator's wallet. Throws if the deployment reverts. */
export async function deployContract(
  rpcUrl: string,
  name: CompiledName,
  args: readonly unknown[],
): Promise<Address> {
  const client = localClient(rpcUrl);
  const { constructorAbi, bytecode } = await readCompiled(name);
  const { account } = wallets.operator;
  const nonce = await client.getTransactionCount({ address: account.address });
  const hash = await localWallet(rpcUrl, wallets.operator).deployContract({
    abi: constructorAbi,
    bytecode,
    args,
    account,
    chain: HARDHAT_CHAIN,
    nonce,
  });
  const { status } = await client.waitForTransactionReceipt({ hash });
  if (status !== "success") throw new Error(`${name} could not be deployed`);
  return getContractAddress({ from: account.address, nonce: BigInt(nonce) });
}

/** Deploys the test dollar and the vault, with terms for trying things out. */
export async function deployLocal(
  rpcUrl: string,
  terms: LocalTerms = {},
): Promise<LocalDeployment> {
  const token = terms.token ?? (await deployContract(rpcUrl, "TestDollar", []));
  const contract = await deployContract(rpcUrl, "ComputeCredits", [
    {
      token,
      creditMicrosPerToken: CREDIT_MICROS_PER_DOLLAR,
      maxFeeBps: 1_000,
      ...LOCAL_WINDOWS,
      unprovenLimitMicros: maxUint64,
      challengeStakeWei: parseEther("0.01"),
      owner: wallets.operator.account.address,
      guardian: wallets.operator.account.address,
      feeRecipient: wallets.operator.account.address,
      signers: [wallets.signer.account.address],
      threshold: 1,
      ...terms,
    },
  ]);
  const lens = await deployContract(rpcUrl, "CreditsLens", []);
  const depositAddresses = await deployContract(rpcUrl, "DepositAddresses", [contract]);
  return { token, contract, lens, depositAddresses };
}
