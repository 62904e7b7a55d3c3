import { artifacts, network } from "hardhat";
import {
  type Abi,
  type Address,
  type Hex,
  type LocalAccount,
  parseSignature,
  createTestClient,
  createWalletClient,
  custom,
  isHex,
  keccak256,
  maxUint256,
  maxUint64,
  publicActions,
  toHex,
  zeroAddress,
  zeroHash,
} from "viem";
import {
  type HDAccount,
  type PrivateKeyAccount,
  mnemonicToAccount,
  privateKeyToAccount,
} from "viem/accounts";
import { hardhat } from "viem/chains";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { depositAddressesAbi } from "@compute-credits/protocol/abi/depositAddresses";
import { testDollarAbi } from "@compute-credits/protocol/abi/testDollar";
import { depositAddressOf } from "@compute-credits/protocol/depositAddress";
import type { Row } from "@compute-credits/protocol/tree/row";
import {
  type CheckpointMessage,
  checkpointTypedData,
} from "@compute-credits/protocol/messages/checkpoint";
import { type SparseTree, sparseTree } from "./sparseTree.ts";

/** A final checkpoint, the gas of its submission, and its table. */
interface Round {
  readonly epoch: bigint;
  readonly checkpoint: number;
  readonly tree: SparseTree;
  readonly rows: readonly Row[];
}

/** The gas of each operation, from the receipt of its transaction. */
export type GasTable = Record<string, number>;

const CREDIT = 1_000_000n;
const DISPUTE_WINDOW_SECONDS = 3_600;
const PHRASE = "test test test test test test test test test test test junk";
/** The chain begins at 2026-01-01T00:00:00Z and each block comes one second after the last. */
const GENESIS_SECONDS = 1_767_225_600;
/**
 * Above every measured transaction. A fixed limit saves an estimate, and does not change the gas
 * used.
 */
const GAS_LIMIT = 5_000_000n;

/** ERC-3009: of a `TransferWithAuthorization` and of a `ReceiveWithAuthorization`. */
const AUTHORIZATION_FIELDS = [
  { name: "from", type: "address" },
  { name: "to", type: "address" },
  { name: "value", type: "uint256" },
  { name: "validAfter", type: "uint256" },
  { name: "validBefore", type: "uint256" },
  { name: "nonce", type: "bytes32" },
];

/** ERC-2612. */
const PERMIT_FIELDS = [
  { name: "owner", type: "address" },
  { name: "spender", type: "address" },
  { name: "value", type: "uint256" },
  { name: "nonce", type: "uint256" },
  { name: "deadline", type: "uint256" },
];

const wallet = (addressIndex: number): HDAccount => mnemonicToAccount(PHRASE, { addressIndex });
const operator = wallet(0);
const payer = wallet(1);
const payer2 = wallet(2);
const provider = wallet(3);
const keeper = wallet(4);

const signers = Array.from({ length: 5 }, (_, i) =>
  privateKeyToAccount(keccak256(toHex(`gas signer ${i}`))),
).toSorted((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));

/**
 * Measures every operation on a fresh chain. Repeats are warm: their slots were used before.
 * Calldata costs 4 gas per zero byte and 16 per other byte, so keys, addresses and times are fixed:
 * every signature then has the same bytes in every run.
 */
export async function measureGas(): Promise<GasTable> {
  const table: GasTable = {};
  const one = await Bench.start(1);
  await one.buying(table);
  await one.tables(table);
  await one.exits(table);
  const deposits = await Bench.start(1);
  await deposits.deposits(table);
  const five = await Bench.start(5);
  await five.buying({});
  await five.quorum(table);
  return table;
}

class Bench {
  readonly #client;
  readonly #token: Address;
  readonly #vault: Address;
  readonly #signers: readonly PrivateKeyAccount[];
  #now = GENESIS_SECONDS;
  #spent = 0n;
  #earned = 0n;
  #refunded = 0n;

  private constructor(
    client: ReturnType<typeof clientOf>,
    token: Address,
    vault: Address,
    quorum: readonly PrivateKeyAccount[],
  ) {
    this.#client = client;
    this.#token = token;
    this.#vault = vault;
    this.#signers = quorum;
  }

