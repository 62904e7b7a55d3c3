import type { Hex } from "viem";

import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import {
  type AcceptanceProof,
  decideAcceptance,
} from "@compute-credits/rules/acceptances/acceptance";
import { periodIndexAt } from "@compute-credits/rules/allowances/period";
import type {
  AddOutcome,
  AddRefusal,
  AllowanceStore,
  ListedAllowance,
  PostingFacts,
  SignedAllowance,
  TooManyAllowances,
} from "./allowanceStore.ts";
import type { AcceptanceChange } from "../acceptances/acceptanceStore.ts";
import {
  type AcceptanceRules,
  changeAcceptance,
  enterIntoLog,
  isAliveSql,
  readAcceptance,
  refuseOneMore,
  retireDead,
} from "../acceptances/acceptanceRecord.ts";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import {
  ALLOWANCE_COLUMNS,
  ARRIVED_CTE,
  type AllowanceRecord,
  isAfterSql,
  toListedAllowance,
} from "./allowanceRecord.ts";
import { withRetries } from "@compute-credits/platform/postgres/retry";
import { readClock } from "@compute-credits/platform/postgres/clock";
import { writeNotes } from "../log/writeNotes.ts";
import { lockAccount, lockAccountOf } from "../issuing/lockAccount.ts";
import { bytea, byteaArray, textArray } from "@compute-credits/platform/postgres/values";

export interface AllowanceRules extends AcceptanceRules {
  /** signed by one owner and never counted yet */
  readonly maxOffersPerAccount: number;
  /** signed by one owner, in force or not; grants do not count */
  readonly maxAllowancesPerAccount: number;
  /** in force, of one account for one spender, grants included */
  readonly maxAllowancesPerPair: number;
}

/** Lists come from `reads`, which may have connections of its own. */
export function createAllowanceStore(
  database: Database,
  rules: AllowanceRules,
  reads: Sql = database,
): AllowanceStore {
  return {
    async add(signed, proof = null) {
      // Signed allowances are public and never change, so a repetition takes no lock and counts no
      // arrival, which would make every server read arrivals again. Nor does a refusal.
      const known = await decideAdd(database, signed, { proof, rules });
      if (known.outcome !== null) return known.outcome;
      return await withRetries(() =>
        database.transaction((tx) => addLocked(tx, signed, { proof, rules })),
      );
    },

    find: (id) => readAllowance(database, id),

    async ofAccount(account, { after, limit } = { after: null, limit: DEFAULT_PAGE_SIZE }) {
      // Plan: allowances_of_account from the cursor on.
      const records = await reads.query<AllowanceRecord>(
        `select ${ALLOWANCE_COLUMNS} from allowances
         where account = $1 and campaign is null and ${isAfterSql("$2", "$1")}
         order by created_at, id limit $3`,
        [bytea(account), after === null ? null : bytea(after), limit],
      );
      return records.map(toListedAllowance);
    },

    async capProof(account, counter) {
      // Plan: signed_by_owner; an account has at most maxAllowancesPerAccount.
      const [record] = await reads.query<AllowanceRecord>(
        `select ${ALLOWANCE_COLUMNS} from allowances
         where account = $1 and campaign is null and counter = $2
         order by account_cap_micros desc, created_at, id limit 1`,
        [bytea(account), counter],
      );
      return record === undefined ? null : toListedAllowance(record);
    },

    async revoke(id, signature) {
      // A revocation is final, so a repetition needs no lock.
      const known = await readAllowance(database, id);
      if (known === null || known.revokedAt !== null) return known;
      return await database.transaction(async (tx) => {
        // Takes the account's lock, as debits do: no debit uses the allowance after this call
        // returns.
        await lockAccountOf(tx, id);
        const revoked = await tx.query(
          `update allowance_usage set revoked_at = clock_timestamp()
           where id = $1 and revoked_at is null returning id`,
          [bytea(id)],
        );
        if (revoked.length > 0) {
          await enterIntoLog(tx, [id]);
          await writeNotes(tx, [{ kind: "revocation", allowance: id, signature }]);
        }
        return await readAllowance(tx, id);
      });
    },

    async counterOf(account) {
      const [record] = await database.query<{ counter: bigint }>(
        "select counter from accounts where address = $1",
        [bytea(account)],
      );
      return record?.counter ?? 0n;
    },

    async recordedCaps(allowances) {
      const byContract = allowances.filter((allowance) => allowance.byContract);
      if (byContract.length === 0) return new Map();
      // Plan: signed_allowances and recorded_caps by primary key.
      const records = await reads.query<{ id: Hex; cap: bigint }>(
        `select id, coalesce(r.account_cap_micros, 0) as cap
         from signed_allowances l left join recorded_caps r using (account, counter)
         where id = any($1::bytea[])`,
        [byteaArray(byContract.map(({ id }) => id))],
      );
      return new Map(records.map(({ id, cap }) => [id, cap]));
    },

    async postingFacts(account) {
      const [record] = await database.query<PostingFacts>(
        `select counter, purchased > 0 as "hasPurchased" from accounts where address = $1`,
        [bytea(account)],
      );
      return record ?? { counter: 0n, hasPurchased: false };
    },

    async deleteOldOffers(ageSeconds, limit) {
      // Plan: offers_by_age, a range. A row that is being accepted is skipped.
      const deleted = await database.query(
        `with old as (
           select id from signed_allowances
           where log_order is null and created_at < clock_timestamp() - make_interval(secs => $1)
             and not exists (select from cap_attempts where allowance = signed_allowances.id)
           order by created_at limit $2 for update skip locked
         ), unused as (
           delete from allowance_usage where id in (select id from old)
         )
         delete from signed_allowances where id in (select id from old) returning id`,
        [ageSeconds, limit],
      );
      return deleted.length;
    },

    now: () => readClock(database),
  };
}

