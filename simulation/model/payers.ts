import type { Address, Hex } from "viem";

import { spenderWallet } from "@compute-credits/protocol/messages/spender";
import type { Debited, Refused } from "@compute-credits/rules/usage/outcome";
import { type ModelState, availableOf } from "./modelState.ts";
import { budgetAt } from "./budget.ts";
import type { ModelAccount, ModelAllowance } from "./state.ts";

export type Refusal = Refused["refusal"];
export type Charges = Debited["charges"];

/** A request to charge a spender for a provider's meter. */
export interface ChargeRequest {
  readonly spender: Hex;
  readonly provider: Address;
  readonly meter: string;
}

/** Returns the allowances that may pay, in burn-down order, or why none may. */
export function payersOf(
  modelState: ModelState,
  request: ChargeRequest,
  at: Date,
): readonly [ModelAllowance, ...ModelAllowance[]] | Refusal {
  const order = [...modelState.allowances.values()]
    .filter(({ message }) => message.spender === request.spender)
    .toSorted(burnDownOrder);
  const [first, ...rest] = order.filter((each) => obstacle(modelState, each, request, at) === null);
  if (first !== undefined) return [first, ...rest];
  const last = order.at(-1);
  const reason =
    last === undefined ? "allowance_not_found" : obstacle(modelState, last, request, at);
  if (reason === null) throw new Error("a usable allowance was filtered out");
  return { reason };
}

export function isRefusal(
  payers: ReturnType<typeof payersOf> | Charges | Refusal,
): payers is Refusal {
  return "reason" in payers;
}

function obstacle(
  modelState: ModelState,
  { message, scope, revokedAt, campaign }: ModelAllowance,
  { provider, meter }: ChargeRequest,
  at: Date,
) {
  const seconds = BigInt(Math.floor(at.getTime() / 1000));
  if (revokedAt !== null) return "allowance_revoked";
  if (modelState.account(message.account).counter !== message.counter) return "allowance_revoked";
  if (message.expiresAt > 0n && seconds >= message.expiresAt) return "allowance_expired";
  if (seconds < message.startsAt) return "allowance_not_started";
  if (scope.providers.length > 0 && !scope.providers.includes(provider)) {
    return "allowance_out_of_scope";
  }
  if (scope.meters.length > 0 && !scope.meters.includes(meter)) return "allowance_out_of_scope";
  if (scope.providers.length === 0 && !modelState.parties.trusted.includes(provider)) {
    return "access_not_granted";
  }
  if (campaign !== null && modelState.allowance(campaign).revokedAt !== null)
    return "campaign_revoked";
  return null;
}

/** Charges allowances in order until `needed` micro-credits are covered, or changes nothing. */
export function take(
  modelState: ModelState,
  payers: readonly [ModelAllowance, ...ModelAllowance[]],
  needed: bigint,
  { into, at }: { into: "spent" | "held"; at: Date },
): Charges | Refusal {
  const [first] = payers;
  const heldAtFirst = modelState.account(first.message.account).held;
  const charges: Charges[number][] = [];
  const newAccounts = new Map<Address, ModelAccount>();
  const newAllowances = new Map<Hex, ModelAllowance>();
  let missing = needed;
  let limit: Limit = "insufficient_credits";
  for (const candidate of payers) {
    if (missing === 0n && charges.length > 0) break;
    const { account: address, accountCap } = candidate.message;
    const account = newAccounts.get(address) ?? modelState.account(address);
    const budgets = modelState
      .budgetsOf(candidate.id)
      .map((each) => newAllowances.get(each.id) ?? budgetAt(each.message, each, at));
    const rooms: [Limit, bigint][] = [
      ["insufficient_credits", availableOf(account)],
      ...budgets.map(({ message, carried, used }, n): [Limit, bigint] => [
        n === 0 ? "allowance_exhausted" : "campaign_exhausted",
        message.limit + carried - used,
      ]),
      ["account_cap_reached", accountCap - account.spent - account.held],
    ];
    const [tightest, room] = rooms.reduce((a, b) => (b[1] < a[1] ? b : a));
    const available = room < 0n ? 0n : room;
    if (available < missing) limit = tightest;
    const amountMicros = available < missing ? available : missing;
    if (amountMicros === 0n && needed > 0n) continue;
    newAccounts.set(address, { ...account, [into]: account[into] + amountMicros });
    for (const budget of budgets) {
      newAllowances.set(budget.id, {
        ...budget,
        used: budget.used + amountMicros,
        spent: budget.spent + (into === "spent" ? amountMicros : 0n),
      });
    }
    charges.push({ account: address, allowance: candidate.id, amountMicros });
    missing -= amountMicros;
  }
  if (missing > 0n) {
    return {
      reason: limit,
      account: first.message.account,
      availableMicros: needed - missing,
      neededMicros: needed,
      heldMicros: heldAtFirst,
    };
  }
  for (const [address, account] of newAccounts)
    modelState.set(modelState.accounts, address, account);
  for (const [id, allowance] of newAllowances) modelState.set(modelState.allowances, id, allowance);
  return charges;
}

type Limit =
  "insufficient_credits" | "allowance_exhausted" | "campaign_exhausted" | "account_cap_reached";

/**
 * Sort key: priority, earliest expiry, other people's credits before one's own, oldest, smallest
 * id.
 */
function rank({ message, createdAt, id }: ModelAllowance): bigint[] {
  return [
    BigInt(message.priority),
    message.expiresAt === 0n ? 2n ** 65n : message.expiresAt,
    spenderWallet(message.spender) === message.account ? 1n : 0n,
    BigInt(createdAt.getTime()),
    BigInt(id),
  ];
}

function burnDownOrder(a: ModelAllowance, b: ModelAllowance): number {
  const [ours, theirs] = [rank(a), rank(b)];
  for (const [place, mine] of ours.entries()) {
    const other = theirs[place] ?? mine;
    if (mine !== other) return mine < other ? -1 : 1;
  }
  return 0;
}