  static async start(signerCount: 1 | 5): Promise<Bench> {
    const { provider: eip1193 } = await network.create({
      network: "node",
      override: { initialDate: new Date(GENESIS_SECONDS * 1_000) },
    });
    const client = clientOf(eip1193);
    let now = GENESIS_SECONDS;
    const deploy = async (name: string, args: readonly unknown[]): Promise<Address> => {
      const { abi, bytecode } = await artifacts.readArtifact(name);
      if (!isHex(bytecode)) throw new Error(`${name} has no bytecode`);
      now += 1;
      await client.setNextBlockTimestamp({ timestamp: BigInt(now) });
      const hash = await walletOf(eip1193, operator).deployContract({ abi, bytecode, args });
      const { contractAddress } = await client.waitForTransactionReceipt({ hash });
      if (!contractAddress) throw new Error(`${name} could not be deployed`);
      return contractAddress;
    };
    const implementation = await deploy("ProxiedDollar", []);
    const token = await deploy("DollarProxy", [implementation]);
    const known = signers.slice(0, signerCount);
    const vault = await deploy("ComputeCredits", [
      {
        token,
        creditMicrosPerToken: 100n * CREDIT,
        maxFeeBps: 1_000,
        disputeWindowSeconds: DISPUTE_WINDOW_SECONDS,
        answerWindowSeconds: 1_800,
        refundWindowSeconds: 86_400,
        exitGraceSeconds: 86_400,
        counterGraceSeconds: 10_800,
        signerDelaySeconds: 259_200,
        unprovenLimitMicros: maxUint64,
        challengeStakeWei: 1n,
        owner: operator.address,
        guardian: operator.address,
        feeRecipient: operator.address,
        signers: known.map(({ address }) => address),
        threshold: signerCount === 1 ? 1 : 3,
      },
    ]);
    const bench = new Bench(client, token, vault, signerCount === 1 ? known : known.slice(0, 3));
    bench.#now = now;
    for (const account of [payer, payer2, provider, operator, keeper]) {
      await bench.#onToken(keeper, "mint", [account.address, 1_000_000_000_000n]);
    }
    await bench.#onToken(payer, "approve", [vault, maxUint256]);
    await bench.#onToken(payer2, "approve", [vault, maxUint256]);
    return bench;
  }

