import { type Hex, bytesToBigInt, getTypesForEIP712Domain } from "viem";

import {
  CreditsError,
  WHOLE_ACCOUNT,
  readBalance,
  readBudgets,
  scopeHash,
} from "@compute-credits/client";
import { formatCredits } from "@compute-credits/protocol/amounts";
import { allowanceTypedData } from "@compute-credits/protocol/messages/allowance";
import type { Agent } from "./agent.ts";
import type { AllowanceTerms, KeyTerms } from "./newKey.ts";

/** What the owner of an account runs or signs, so that a key may spend. */
export interface OwnersPart {
  /** for a shell in a checkout of this project */
  readonly command: string;
  /** for `eth_signTypedData_v4` of the owner's wallet */
  readonly typedData: Readonly<Record<string, unknown>>;
  /** where the signature goes: the body, with it in place of `signature` */
  readonly post: { readonly url: string; readonly body: Readonly<Record<string, unknown>> };
  /** whether the counter in it was read; else it is 0, which holds until the owner revoked */
  readonly isCounterRead: boolean;
  readonly next: string;
}

/**
 * Describes the allowance that the owner has to sign, in two forms. Nothing is stored: without the
 * signature the key may spend nothing.
 */
export async function askOwner(
  agent: Agent,
  {
    spender,
    account,
    given,
    terms,
  }: {
    readonly spender: Hex;
    readonly account: Hex;
    readonly given: KeyTerms;
    readonly terms: AllowanceTerms;
  },
): Promise<OwnersPart> {
  const { limitMicros: limit, period, expiresAt, scope } = terms;
  const counter = await counterOf(agent, account);
  const message = {
    account,
    spender,
    limit,
    period,
    rollover: 0n,
    startsAt: 0n,
    expiresAt,
    priority: 128,
    scope: scopeHash(scope),
    accountCap: WHOLE_ACCOUNT,
    counter: counter ?? 0n,
    salt: bytesToBigInt(crypto.getRandomValues(new Uint8Array(32))),
  };
  const typedData = allowanceTypedData(await agent.deployment(), message);
  // Wallets want it, though viem adds it by itself.
  const domainTypes = { EIP712Domain: getTypesForEIP712Domain(typedData) };
  return {
    command: commandOf(agent, { spender, given, limit }),
    typedData: { ...typedData, types: { ...domainTypes, ...typedData.types } },
    post: {
      url: `${agent.serverUrl}/v1/allowances`,
      body: { allowance: message, scope, signature: "0x" },
    },
    isCounterRead: counter !== null,
    next:
      "Give the owner the command or the typed data. Once it is signed and posted, call " +
      "accept_account with this account and spender.",
  };
}

/** The account that already pays for the agent's key. Throws a `CreditsError` if there is none. */
export async function payerOf({ spender }: Agent): Promise<Hex> {
  if (spender !== null) {
    const { budgets } = await readBudgets(spender.api, { spender: spender.id, limit: 50 });
    // Anyone may sign for this key: only who was accepted pays for it.
    const first = budgets.find(({ status }) => status !== "not_accepted");
    if (first !== undefined) return first.account;
  }
  throw new CreditsError("No account pays for this agent so far, and none is named.", {
    reason: "account_needed",
    next: "Ask the user for the address of the account that shall pay, and name it as account.",
  });
}

/** Only who may read the account knows its counter. */
async function counterOf({ reader }: Agent, account: Hex): Promise<bigint | null> {
  if (reader === null || (await reader.account()) !== account) return null;
  return (await readBalance(reader.api, { account })).counter;
}

/** Every part has a form without quotes or spaces, so that a shell takes it as it is. */
function commandOf(
  { serverUrl }: Agent,
  { spender, given, limit }: { spender: Hex; given: KeyTerms; limit: bigint },
): string {
  const { periodMonths, expiresAt, providers, meters } = given;
  return [
    `npm run credits -- allow --credits ${formatCredits(limit)} --spender ${spender}`,
    ...(periodMonths === undefined ? [] : [`--months ${periodMonths}`]),
    ...(expiresAt === undefined ? [] : [`--expires ${new Date(expiresAt).toISOString()}`]),
    ...providers.map((provider) => `--provider ${provider}`),
    ...meters.map((meter) => `--meter ${meter}`),
    `--server ${serverUrl} --key-file WALLET.key --rpc RPC_URL`,
  ].join(" ");
}
