import type { Logger } from "pino";
import type { Hex } from "viem";

import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import type {
  KeeperChain,
  KeeperProbe,
  TopUpRefusal,
} from "@compute-credits/platform/chain/keeperChain";
import { available } from "@compute-credits/rules/accounts/account";
import { DAY_SECONDS } from "@compute-credits/rules/insight/burn";
import { runway } from "@compute-credits/rules/insight/runway";
import { decideTopUp } from "@compute-credits/rules/topUps/decideTopUp";
import type { InsightStore } from "../../stores/insight/insightStore.ts";
import type {
  OpenTopUp,
  PolicyRefusal,
  StoredPolicy,
  TopUpStore,
} from "../../stores/topUps/topUpStore.ts";

export interface KeeperDeps {
  readonly chain: KeeperChain;
  readonly store: TopUpStore;
  readonly insight: Pick<InsightStore, "outlook">;
  readonly chainStore: Pick<ChainStore, "cursor">;
  /** a transaction that is not in a block after this time is replaced by one with higher fees */
  readonly bumpAfterMs: number;
  /** least time between two looks at one policy */
  readonly lookSeconds: number;
  readonly log: Pick<Logger, "info" | "warn">;
  readonly probe: KeeperProbe;
}

/** Policies that one step looks at: a runway is reckoned for each. */
const LOOKS_PER_STEP = 20;

/**
 * One step of the keeper: goes on with what it began, then begins at most one top-up.
 *
 * A top-up is bound to one nonce of the wallet before anything is sent, and only one that the chain
 * has not mined is open at a time. So it buys once, whichever of several keepers sends it, however
 * often, and whatever a reorg takes back: it is sent again with the same nonce. It ends when its
 * block is confirmed, which is when the ledger counts its credits: until then the policy begins no
 * other.
 */
export async function keepToppedUp(deps: KeeperDeps): Promise<"done" | "more"> {
  const { chain, store } = deps;
  const open = await store.open(chain.wallet);
  for (const topUp of open) {
    // oxlint-disable-next-line no-await-in-loop -- one nonce after the other
    await goOn(deps, topUp);
  }
  return await beginOne(deps);
}

async function goOn(deps: KeeperDeps, topUp: OpenTopUp): Promise<void> {
  const { chain, store, chainStore, probe } = deps;
  const mined = await chain.mined(topUp.nonce);
  const confirmed = (await chainStore.cursor()).number;
  if (mined !== null) {
    // A reorg may still take it back: the ledger counts nothing before it is confirmed either.
    if (mined.blockNumber > confirmed) return;
    await probe("confirmed");
    const state = mined.kind === "cancel" ? "cancelled" : mined.succeeded ? "bought" : "refused";
    await store.end(topUp, {
      state,
      transactionHash: mined.hash,
      blockNumber: mined.blockNumber,
    });
    if (state !== "bought") await refuseAfter(deps, topUp.policy);
    return;
  }
  const next = await chain.nextNonce();
  // An earlier one was taken back by a reorg: it comes first.
  if (next < topUp.nonce) return;
  if (next > topUp.nonce) {
    // Something else used the nonce, so none of ours can be mined any more.
    if ((await chain.nextNonceAt(confirmed)) <= topUp.nonce) return;
    await store.end(topUp, { state: "refused", transactionHash: null, blockNumber: null });
    await refuse(deps, topUp.policy, {
      error: null,
      message: "another program sent a transaction from the keeper's wallet",
    });
    return;
  }
  await sendOrCancel(deps, topUp);
}

/** A transaction that bought nothing says not why: asks what the chain would say to the next. */
async function refuseAfter(deps: KeeperDeps, id: Hex): Promise<void> {
  const policy = await deps.store.policy(id);
  if (policy === null || policy.stoppedAt !== null) return;
  const { message, signature } = policy;
  const now = await deps.chain.simulate({ kind: "top_up", message, signature });
  await refuse(deps, id, typeof now === "bigint" ? REVERTED : now);
}

const REVERTED: TopUpRefusal = { error: null, message: "its transaction bought nothing" };

