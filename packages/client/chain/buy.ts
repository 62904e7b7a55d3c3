import { type Address, type TransactionReceipt, bytesToHex } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { CreditsError } from "../errors/creditsError.ts";
import { askWallet } from "../wallet/signing.ts";
import { buyCredits } from "./credits.ts";
import {
  type Payment,
  type Price,
  SIGNED_PAYMENTS,
  planPurchase,
  readPrice,
} from "./planPurchase.ts";
import { type TokenDomain, readTokenDomain } from "./tokenDomain.ts";
import { type WalletConnection, explained, senderOf, waitForSuccess } from "./transact.ts";

export interface BuyOptions {
  /** who receives the credits; a gift cannot be taken back */
  readonly account: Address;
  readonly creditMicros: bigint;
  /** by default what the token and the wallet can do with the fewest transactions */
  readonly by?: Payment;
}

/** Seconds for which a signed payment is valid, by the chain's clock. */
const VALID_SECONDS = 3_600n;

/**
 * Buys credits with the vault's token, in one transaction if the token has ERC-3009 or ERC-2612, or
 * if as much is approved already; otherwise it approves exactly the price first. Contract wallets
 * approve. Resolves when the purchase is in a block. Rejects, with nothing paid, if the wallet has
 * too few tokens.
 */
export async function buy(
  connection: WalletConnection,
  { account, creditMicros, by }: BuyOptions,
): Promise<{ receipt: TransactionReceipt; tokenAmount: bigint; by: Payment }> {
  return await explained(async () => {
    const payer = senderOf(connection.wallet).account.address;
    const price =
      by === undefined
        ? await planPurchase(connection, { payer, creditMicros })
        : { ...(await readPrice(connection, creditMicros)), by };
    if (price.by === "approval") {
      return { ...(await buyCredits(connection, { account, creditMicros })), by: price.by };
    }
    const { token, tokenAmount } = price;
    const domain = await readTokenDomain(connection.client, token);
    if (domain === null) {
      throw new CreditsError("the token's signing domain is unknown: use an approval", {
        reason: "invalid_input",
      });
    }
    const pay = price.by === "permit" ? buyWithPermit : buyWithAuthorization;
    const receipt = await pay(connection, { account, creditMicros, token, tokenAmount, domain });
    return { receipt, tokenAmount, by: price.by };
  });
}

interface SignedPurchase extends Price {
  readonly account: Address;
  readonly creditMicros: bigint;
  readonly domain: TokenDomain;
}

async function buyWithPermit(
  { wallet, client, contract }: WalletConnection,
  { account, creditMicros, token, tokenAmount, domain }: SignedPurchase,
): Promise<TransactionReceipt> {
  const sender = senderOf(wallet);
  const owner = sender.account.address;
  const [nonce, { timestamp }] = await Promise.all([
    client.readContract({
      address: token,
      abi: SIGNED_PAYMENTS,
      functionName: "nonces",
      args: [owner],
    }),
    client.getBlock(),
  ]);
  const deadline = timestamp + VALID_SECONDS;
  const typedData = {
    account: sender.account,
    domain,
    types: PERMIT_TYPES,
    primaryType: "Permit",
    message: { owner, spender: contract, value: tokenAmount, nonce, deadline },
  } as const;
  const signature = await askWallet(() => wallet.signTypedData(typedData));
  const sent = wallet.writeContract({
    ...sender,
    address: contract,
    abi: computeCreditsAbi,
    functionName: "buyWithPermit",
    args: [account, creditMicros, deadline, signature],
  });
  return await waitForSuccess(client, sent);
}

/** The nonce fixes the account and the amount, so that no one can redirect the payment. */
async function buyWithAuthorization(
  { wallet, client, contract }: WalletConnection,
  { account, creditMicros, tokenAmount, domain }: SignedPurchase,
): Promise<TransactionReceipt> {
  const sender = senderOf(wallet);
  const from = sender.account.address;
  const vault = { address: contract, abi: computeCreditsAbi } as const;
  const salt = bytesToHex(crypto.getRandomValues(new Uint8Array(32)));
  const [nonce, { timestamp }] = await Promise.all([
    client.readContract({
      ...vault,
      functionName: "authorizationNonce",
      args: [account, creditMicros, salt],
    }),
    client.getBlock(),
  ]);
  const [validAfter, validBefore] = [0n, timestamp + VALID_SECONDS];
  const typedData = {
    account: sender.account,
    domain,
    types: AUTHORIZATION_TYPES,
    primaryType: "ReceiveWithAuthorization",
    message: { from, to: contract, value: tokenAmount, validAfter, validBefore, nonce },
  } as const;
  const signature = await askWallet(() => wallet.signTypedData(typedData));
  const sent = wallet.writeContract({
    ...sender,
    ...vault,
    functionName: "buyWithAuthorization",
    args: [account, creditMicros, from, validAfter, validBefore, salt, signature],
  });
  return await waitForSuccess(client, sent);
}

const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

const AUTHORIZATION_TYPES = {
  ReceiveWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;
