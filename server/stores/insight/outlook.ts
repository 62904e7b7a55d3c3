import type { Address, Hex } from "viem";

import { emptyAccount } from "@compute-credits/rules/accounts/account";
import { secondsSince1970 } from "@compute-credits/rules/allowances/period";
import type { ReturningHold } from "@compute-credits/rules/insight/runway";
import type { Sql } from "@compute-credits/platform/postgres/database";
import type { InsightStore, SpendingOutlook, SpentInWindow } from "./insightStore.ts";
import { ACCOUNT_COLUMNS, type AccountRecord, toAccount } from "../accounts/accountRecord.ts";
import {
  ALLOWANCE_COLUMNS,
  type AllowanceRecord,
  toAllowance,
} from "../allowances/allowanceRecord.ts";
import { bytea } from "@compute-credits/platform/postgres/values";
import { readUsageSums } from "./usageSums.ts";
import { readClock } from "@compute-credits/platform/postgres/clock";

/**
 * Reads all limits on an account's spending. `sql` must see one snapshot, so that accounts and
 * holds agree.
 */
export async function readOutlook(
  sql: Sql,
  ...[address, windowsSeconds]: Parameters<InsightStore["outlook"]>
): Promise<SpendingOutlook> {
  const now = await readClock(sql);
  const [record] = await sql.query<AccountRecord>(
    `select ${ACCOUNT_COLUMNS} from accounts where address = $1`,
    [bytea(address)],
  );
  const account = record === undefined ? emptyAccount(address) : toAccount(record);

  // Plan: allowances_of_account. Grants are left out, because their campaigns already limit them.
  const allowances = await sql.query<AllowanceRecord>(
    `select ${ALLOWANCE_COLUMNS} from allowances
     where account = $1 and campaign is null and (accepted or issued_count > 0)
       and revoked_at is null and counter = $2
       and (expires_at = 0 or expires_at > $3)`,
    [bytea(address), account.counter, secondsSince1970(now)],
  );
  return {
    now,
    account,
    allowances: allowances.map(toAllowance),
    holds: await readHolds(sql, address),
    windows: await readWindows(sql, address, windowsSeconds, now),
  };
}

async function readHolds(sql: Sql, account: Address): Promise<readonly ReturningHold[]> {
  // Plan: open_holds_of_account and open_hold_parts_of_account, then holds and allowances by
  // primary key.
  return await sql.query<{ allowance: Hex; heldMicros: bigint; heldAt: Date; expiresAt: Date }>(
    `select coalesce(l.campaign, l.id) as allowance, p.held_micros as "heldMicros",
       h.created_at as "heldAt", h.expires_at as "expiresAt"
     from holding_parts p join holds h using (provider, hold_id)
       join allowances l on l.id = p.allowance
     where p.account = $1 order by h.expires_at`,
    [bytea(account)],
  );
}

/** The last milliseconds of a window count: times in the log are whole milliseconds. */
const MILLISECOND = 1;

async function readWindows(
  sql: Sql,
  account: Address,
  windowsSeconds: readonly bigint[],
  now: Date,
): Promise<readonly SpentInWindow[]> {
  const owner = { role: "account", address: account } as const;
  const to = new Date(now.getTime() + MILLISECOND);
  const windows: SpentInWindow[] = [];
  for (const windowSeconds of windowsSeconds) {
    const from = new Date(to.getTime() - Number(windowSeconds) * 1_000);
    // oxlint-disable-next-line no-await-in-loop -- one connection runs them one after another anyway
    const sums = await readUsageSums(sql, owner, { groupBy: "account", from, to, limit: null });
    const spentMicros = sums.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
    windows.push({ windowSeconds, spentMicros });
  }
  return windows;
}