  /** Purchases, and the alternatives: a plain transfer, and one signed transfer per request. */
  async buying(table: GasTable): Promise<void> {
    await this.#onToken(payer, "transfer", [payer2.address, 1n]);
    table["plain transfer of the token"] = await this.#onToken(payer, "transfer", [
      payer2.address,
      1n,
    ]);
    await this.#onVault(payer2, "buy", [payer2.address, 1_000n * CREDIT]);
    table["buy, first of an account"] = await this.#onVault(payer, "buy", [
      payer.address,
      100_000n * CREDIT,
    ]);
    table["buy, again"] = await this.#onVault(payer, "buy", [payer.address, 1_000n * CREDIT]);
    await this.#buyWithPermit();
    table["buy with a permit, again"] = await this.#buyWithPermit();
    // A permit replaces the approval.
    await this.#onToken(payer, "approve", [this.#vault, maxUint256]);
    await this.#buyWithAuthorization();
    table["buy with an authorization, again"] = await this.#buyWithAuthorization();
    await this.#directBilling();
    table["direct billing: transferWithAuthorization"] = await this.#directBilling();
    await this.#keeperTopUp();
    table["top-up by a keeper"] = await this.#keeperTopUp();
  }

  /** Sweeps of deposit addresses, by a stranger to them. */
  async deposits(table: GasTable): Promise<void> {
    const vault = { address: this.#vault, abi: computeCreditsAbi } as const;
    await this.#onVault(payer2, "buy", [payer2.address, CREDIT]);
    const deposits = await this.#deployDeposits();
    const arrive = async (account: Address) => {
      const to = depositAddressOf(deposits, account);
      await this.#onToken(payer, "transfer", [to, 1_000_000n]);
    };
    const sweep = (functionName: string, args: readonly unknown[]) =>
      this.#send(keeper, deposits, depositAddressesAbi, functionName, args);

    await arrive(payer.address);
    table["sweep a deposit address, first: deploys it"] = await sweep("sweep", [payer.address]);
    await arrive(payer.address);
    table["sweep a deposit address, again"] = await sweep("sweep", [payer.address]);
    const ten = Array.from({ length: 10 }, (_, i) => wallet(20 + i).address);
    const arriveAll = () =>
      ten.reduce((before, account) => before.then(() => arrive(account)), Promise.resolve());
    await arriveAll();
    table["sweep 10 deposit addresses, first"] = await sweep("sweepMany", [ten]);
    await arriveAll();
    table["sweep 10 deposit addresses, again"] = await sweep("sweepMany", [ten]);
    const bought = await this.#client.readContract({
      ...vault,
      functionName: "balanceOf",
      args: [ten[9] ?? zeroAddress],
    });
    if (bought !== 200n * CREDIT) throw new Error("the last of the ten was not swept twice");
  }

  async #deployDeposits(): Promise<Address> {
    const { abi, bytecode } = await artifacts.readArtifact("DepositAddresses");
    if (!isHex(bytecode)) throw new Error("DepositAddresses has no bytecode");
    await this.#setNextTimestamp(1);
    const hash = await walletOf(this.#client, operator).deployContract({
      abi,
      bytecode,
      args: [this.#vault],
    });
    const { contractAddress } = await this.#client.waitForTransactionReceipt({ hash });
    if (!contractAddress) throw new Error("DepositAddresses could not be deployed");
    return contractAddress;
  }

  /** Checkpoints and settlements of tables with 10, 1,000 and a million rows. */
  async tables(table: GasTable): Promise<void> {
    for (const [parties, depth] of [
      [10, 4],
      [1_000, 10],
      [1_000_000, 20],
    ] as const) {
      await this.#round(depth);
      await this.#round(depth);
      const round = await this.#round(depth);
      const name = parties.toLocaleString("en");
      table[`checkpoint, 1 signer, ${name} parties`] = round.checkpoint;
      table[`settle a payout, ${name} parties`] = await this.#settle(round, 1);
      table[`settle without payout, ${name} parties`] = await this.#settle(round, 0);
    }
    table["settle a row that was settled"] = await this.#repeat();
    await this.#onVault(operator, "claimFees", []);
    await this.#round(10);
    table["claim fees"] = await this.#onVault(operator, "claimFees", []);
  }

  async quorum(table: GasTable): Promise<void> {
    await this.#round(10);
    await this.#round(10);
    const { checkpoint } = await this.#round(10);
    table["checkpoint, 3 of 5 signers, 1,000 parties"] = checkpoint;
  }

  /** A refund request that is not served, the freeze and the exits. */
  async exits(table: GasTable): Promise<void> {
    table["request a refund, first of an account"] = await this.#onVault(payer, "requestRefund", [
      CREDIT,
    ]);
    const { tree, rows } = await this.#round(10);
    await this.#passTime(86_401);
    table["freeze"] = await this.#onVault(keeper, "freeze", [payer.address]);
    table["exit with a proof, 1,000 parties"] = await this.#onVault(keeper, "exit", [
      rows[0],
      tree.proof(0),
    ]);
    await this.#passTime(86_401);
    table["exit without a proof"] = await this.#onVault(keeper, "exitWithoutProof", [
      payer2.address,
    ]);
  }

  /** Submits one more checkpoint with new spending and earnings, and waits until it is final. */
  async #round(depth: number): Promise<Round> {
    this.#spent += 1_000n * CREDIT;
    this.#earned += 950n * CREDIT;
    const rows: Row[] = [
      { party: payer.address, spent: this.#spent, refunded: this.#refunded, earned: 0n },
      { party: provider.address, spent: 0n, refunded: 0n, earned: this.#earned },
    ];
    const tree = sparseTree(rows, depth);
    const last = await this.#client.readContract({
      address: this.#vault,
      abi: computeCreditsAbi,
      functionName: "finalCheckpoint",
    });
    const message: CheckpointMessage = {
      epoch: last.epoch + 1n,
      previousRoot: last.epoch === 0n ? zeroHash : last.root,
      root: tree.root,
      spent: this.#spent,
      refunded: this.#refunded,
      earned: this.#earned,
      asOf: BigInt(this.#now),
      dataHash: keccak256(tree.root),
    };
    const typed = checkpointTypedData({ chainId: hardhat.id, contract: this.#vault }, message);
    const signatures = await Promise.all(
      this.#signers.map(async (signer) => ({
        signer: signer.address,
        signature: await signer.signTypedData(typed),
      })),
    );
    const checkpoint = await this.#onVault(operator, "submitCheckpoint", [message, signatures]);
    await this.#passTime(DISPUTE_WINDOW_SECONDS);
    // Settles in some rounds, so that a measured settlement is a repeat.
    const round = { epoch: message.epoch, checkpoint, tree, rows };
    if (last.epoch % 3n !== 2n) {
      await this.#settle(round, 0);
      await this.#settle(round, 1);
    }
    return round;
  }

  #settle({ rows, epoch, tree }: Round, index: number): Promise<number> {
    return this.#onVault(keeper, "settle", [rows[index], epoch, tree.proof(index)]);
  }

  async #repeat(): Promise<number> {
    const round = await this.#round(10);
    await this.#settle(round, 1);
    return this.#settle(round, 1);
  }

  /** Numbers what is signed once, so that no two signatures share a nonce. */
  #signedCount = 0;

  async #directBilling(): Promise<number> {
    const message = this.#authorization(provider.address, 1n);
    const { r, s, v } = parseSignature(
      await this.#signForToken("TransferWithAuthorization", AUTHORIZATION_FIELDS, message),
    );
    return this.#onToken(keeper, "transferWithAuthorization", [...Object.values(message), v, r, s]);
  }

  /** A purchase that the payer sends itself, with a permit for exactly the price. */
  async #buyWithPermit(): Promise<number> {
    const deadline = 10n ** 11n;
    const signature = await this.#signForToken("Permit", PERMIT_FIELDS, {
      owner: payer.address,
      spender: this.#vault,
      value: 10_000n,
      nonce: BigInt(this.#permits),
      deadline,
    });
    this.#permits += 1;
    return this.#onVault(payer, "buyWithPermit", [payer.address, CREDIT, deadline, signature]);
  }

  #permits = 0;

  /** A purchase that somebody else sends, with the payer's authorization of the price. */
  async #buyWithAuthorization(): Promise<number> {
    const salt = keccak256(toHex(`purchase ${(this.#signedCount += 1)}`));
    const nonce = await this.#client.readContract({
      address: this.#vault,
      abi: computeCreditsAbi,
      functionName: "authorizationNonce",
      args: [payer.address, CREDIT, salt],
    });
    const message = { ...this.#authorization(this.#vault, 10_000n), nonce };
    const signature = await this.#signForToken(
      "ReceiveWithAuthorization",
      AUTHORIZATION_FIELDS,
      message,
    );
    const { validAfter, validBefore } = message;
    return this.#onVault(keeper, "buyWithAuthorization", [
      payer.address,
      CREDIT,
      payer.address,
      validAfter,
      validBefore,
      salt,
      signature,
    ]);
  }

  #authorization(to: Address, value: bigint) {
    return {
      from: payer.address,
      to,
      value,
      validAfter: 0n,
      validBefore: 10n ** 11n,
      nonce: keccak256(toHex(`request ${(this.#signedCount += 1)}`)),
    };
  }

  #signForToken(
    primaryType: string,
    fields: readonly { name: string; type: string }[],
    message: Record<string, unknown>,
  ): Promise<Hex> {
    return payer.signTypedData({
      domain: {
        name: "Test Dollar",
        version: "1",
        chainId: hardhat.id,
        verifyingContract: this.#token,
      },
      types: { [primaryType]: fields },
      primaryType,
      message,
    });
  }

  async #keeperTopUp(): Promise<number> {
    const policy = {
      account: payer.address,
      payer: payer.address,
      keeper: keeper.address,
      creditMicrosPerTopUp: CREDIT,
      maxCreditMicrosPerPeriod: 10n * CREDIT,
      periodSeconds: 86_400n,
      startsAt: 0n,
      expiresAt: 10n ** 11n,
      salt: 1n,
    };
    const digest = await this.#client.readContract({
      address: this.#vault,
      abi: computeCreditsAbi,
      functionName: "hashTopUpPolicy",
      args: [policy],
    });
    return this.#onVault(keeper, "topUp", [policy, await payer.sign({ hash: digest })]);
  }

  async #passTime(seconds: number): Promise<void> {
    await this.#setNextTimestamp(seconds);
    await this.#client.mine({ blocks: 1 });
  }

  /** Sets the next block's time. The chain would otherwise add the real seconds since its start. */
  async #setNextTimestamp(secondsLater: number): Promise<void> {
    this.#now += secondsLater;
    await this.#client.setNextBlockTimestamp({ timestamp: BigInt(this.#now) });
  }

  #onVault(from: LocalAccount, functionName: string, args: readonly unknown[]): Promise<number> {
    return this.#send(from, this.#vault, computeCreditsAbi, functionName, args);
  }

  #onToken(from: LocalAccount, functionName: string, args: readonly unknown[]): Promise<number> {
    return this.#send(from, this.#token, testDollarAbi, functionName, args);
  }

  async #send(
    from: LocalAccount,
    address: Address,
    abi: Abi,
    functionName: string,
    args: readonly unknown[],
  ): Promise<number> {
    await this.#setNextTimestamp(1);
    const hash = await walletOf(this.#client, from).writeContract({
      address,
      abi,
      functionName,
      args,
      gas: GAS_LIMIT,
    });
    const receipt = await this.#client.waitForTransactionReceipt({ hash });
    if (receipt.status !== "success") throw new Error(`${functionName} failed`);
    return Number(receipt.gasUsed);
  }
}

type Eip1193 = Parameters<typeof custom>[0];

function clientOf(chain: Eip1193) {
  return createTestClient({
    chain: hardhat,
    mode: "hardhat",
    transport: custom(chain),
    pollingInterval: 5,
    cacheTime: 0,
  }).extend(publicActions);
}

function walletOf(chain: Eip1193, account: LocalAccount) {
  return createWalletClient({ account, chain: hardhat, transport: custom(chain) });
}
