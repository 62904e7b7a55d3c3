import type { Address, Hex } from "viem";

import { spenderWallet } from "@compute-credits/protocol/messages/spender";
import type { Debited, Refused } from "@compute-credits/rules/usage/outcome";
import { type ModelState, availableOf } from "./modelState.ts";
import { isAlive } from "./accepting.ts";
import { budgetAt } from "./budget.ts";
import { type ModelPrice, modelCost } from "./price.ts";
import { type ModelShare, restOfPrice, unitsOfParts } from "./sharing.ts";
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
  const ofSpender = [...modelState.allowances.values()].filter(
    ({ message }) => message.spender === request.spender,
  );
  const order = ofSpender.filter(({ accepted }) => accepted).toSorted(burnDownOrder);
  const [first, ...rest] = order.filter((each) => obstacle(modelState, each, request, at) === null);
  if (first !== undefined) return [first, ...rest];
  // A provider that no allowance names, and no spender trusts, learns nothing of either.
  const { provider } = request;
  const isStranger = !modelState.parties.trusted.includes(provider);
  if (isStranger && !ofSpender.some(({ scope }) => scope.providers.includes(provider))) {
    return { reason: "access_not_granted" };
  }
  const last = order.at(-1);
  const isWaiting = ofSpender.some((each) => !each.accepted && isAlive(modelState, each, at));
  const none = isWaiting ? "account_not_accepted" : "allowance_not_found";
  const reason = last === undefined ? none : obstacle(modelState, last, request, at);
  if (reason === null) throw new Error("a usable allowance was filtered out");
  return { reason };
}

export function isRefusal<Result extends object>(
  payers: Result,
): payers is Extract<Result, { readonly reason: string }> {
  return "reason" in payers;
}

export function obstacle(
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

/** Charges that have a price of their own for each account. */
export interface Charged {
  readonly charges: Charges;
  /** in the order of payment */
  readonly shares: readonly ModelShare[];
  /** writes them into the model */
  readonly make: () => void;
}

/**
 * Finds which allowances pay for `quantity` units, in order. Each account pays its own price: so
 * many micro-credits of it are so large a part of the work.
 */
export function findPayers(
  modelState: ModelState,
  payers: readonly [ModelAllowance, ...ModelAllowance[]],
  { quantity, priceOf }: { quantity: bigint; priceOf: (account: Address) => ModelPrice },
  { into, at }: { into: "spent" | "held"; at: Date },
): Charged | Refusal {
  const [first] = payers;
  const costFor = ({ message }: ModelAllowance) => modelCost(priceOf(message.account), quantity);
  const isTiered = payers.some(({ message }) => priceOf(message.account).use !== null);
  const newAccounts = new Map<Address, ModelAccount>();
  const newAllowances = new Map<Hex, ModelAllowance>();
  const paid: { payer: ModelAllowance; micros: bigint; ofMicros: bigint }[] = [];
  const short: { payer: ModelAllowance; limit: Limit }[] = [];

  const roomOf = ({ id, message, byContract }: ModelAllowance): [Limit, bigint] => {
    const account = newAccounts.get(message.account) ?? modelState.account(message.account);
    const budgets = modelState
      .budgetsOf(id)
      .map((each) => newAllowances.get(each.id) ?? budgetAt(each.message, each, at));
    const rooms: [Limit, bigint][] = [
      ["insufficient_credits", availableOf(account)],
      ...budgets.map((budget, n): [Limit, bigint] => [
        n === 0 ? "allowance_exhausted" : "campaign_exhausted",
        budget.message.limit + budget.carried - budget.used,
      ]),
      ["account_cap_reached", message.accountCap - account.spent - account.held],
    ];
    if (byContract) {
      rooms.push(["cap_not_recorded", account.recordedCap - account.spent - account.held]);
    }
    const [limit, room] = rooms.reduce((a, b) => (b[1] < a[1] ? b : a));
    return [limit, room < 0n ? 0n : room];
  };
  const pay = ({ id, message }: ModelAllowance, micros: bigint) => {
    const account = newAccounts.get(message.account) ?? modelState.account(message.account);
    newAccounts.set(message.account, { ...account, [into]: account[into] + micros });
    for (const each of modelState.budgetsOf(id)) {
      const budget = newAllowances.get(each.id) ?? budgetAt(each.message, each, at);
      newAllowances.set(budget.id, {
        ...budget,
        used: budget.used + micros,
        spent: budget.spent + (into === "spent" ? micros : 0n),
      });
    }
  };

  // Free whoever pays: the first, even with nothing left.
  const isFreeRate = !isTiered && costFor(first) === 0n;
  let isDone = false;
  for (const payer of payers) {
    const [limit, room] = roomOf(payer);
    if (room === 0n && !isFreeRate) {
      short.push({ payer, limit });
      continue;
    }
    const ofMicros = costFor(payer);
    const due = restOfPrice(ofMicros, paid);
    isDone = room >= due;
    const micros = isDone ? due : room;
    pay(payer, micros);
    paid.push({ payer, micros, ofMicros });
    if (isDone) break;
    short.push({ payer, limit });
  }
  const freeFor = isDone ? undefined : payers.find((payer) => costFor(payer) === 0n);
  if (freeFor !== undefined) {
    newAccounts.clear();
    newAllowances.clear();
    pay(freeFor, 0n);
    paid.splice(0, paid.length, { payer: freeFor, micros: 0n, ofMicros: 0n });
    isDone = true;
  }
  const total = paid.reduce((sum, { micros }) => sum + micros, 0n);
  if (!isDone) {
    const reported =
      short.findLast(({ limit }) => limit === "insufficient_credits") ?? short.at(-1);
    if (reported === undefined) throw new Error("nobody is short");
    const { account } = reported.payer.message;
    return {
      reason: reported.limit,
      account,
      availableMicros: total,
      neededMicros: total + restOfPrice(costFor(reported.payer), paid),
      heldMicros: modelState.account(account).held,
    };
  }
  const charges = paid
    .filter(({ micros }, n) => micros > 0n || n === 0)
    .map(({ payer: { id, message }, micros }) => ({
      account: message.account,
      allowance: id,
      amountMicros: micros,
    }));
  let counted = 0n;
  const shares = paid.map(({ payer, micros }, n) => {
    const upTo = n === paid.length - 1 ? quantity : unitsOfParts(quantity, paid.slice(0, n + 1));
    const units = upTo - counted;
    counted = upTo;
    const { account } = payer.message;
    return { account, price: priceOf(account), micros, units };
  });
  const make = () => {
    for (const [address, account] of newAccounts)
      modelState.set(modelState.accounts, address, account);
    for (const [id, allowance] of newAllowances)
      modelState.set(modelState.allowances, id, allowance);
  };
  return { charges, shares, make };
}

type Limit =
  | "insufficient_credits"
  | "allowance_exhausted"
  | "campaign_exhausted"
  | "account_cap_reached"
  | "cap_not_recorded";

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