/** Sends a top-up that is in no block, or ends it if it is not wanted or not possible any more. */
async function sendOrCancel(deps: KeeperDeps, topUp: OpenTopUp): Promise<void> {
  const { chain, store, bumpAfterMs, probe, log } = deps;
  const policy = await store.policy(topUp.policy);
  if (policy === null) return;
  const { message, signature } = policy;
  const call = { kind: "top_up", message, signature } as const;
  const gas = policy.stoppedAt === null ? await chain.simulate(call) : STOPPED;
  if (typeof gas === "bigint") {
    if (!(await store.reserve(topUp, bumpAfterMs))) return;
    await probe("reserved");
    await chain.send(call, topUp.nonce, gas);
    log.info(
      { policy: policy.id, number: topUp.number, nonce: `${topUp.nonce}` },
      "a top-up is sent",
    );
    return;
  }
  if (await store.release(topUp, policy.stoppedAt === null ? "refused" : "cancelled")) {
    if (policy.stoppedAt === null) await refuse(deps, policy.id, gas);
    return;
  }
  // One that was sent may still be mined, so its nonce is used up by a transfer of nothing. The
  // chain mines one of the two.
  if (!(await store.reserve(topUp, bumpAfterMs))) return;
  await chain.send({ kind: "cancel" }, topUp.nonce, 0n);
}

const STOPPED: TopUpRefusal = { error: null, message: "the policy was stopped" };

async function beginOne(deps: KeeperDeps): Promise<"done" | "more"> {
  const { chain, store, lookSeconds, probe } = deps;
  const due = await store.takeDue(chain.wallet, LOOKS_PER_STEP, lookSeconds);
  for (const policy of due) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other spares the database
    if (!(await isDue(deps, policy))) continue;
    // oxlint-disable-next-line no-await-in-loop -- as above
    const nonce = await chain.nextNonce();
    // oxlint-disable-next-line no-await-in-loop -- as above
    const open = await store.open(chain.wallet);
    // One that waits for its block has this nonce. The policy is looked at again.
    if (open.some((topUp) => topUp.nonce >= nonce)) return "done";
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (!(await store.begin(policy, { wallet: chain.wallet, nonce }))) continue;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await probe("begun");
    return "more";
  }
  return "done";
}

async function isDue(
  { insight, store }: Pick<KeeperDeps, "insight" | "store">,
  policy: StoredPolicy,
): Promise<boolean> {
  const { message, terms, isFilling } = policy;
  const outlook = await insight.outlook(message.account, [DAY_SECONDS]);
  if (BigInt(Math.floor(outlook.now.getTime() / 1_000)) >= message.expiresAt) {
    await store.refused(policy.id, {
      message: "the policy has expired",
      stop: "expired",
      until: null,
    });
    return false;
  }
  const [window] = outlook.windows;
  const decided = decideTopUp(terms, {
    availableMicros: available(outlook.account),
    secondsToZero:
      window === undefined || terms.runwayBelowSeconds === null
        ? null
        : runway(outlook, window).secondsToZero,
    isFilling,
  });
  if (!decided.isFilling) await store.rest(policy);
  return decided.isDue;
}

async function refuse(deps: KeeperDeps, id: Hex, refusal: TopUpRefusal): Promise<void> {
  const policy = await deps.store.policy(id);
  if (policy === null) return;
  const noted = noteOf(policy, refusal, new Date());
  deps.log.warn({ policy: id, refusal: noted.message, stop: noted.stop }, "a top-up was refused");
  await deps.store.refused(id, noted);
}

/** What follows from a refusal: a policy stops if it can never buy again, and waits otherwise. */
export function noteOf(
  { message: policy }: Pick<StoredPolicy, "message">,
  { error, message }: TopUpRefusal,
  now: Date,
): PolicyRefusal {
  switch (error) {
    case "TopUpPolicyRevoked":
      return { message: "its payer has revoked the policy on chain", stop: "revoked", until: null };
    case "TopUpLimitReached": {
      if (policy.periodSeconds === 0n) {
        return { message: "the policy has bought all it may", stop: "used_up", until: null };
      }
      const age = BigInt(Math.floor(now.getTime() / 1_000)) - policy.startsAt;
      const next = policy.startsAt + (age / policy.periodSeconds + 1n) * policy.periodSeconds;
      return {
        message: "the policy has bought all it may in this period",
        stop: next >= policy.expiresAt ? "used_up" : null,
        until: new Date(Number(next) * 1_000),
      };
    }
    case "ERC20InsufficientBalance":
      return { message: "its payer has too few tokens", stop: null, until: null };
    case "ERC20InsufficientAllowance":
      return {
        message: "its payer has not approved the vault for the price",
        stop: null,
        until: null,
      };
    case "EnforcedPause":
      return {
        message: "the vault sells nothing now: it is paused or frozen",
        stop: null,
        until: null,
      };
    case "InvalidPolicySignature":
      return { message: "its payer does not stand by its signature", stop: null, until: null };
    default:
      return { message, stop: null, until: null };
  }
}
