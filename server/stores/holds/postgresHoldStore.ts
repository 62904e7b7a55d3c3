import { type HoldRequest } from "@compute-credits/rules/holds/authorize";
import { lineRequestsOf } from "@compute-credits/rules/holds/lines";
import { type HoldRules, decideHolds } from "@compute-credits/rules/holds/decideHolds";
import type {
  AuthorizeOutcome,
  CaptureOutcome,
  ExtendOutcome,
  ReleaseOutcome,
} from "@compute-credits/rules/holds/outcome";
import type { HoldKey } from "@compute-credits/rules/holds/requests";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { withRetries } from "@compute-credits/platform/postgres/retry";
import { noteCommit } from "@compute-credits/platform/postgres/sentWrites";
import { bytea } from "@compute-credits/platform/postgres/values";
import { type GroupCommitOptions, createCommitQueue } from "../commitQueue.ts";
import { readPriceClock } from "../pricing/priceClock.ts";
import type { PriceReader } from "../pricing/priceReader.ts";
import { readSpenders } from "../usage/lockSpending.ts";
import { checkAccess } from "../usage/report.ts";
import { createSpendingCaches } from "../usage/spendingCaches.ts";
import { explainRefusals } from "../usage/explainRefusals.ts";
import { commitHolds } from "./commitHolds.ts";
import {
  mayBill,
  readAuthorized,
  readCaptureAnswer,
  readExtensionAnswer,
  readReleaseRefusal,
} from "./holdAnswers.ts";
import { type HoldJob, splitRepetitions } from "./holdJob.ts";
import { readHold } from "./holdRecord.ts";
import { createHoldMemory } from "./holdMemory.ts";
import type { HoldStore } from "./holdStore.ts";

export type { HoldRules };

/** How requests share transactions, and what they share with usage. */
export interface HoldStoreOptions {
  readonly groupCommit?: GroupCommitOptions;
}

