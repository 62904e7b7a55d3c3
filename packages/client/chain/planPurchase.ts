import { type Address, type Hex, type PublicClient, erc20Abi, parseAbi } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { readTokenDomain } from "./tokenDomain.ts";
import { explained } from "./transact.ts";

/** How a purchase is paid: an ERC-3009 authorization, an ERC-2612 permit, or an approval. */
export type Payment = "authorization" | "permit" | "approval";

/** Why a purchase is best paid in this way. */
export type PaymentReason =
  /** the vault may take as much already: no signature and one transaction */
  | "approved_already"
  /** it cannot sign as a key does, so it approves */
  | "contract_wallet"
  /** a signature for the token might be worthless, so an approval is safer */
  | "unknown_domain"
  /** one signature, one transaction, and nothing stays approved */
  | "token_has_authorizations"
  /** one signature, one transaction, and exactly the price is approved */
  | "token_has_permits"
  /** two transactions: an approval of exactly the price, and the purchase */
  | "token_has_neither";

/** What a purchase needs to know: the token, and the price in its smallest units, rounded up. */
export interface Price {
  readonly token: Address;
  readonly tokenAmount: bigint;
}

export interface PurchasePlan extends Price {
  readonly by: Payment;
  readonly because: PaymentReason;
  /** what the payer has of the token, and what the vault may take of it, in its smallest units */
  readonly balance: bigint;
  readonly approved: bigint;
}

/** A client of the chain, and the vault. */
interface VaultConnection {
  readonly client: PublicClient;
  readonly contract: Address;
}

export const SIGNED_PAYMENTS = parseAbi([
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "function nonces(address owner) view returns (uint256)",
]);

const NO_NONCE: Hex = `0x${"00".repeat(32)}`;

/**
 * Reads what `creditMicros` cost, what the payer has, and how it pays with the fewest transactions.
 * It approves where nothing is known for sure: a wrong guess would cost a failed transaction. Asks
 * the wallet nothing.
 */
export async function planPurchase(
  on: VaultConnection,
  { payer, creditMicros }: { readonly payer: Address; readonly creditMicros: bigint },
): Promise<PurchasePlan> {
  return await explained(async () => {
    const { client, contract } = on;
    const price = await readPrice(on, creditMicros);
    const onToken = { address: price.token, abi: [...erc20Abi, ...SIGNED_PAYMENTS] } as const;
    const [balance, approved, code, has3009, has2612, domain] = await Promise.all([
      client.readContract({ ...onToken, functionName: "balanceOf", args: [payer] }),
      client.readContract({ ...onToken, functionName: "allowance", args: [payer, contract] }),
      client.getCode({ address: payer }),
      works(
        client.readContract({
          ...onToken,
          functionName: "authorizationState",
          args: [payer, NO_NONCE],
        }),
      ),
      works(client.readContract({ ...onToken, functionName: "nonces", args: [payer] })),
      readTokenDomain(client, price.token),
    ]);
    const [by, because] = choose({
      isApproved: approved >= price.tokenAmount,
      isContract: code !== undefined,
      hasDomain: domain !== null,
      has3009,
      has2612,
    });
    return { ...price, balance, approved, by, because };
  });
}

/** Reads the vault's token, and what credits cost, in its smallest units, rounded up. */
export async function readPrice(
  { client, contract }: VaultConnection,
  creditMicros: bigint,
): Promise<Price> {
  const vault = { address: contract, abi: computeCreditsAbi } as const;
  const [token, tokenAmount] = await Promise.all([
    client.readContract({ ...vault, functionName: "token" }),
    client.readContract({ ...vault, functionName: "priceOf", args: [creditMicros] }),
  ]);
  return { token, tokenAmount };
}

function choose(known: {
  readonly isApproved: boolean;
  readonly isContract: boolean;
  readonly hasDomain: boolean;
  readonly has3009: boolean;
  readonly has2612: boolean;
}): readonly [Payment, PaymentReason] {
  if (known.isApproved) return ["approval", "approved_already"];
  if (known.isContract) return ["approval", "contract_wallet"];
  if (known.has3009 || known.has2612) {
    if (!known.hasDomain) return ["approval", "unknown_domain"];
    return known.has3009
      ? ["authorization", "token_has_authorizations"]
      : ["permit", "token_has_permits"];
  }
  return ["approval", "token_has_neither"];
}

async function works(read: Promise<unknown>): Promise<boolean> {
  return await read.then(
    () => true,
    () => false,
  );
}