/** The key or the wallet of the spender itself, rather than a rule. */
function isExplicit(proof: AcceptanceProof | null): boolean {
  return proof?.how === "key" || proof?.how === "wallet";
}

interface Proposal {
  readonly proof: AcceptanceProof | null;
  readonly rules: AllowanceRules;
}

/** What adding an allowance comes to: an outcome that changes nothing, or what is to be written. */
interface AddDecision {
  readonly outcome: AddOutcome | null;
  readonly isNew: boolean;
  readonly change: AcceptanceChange | null;
}

/** Decides on the state that `sql` sees, without a lock of its own. */
async function decideAdd(
  sql: Sql,
  signed: SignedAllowance,
  { proof, rules }: Proposal,
): Promise<AddDecision> {
  const { account, spender } = signed.message;
  const known = await readAllowance(sql, signed.id);
  const isNew = known === null;
  const before = await readAcceptance(sql, { account, spender });
  const asked = proof === null ? null : { account, spender, accepted: true, proof };
  const decided =
    asked === null ? "unchanged" : decideAcceptance(before, asked, await readClock(sql));
  const refused = (refusal: AddRefusal) =>
    ({ outcome: { result: "refused", refusal }, isNew, change: null }) as const;
  if (decided !== "unchanged" && "reason" in decided) return refused(decided);
  // An implied acceptance comes only with a new allowance: anyone can send a stored one again.
  const change = decided === "unchanged" || (!isNew && !isExplicit(proof)) ? null : asked;
  if (change !== null && isExplicit(proof)) {
    const tooMany = await refuseOneMore(sql, before, change, rules);
    if (tooMany !== null) return refused(tooMany);
  }
  if (known !== null) {
    const outcome = change === null ? ({ result: "added", allowance: known } as const) : null;
    return { outcome, isNew, change };
  }
  const willCount = change !== null || before?.accepted === true;
  const bound = await findBound(sql, signed.message, { willCount, rules });
  return bound === null ? { outcome: null, isNew, change } : refused(bound);
}

/** Adds an allowance within the bounds, and accepts its account if the proof says so. */
async function addLocked(
  tx: Sql,
  signed: SignedAllowance,
  { proof, rules }: Proposal,
): Promise<AddOutcome> {
  const { account, spender } = signed.message;
  await tx.query("insert into accounts (address) values ($1) on conflict do nothing", [
    bytea(account),
  ]);
  // Locks the account before the arrival count, in the same order as grants do. The other order
  // could deadlock.
  await lockAccount(tx, account);
  const now = await readClock(tx);
  const { outcome, isNew, change } = await decideAdd(tx, signed, { proof, rules });
  if (outcome !== null) return outcome;
  if (change !== null) {
    const refusal = await changeAcceptance(tx, change, { rules, now });
    // What needs no word of the spender does not fail the request: the allowance waits for one.
    if (refusal !== null && isExplicit(proof)) return { result: "refused", refusal };
  }
  if (isNew) {
    const counts = (await readAcceptance(tx, { account, spender }))?.accepted === true;
    if (counts) await retireDead(tx, account, [spender], rules);
    await insertAllowance(tx, signed, { counts, now });
  }
  const stored = await readAllowance(tx, signed.id);
  if (stored === null) throw new Error(`allowance ${signed.id} is missing after its insert`);
  return { result: "added", allowance: stored };
}

