import type {
  AccountRow,
  AllowanceRow,
  CodeRow,
  EarningRow,
  HoldLotRow,
  HoldPartRow,
  HoldRow,
} from "./ledgerSnapshot.ts";
import { DisagreementError } from "./disagreement.ts";
import { type LedgerModel } from "./model/ledgerModel.ts";
import { NO_CREDITS } from "./model/state.ts";

interface Tables {
  readonly accounts: ReadonlyMap<string, AccountRow>;
  readonly allowances: ReadonlyMap<string, AllowanceRow>;
  /** by `codeKey` */
  readonly codes: ReadonlyMap<string, CodeRow>;
  readonly holds: ReadonlyMap<string, HoldRow>;
  readonly lots: ReadonlyMap<string, readonly HoldLotRow[]>;
  readonly parts: ReadonlyMap<string, readonly HoldPartRow[]>;
  readonly earnings: ReadonlyMap<string, EarningRow>;
  /** units of tiered rates, by account, month and rate */
  readonly used: ReadonlyMap<string, bigint>;
}

/** Compares every number of a lane's model with the database. */
export function compareModel(model: LedgerModel, tables: Tables): void {
  for (const [address, { waiting, ...account }] of model.accounts) {
    const row = tables.accounts.get(address);
    assertAgree("an account", address, { ...account, waiting }, pick(row, NO_CREDITS));
  }
  for (const [id, allowance] of model.allowances) {
    const row = tables.allowances.get(id);
    const { period, carried, used, spent, createdAt, revokedAt, accepted } = allowance;
    assertAgree(
      "an allowance",
      id,
      { period, carried, used, spent, createdAt, revokedAt, accepted },
      {
        ...pick(row, { period, carried, used, spent }),
        createdAt: row?.created_at,
        revokedAt: row?.revoked_at,
        accepted: row?.accepted,
      },
    );
  }
  for (const [key, hold] of model.holds) {
    const row = tables.holds.get(key);
    const { createdAt, expiresAt, lots, resolution } = hold;
    // Holds that ended before `since` were compared in an earlier round and cannot change.
    if (row === undefined && resolution !== null) continue;
    assertAgree(
      "a hold",
      key,
      {
        createdAt,
        expiresAt,
        lots: lots.map((lot) => textOf({ ...lot, captured: lot.capturedMicros })),
        as: resolution?.as ?? null,
        at: resolution?.at ?? null,
        parts: lots.flatMap(({ parts }, lot) =>
          parts.map(({ allowance, heldMicros }) => `${lot} ${allowance} ${heldMicros}`),
        ),
      },
      {
        createdAt: row?.created_at,
        expiresAt: row?.expires_at,
        lots: tables.lots.get(key)?.map(textOf),
        as: row?.resolved_as,
        at: row?.resolved_at,
        parts: tables.parts
          .get(key)
          ?.map(({ lot, allowance, held }) => `${lot} ${allowance} ${held}`),
      },
    );
  }
  for (const [key, { redemptions, closedAt }] of model.codes) {
    const row = tables.codes.get(key);
    const stored = { redemptions: row?.redemptions, closedAt: row?.closed_at };
    assertAgree("a code", key, { redemptions, closedAt }, stored);
  }
  for (const [key, units] of model.used) {
    assertAgree("a tier's usage", key, { units }, { units: tables.used.get(key) ?? 0n });
  }
  for (const [key, earned] of model.earned) {
    assertAgree("earnings", key, { earned }, { earned: tables.earnings.get(key)?.earned });
  }
}

function textOf(lot: Omit<HoldLotRow, "key" | "lot" | "logOrder">): string {
  const { line, meter, quantity, heldAt, captured, capturedUnits } = lot;
  return [line, meter, quantity, heldAt.toISOString(), captured, capturedUnits].join(" ");
}

/** Picks the fields that `like` has. */
function pick<T extends object>(row: Partial<T> | undefined, like: T): object {
  const fields = new Map(Object.entries(row ?? {}));
  return Object.fromEntries(Object.keys(like).map((name) => [name, fields.get(name)]));
}

function assertAgree(what: string, key: string, model: object, database: object): void {
  const [predicted, actual] = [comparable(model), comparable(database)];
  const differing = Object.keys(predicted).filter((name) => predicted[name] !== actual[name]);
  if (differing.length > 0) {
    throw new DisagreementError(`${what} differs from the model: ${differing.join(", ")}`, {
      key,
      model,
      database,
    });
  }
}

function comparable(values: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]: [string, unknown]) => [
      name,
      value instanceof Date ? value.toISOString() : String(value),
    ]),
  );
}
