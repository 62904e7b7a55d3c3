import { randomBytes } from "node:crypto";

import type { Address } from "viem";

import type { Database } from "@compute-credits/platform/postgres/database";
import { decideThresholds } from "@compute-credits/rules/webhooks/thresholds";
import { createWebhookStore } from "../server/stores/webhooks/postgresWebhookStore.ts";
import { createSecretSealer } from "../server/stores/webhooks/sealedSecrets.ts";
import { DisagreementError } from "./disagreement.ts";
import type { LedgerModel } from "./model/ledgerModel.ts";
import { availableOf } from "./model/modelState.ts";

/** More endpoints than a run makes. */
const MOST_ENDPOINTS = 1_000_000;

interface Watched {
  readonly account: Address;
  readonly lowMicros: bigint;
  isLow: boolean;
  crossings: number;
}

/**
 * Webhooks of the accounts of predicted lanes, which are told when a balance falls below a quarter
 * of what it was at first. The model counts how often that happens; nothing is sent.
 */
export class WatchedBalances {
  readonly #database: Database;
  readonly #store: ReturnType<typeof createWebhookStore>;
  readonly #watched = new Map<LedgerModel, Watched[]>();

  constructor(database: Database) {
    this.#database = database;
    const sealer = createSecretSealer([randomBytes(32)]);
    this.#store = createWebhookStore(database, sealer, { most: MOST_ENDPOINTS });
  }

  /** Begins once the accounts have credits, while nothing else is done. */
  async watch(model: LedgerModel): Promise<void> {
    const watched: Watched[] = [];
    for (const account of model.parties.accounts) {
      const lowMicros = availableOf(model.account(account)) / 4n + 1n;
      const events = ["balance.low"] as const;
      const decided = decideThresholds(events, { balanceBelowMicros: lowMicros });
      if ("mistake" in decided) throw new Error(decided.mistake);
      const terms = { url: "https://receiver.example/", description: "", events };
      // oxlint-disable-next-line no-await-in-loop -- a few accounts
      const created = await this.#store.create(
        { party: "account", address: account },
        { ...terms, thresholds: decided.thresholds },
      );
      if (created.result !== "created") throw new Error(created.reason);
      watched.push({ account, lowMicros, isLow: false, crossings: 0 });
    }
    this.#watched.set(model, watched);
  }

  /** Call it after each operation of the model's lane: a transaction crosses once at most. */
  observe(model: LedgerModel): void {
    for (const each of this.#watched.get(model) ?? []) {
      const isLow = availableOf(model.account(each.account)) < each.lowMicros;
      if (isLow && !each.isLow) each.crossings++;
      each.isLow = isLow;
    }
  }

  /** Compares what the ledger wrote for webhooks. No operation may be running. */
  async compare(): Promise<void> {
    const rows = await this.#database.query<{
      owner: Address;
      is_low: boolean;
      told: bigint;
    }>(
      `select owner, is_low, (select count(*) from webhook_events v
         where v.kind = 'balance.low' and v.endpoint = e.id) as told
       from webhook_endpoints e where party = 'account'`,
    );
    const stored = new Map(rows.map((row) => [row.owner, row]));
    for (const each of [...this.#watched.values()].flat()) {
      const row = stored.get(each.account);
      if (row?.is_low !== each.isLow || row.told !== BigInt(each.crossings)) {
        throw new DisagreementError("a webhook was told of other crossings", { each, row });
      }
    }
  }

  /** How often a balance fell below its threshold. */
  get crossings(): number {
    return [...this.#watched.values()].flat().reduce((sum, { crossings }) => sum + crossings, 0);
  }
}