/** The bound that one more allowance would exceed; `null` if there is room. */
async function findBound(
  tx: Sql,
  { account, spender }: AllowanceMessage,
  { willCount, rules }: { willCount: boolean; rules: AllowanceRules },
): Promise<AddRefusal | null> {
  const { maxAllowancesPerAccount, maxOffersPerAccount, maxAllowancesPerPair } = rules;
  // Plan: signed_by_owner, offers_of_account, allowances_of_pair; each ends at its bound.
  const [found] = await tx.query<Record<"signed" | "offers" | "ofPair", bigint>>(
    `select
       (select count(*) from (select from signed_allowances
          where account = $1 and campaign is null limit $3) as signed) as signed,
       (select count(*) from (select from signed_allowances
          where account = $1 and campaign is null and log_order is null limit $4) as offers)
         as offers,
       (select count(*) from (select from allowances l join accounts a on a.address = l.account
          where l.spender = $2 and l.account = $1 and ${isAliveSql("clock_timestamp()")}
          limit $5) as of_pair) as "ofPair"`,
    [
      bytea(account),
      bytea(spender),
      maxAllowancesPerAccount,
      maxOffersPerAccount,
      maxAllowancesPerPair,
    ],
  );
  if (found === undefined) throw new Error("a count returned no row");
  const tooMany = (bound: TooManyAllowances["bound"]) =>
    ({ reason: "too_many_allowances", bound, limit: rules[bound] }) as const;
  if (found.signed >= maxAllowancesPerAccount) return tooMany("maxAllowancesPerAccount");
  if (!willCount && found.offers >= maxOffersPerAccount) return tooMany("maxOffersPerAccount");
  return found.ofPair >= maxAllowancesPerPair ? tooMany("maxAllowancesPerPair") : null;
}

/** Inserts an allowance. It enters the log, and the caches of servers, only if it counts. */
async function insertAllowance(
  tx: Sql,
  { id, message, scope, signature, byContract }: SignedAllowance,
  { counts, now }: { counts: boolean; now: Date },
): Promise<void> {
  const arrival = counts ? "(select count from arrived)" : "0";
  await tx.query(
    `with ${counts ? `${ARRIVED_CTE}, ` : ""}signed as (
       insert into signed_allowances (id, account, spender, period_seconds, starts_at,
         expires_at, priority, scope, scope_providers, scope_meters, account_cap_micros,
         counter, salt, signature, by_contract, created_at, accepted, arrival, log_order,
         transaction_id)
       select $1::bytea, $2, $3, $5, $7, $8, $9, $10, $11::bytea[], $12::text[], $13, $14,
         $15, $16, $20, $18, $19::boolean, ${arrival},
         case when $19 then nextval('log_order') end,
         case when $19 then pg_current_xact_id()::text::bigint end
     )
     insert into allowance_usage (id, limit_micros, rollover_micros, period_index)
     values ($1, $4, $6, $17)`,
    [
      bytea(id),
      bytea(message.account),
      bytea(message.spender),
      message.limit,
      message.period,
      message.rollover,
      message.startsAt,
      message.expiresAt,
      message.priority,
      bytea(message.scope),
      byteaArray(scope.providers),
      textArray(scope.meters),
      message.accountCap,
      message.counter,
      message.salt,
      bytea(signature),
      // Starts with the current period: nothing rolls over from periods before the allowance
      // existed.
      periodIndexAt(message, now),
      now,
      counts,
      byContract,
    ],
  );
}

async function readAllowance(sql: Sql, id: Hex): Promise<ListedAllowance | null> {
  const [record] = await sql.query<AllowanceRecord>(
    `select ${ALLOWANCE_COLUMNS} from allowances where id = $1`,
    [bytea(id)],
  );
  return record === undefined ? null : toListedAllowance(record);
}

const DEFAULT_PAGE_SIZE = 1_000;
