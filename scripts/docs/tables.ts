import { relative } from "node:path";
import { fileURLToPath } from "node:url";

import type { Setting } from "@compute-credits/platform/process/settings";
import { settingsOf } from "@compute-credits/platform/process/settings";
import type { DataFault } from "@compute-credits/protocol/data/malformedData";
import type { CardError } from "@compute-credits/rules/pricing/findCardErrors";
import { zeroAddress } from "viem";
import { AUDITOR_SETTINGS } from "../../auditor/config.ts";
import { SERVER_SETTINGS, readConfig } from "../../server/config.ts";
import { REASONS_BY_TOPIC } from "../../server/http/reasons.ts";
import { code, table } from "./fillPage.ts";
import { messageTypes } from "./messages.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Exhaustive: a fault without a meaning does not compile. */
const DATA_FAULTS: Readonly<Record<DataFault, string>> = {
  unknown_format: "The first eight bytes name no known format.",
  cut_off: "The file ends too early.",
  trailing_bytes: "Bytes follow the last row or entry.",
  no_rows: "The table has no row.",
  section_mismatch: "A section's rows do not have the hash in the head.",
  party_missing: "A row has the zero address.",
  party_twice: "Two rows have the same party.",
  amount_too_large: "An amount exceeds 2^63 − 1.",
  other_base: "The difference starts from another table.",
  places_out_of_order: "The places do not ascend.",
  place_missing: "A new place has no entry.",
  party_moved: "An entry at an old place has another party.",
  row_unchanged: "An entry repeats the row that is there.",
  data_hash_mismatch: "The result does not have the later `dataHash`.",
};

const CARD_MISTAKES: Readonly<Record<CardError["reason"], string>> = {
  ambiguous_rates: "One event could match two equally specific rates.",
  tiers_not_ascending: "A tier's `upTo` is not above the one before.",
  last_tier_bounded: "The last tier's `upTo` is not `null`.",
  bounds_reversed: "`minBps` is more than `maxBps`.",
  start_out_of_bounds: "`startBps` is not between `minBps` and `maxBps`.",
};

/** The generated parts by the name that pages use. */
export const tables: ReadonlyMap<string, string> = new Map([
  ...Object.entries(SERVER_SETTINGS).map(
    ([topic, shape]) => [`settings-${topic}`, settingsTable(settingsOf(shape))] as const,
  ),
  ["settings-auditor", settingsTable(settingsOf(AUDITOR_SETTINGS.auditor))],
  ["limits", limitsTable()],
  ["messages", messageTypes()],
  ...Object.entries(REASONS_BY_TOPIC).map(
    ([topic, reasons]) => [`reasons-${topic}`, reasonsTable(reasons)] as const,
  ),
  ["data-faults", meaningsTable(DATA_FAULTS)],
  ["card-mistakes", meaningsTable(CARD_MISTAKES)],
]);

function settingsTable(settings: readonly Setting[]): string {
  return table(
    ["setting", "meaning", "default", "bounds"],
    settings.map((setting) => [
      code(setting.name),
      setting.meaning,
      fallbackOf(setting),
      setting.bounds ?? "",
    ]),
  );
}

function fallbackOf({ isRequired, fallback }: Setting): string {
  if (isRequired) return "required";
  if (fallback === null) return "";
  return code(fallback.startsWith(ROOT) ? relative(ROOT, fallback) : fallback);
}

/** The limits that `GET /v1/deployment` answers, with the setting that each comes from. */
function limitsTable(): string {
  const settings = settingsOf(SERVER_SETTINGS.limits);
  const { limits } = readConfig({ RPC_URL: "http://localhost", CONTRACT_ADDRESS: zeroAddress });
  return table(
    ["limit", "bounds", "default"],
    Object.entries(limits).map(([name, value]) => {
      const setting = settings.find((one) => camelCase(one.name) === name);
      if (setting === undefined) throw new Error(`no setting makes the limit ${name}`);
      return [code(name), setting.meaning, `${value}`];
    }),
  );
}

function reasonsTable(
  reasons: Readonly<Record<string, { statuses: readonly number[]; meaning: string; next: string }>>,
): string {
  return table(
    ["reason", "status", "meaning", "next"],
    Object.entries(reasons).map(([reason, { statuses, meaning, next }]) => [
      code(reason),
      statuses.join(", "),
      meaning,
      next,
    ]),
  );
}

function meaningsTable(meanings: Readonly<Record<string, string>>): string {
  return table(
    ["reason", "meaning"],
    Object.entries(meanings).map(([reason, meaning]) => [code(reason), meaning]),
  );
}

/** `MAX_BATCH_EVENTS` → `maxBatchEvents` */
function camelCase(name: string): string {
  return name.toLowerCase().replace(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
}