export function createHoldStore(
  database: Database,
  rules: HoldRules,
  priceReader: PriceReader,
  caches = createSpendingCaches(),
  { groupCommit }: HoldStoreOptions = {},
): HoldStore {
  const deps = { database, rules, priceReader, caches, memory: createHoldMemory() };
  const queue = createCommitQueue<HoldJob>(commit, () => 1, groupCommit);

  async function commit(group: readonly HoldJob[]): Promise<void> {
    const { first, later } = splitRepetitions(group);
    const { answers, unchanged } = await withRetries(() => commitHolds(deps, first));
    for (const answer of answers) answer();
    for (const job of later) queue.add(job);
    // None of the others waits for these.
    for (const job of unchanged) void answerUnchanged(job).catch(job.reject);
  }

  /**
   * Reads an answer that changes nothing, on one snapshot and without a lock; `null` if none. Throws
   * `StaleAccessError` if the caller must be authenticated again.
   */
  const snapshot = <T>({ asOfRevocations }: HoldJob, read: (tx: Sql) => Promise<T | null>) =>
    database.transaction(
      async (tx) => {
        if (asOfRevocations !== undefined) checkAccess(await readPriceClock(tx), asOfRevocations);
        return await read(tx);
      },
      { isolation: "repeatable read" },
    );

  /** Answers on a snapshot, or lets the job join the queue again if it may change something. */
  async function answerUnchanged(job: HoldJob): Promise<void> {
    switch (job.kind) {
      case "authorize": {
        const { request } = job;
        const known = await snapshot(
          job,
          async (tx) => (await readAuthorized(tx, request)) ?? (await refuseStranger(tx, request)),
        );
        if (known !== null) job.resolve(known);
        else queue.add({ ...job, mayHold: true });
        return;
      }
      case "capture": {
        const known = await snapshot(job, (tx) => readCaptureAnswer(tx, job.request));
        if (known !== null) job.resolve(known);
        else queue.add(job);
        return;
      }
      case "end": {
        if (job.as === "expired") {
          job.resolve(null);
          return;
        }
        const known = await snapshot(job, (tx) => readReleaseRefusal(tx, job.request));
        if (known !== null) job.resolve(known);
        else queue.add(job);
        return;
      }
      case "extend": {
        const known = await snapshot(job, (tx) => readExtensionAnswer(tx, job.request));
        if (known !== null) job.resolve(known);
        else queue.add(job);
        return;
      }
      default:
        job satisfies never;
    }
  }

  /**
   * Refuses on a snapshot, without a lock, if no allowance may pay this provider. Returns `null` if
   * one may.
   */
  async function refuseStranger(tx: Sql, request: HoldRequest): Promise<AuthorizeOutcome | null> {
    if (await mayBill(tx, request)) return null;
    const state = await readSpenders(tx, new Set([request.spender]));
    const { now, newestCard, accounts } = state;
    const queries = lineRequestsOf(request).map(({ meter, dimensions }) => ({
      provider: request.provider,
      meter,
      dimensions,
      occurredAt: now,
    }));
    const moment = { now, newestCard, accounts: [...accounts.keys()], isFinal: false };
    const prices = await priceReader.read(tx, queries, moment);
    const nothing = {
      holds: new Map(),
      refundRequested: new Set<never>(),
      openHolds: new Map(),
      hasAccess: denyNewPayers,
    };
    const { held } = decideHolds(
      { captures: [], ends: [], extensions: [], requests: [request] },
      { ...state, ...nothing, prices },
      rules,
    );
    const [outcome] = held;
    if (outcome?.result !== "refused") throw new Error("a stranger holds credits");
    const { provider, spender } = request;
    const [refusal = outcome.refusal] = await explainRefusals(tx, [
      { provider, spender, refusal: outcome.refusal },
    ]);
    return { result: "refused", refusal };
  }

  function end(
    request: HoldKey,
    as: "released" | "expired",
    asOfRevocations?: bigint,
  ): Promise<ReleaseOutcome | null> {
    const { promise, resolve, reject } = Promise.withResolvers<ReleaseOutcome | null>();
    queue.add({ kind: "end", request, as, asOfRevocations, resolve, reject });
    return promise;
  }

  return {
    async authorize(request, asOfRevocations) {
      const { promise, resolve, reject } = Promise.withResolvers<AuthorizeOutcome>();
      const caller = { asOfRevocations, resolve, reject };
      queue.add({ kind: "authorize", request, mayHold: false, ...caller });
      const outcome = await promise;
      if (outcome.result === "held" && !outcome.repeated) noteCommit();
      return outcome;
    },
    async capture(request, asOfRevocations) {
      const { promise, resolve, reject } = Promise.withResolvers<CaptureOutcome>();
      queue.add({ kind: "capture", request, asOfRevocations, resolve, reject });
      const outcome = await promise;
      if (outcome.result === "captured" && !outcome.debit.repeated) noteCommit();
      return outcome;
    },
    async release(key, asOfRevocations) {
      const outcome = await end(key, "released", asOfRevocations);
      if (outcome === null) throw new Error("a release has no outcome");
      if (outcome.result === "released") noteCommit();
      return outcome;
    },
    async extend(request, asOfRevocations) {
      // The spender of a hold never changes, so that it may be looked up without a lock.
      const hold = deps.memory.find(request, []) ?? (await readHold(database, request));
      if (hold === null) return { result: "refused", refusal: { reason: "hold_not_found" } };
      const { promise, resolve, reject } = Promise.withResolvers<ExtendOutcome>();
      const { spender } = hold;
      const caller = { asOfRevocations, resolve, reject };
      queue.add({ kind: "extend", request: { ...request, spender }, ...caller });
      const outcome = await promise;
      if (outcome.result === "extended" && !outcome.repeated) noteCommit();
      return outcome;
    },
    find: (key) => readHold(database, key),

    async expireDue(limit) {
      // Plan: open_holds_by_expiry, a range.
      const due = await database.query<HoldKey>(
        `select provider, hold_id as id from open_holds
         where expires_at <= clock_timestamp() order by expires_at limit $1`,
        [limit],
      );
      await Promise.all(due.map((key) => end(key, "expired")));
      return due.length;
    },

    async secondsToNextExpiry(account) {
      // Plan: open_holds_of_account and open_hold_parts_of_account, then holds by primary key.
      const [next] = await database.query<{ seconds: number | null }>(
        `select ceil(extract(epoch from min(expires_at) - clock_timestamp()))::integer as seconds
         from holding_parts p join holds using (provider, hold_id) where p.account = $1`,
        [bytea(account)],
      );
      const seconds = next?.seconds ?? null;
      return seconds === null ? null : Math.max(seconds, 1);
    },
  };
}

/** A stranger has access to no spender. */
function denyNewPayers(): boolean {
  return false;
}
