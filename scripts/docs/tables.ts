import { relative } from "node:path";
import { fileURLToPath } from "node:url";

import type { Setting } from "@compute-credits/platform/process/settings";
import { settingsOf } from "@compute-credits/platform/process/settings";
import { zeroAddress } from "viem";
import { AUDITOR_SETTINGS } from "../../auditor/config.ts";
import { Model } from "../../gateway/models.ts";
import { GATEWAY_SETTINGS } from "../../gateway/settings.ts";
import { MCP_REASONS } from "../../mcp/reasons.ts";
import { MCP_SETTINGS } from "../../mcp/settings.ts";
import { readConfig } from "../../server/config.ts";
import { SERVER_SETTINGS } from "../../server/settings.ts";
import { ANSWERS, HOLDS, MARKET, PAGES, STREAMS } from "@compute-credits/api/bounds";
import { EVENT_KINDS } from "@compute-credits/api/webhooks/eventKinds";
import { EVIDENCE } from "@compute-credits/protocol/json/evidence";
import { PROFILE } from "@compute-credits/protocol/json/profile";
import { PROVIDER_BOUNDS } from "../../server/stores/providers/providerBounds.ts";
import { REASONS_BY_TOPIC } from "@compute-credits/api/problems/reasons";
import { WEIGHTS } from "@compute-credits/api/weights";
import { code, table } from "./fillPage.ts";
import { publicRoutesTable, routeTables } from "./routeTables.ts";
import { CARD_ERRORS, DATA_FAULTS, FINDINGS } from "./meanings.ts";
import { messageTypes } from "./messages.ts";
import { verbTables } from "./verbTables.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The generated parts by the name that pages use. */
export const tables: ReadonlyMap<string, string> = new Map([
  ...Object.entries(SERVER_SETTINGS).map(
    ([topic, shape]) => [`settings-${topic}`, settingsTable(settingsOf(shape))] as const,
  ),
  ["settings-auditor", settingsTable(settingsOf(AUDITOR_SETTINGS.auditor))],
  ["settings-mcp", settingsTable(settingsOf(MCP_SETTINGS.mcp))],
  ["settings-gateway", settingsTable(settingsOf(GATEWAY_SETTINGS.gateway))],
  ["gateway-models", modelsTable()],
  ...routeTables(),
  ...verbTables(),
  ["rate-weights", weightsTable()],
  ["public-routes", publicRoutesTable()],
  ["limits", limitsTable()],
  ["pages", pagesTable()],
  ["answers", boundsTable("an answer's", ANSWERS)],
  ["streams", boundsTable("a stream's", STREAMS)],
  ["holds", boundsTable("a hold's", HOLDS)],
  ["market", boundsTable("the market's", { ...MARKET, ...PROFILE })],
  ["evidence", boundsTable("of evidence", EVIDENCE)],
  ["provider-bounds", providerBoundsTable()],
  ["webhook-events", webhookEventsTable()],
  ["messages", messageTypes()],
  ...Object.entries(REASONS_BY_TOPIC).map(
    ([topic, reasons]) => [`reasons-${topic}`, reasonsTable(reasons)] as const,
  ),
  ["reasons-mcp", meaningsTable("reason", MCP_REASONS)],
  ["data-faults", meaningsTable("reason", DATA_FAULTS)],
  ["card-errors", meaningsTable("reason", CARD_ERRORS)],
  ...Object.entries(FINDINGS).map(
    ([topic, kinds]) => [`findings-${topic}`, meaningsTable("kind", kinds)] as const,
  ),
]);

/** What requests cost of rate limits. */
function weightsTable(): string {
  return table(
    ["request", "points"],
    Object.values(WEIGHTS).map(({ requests, points }) => [requests, `${points}`]),
  );
}

/** What the gateway's file says of a model. */
function modelsTable(): string {
  return table(
    ["field", "meaning", "default"],
    Object.entries(Model.shape).map(([name, schema]) => {
      const { success, data } = schema.safeParse(undefined);
      const fallback = success && data !== undefined ? code(JSON.stringify(data)) : "";
      return [code(name), schema.description ?? "Meter of its tokens.", fallback];
    }),
  );
}

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

function pagesTable(): string {
  return table(
    ["a page of", "rows at most", "without `limit`"],
    Object.values(PAGES).map(({ of, most, fallback }) => [of, `${most}`, `${fallback}`]),
  );
}

function boundsTable(
  whose: string,
  bounds: Readonly<Record<string, { readonly of: string; readonly most: number }>>,
): string {
  return table(
    [whose, "at most"],
    Object.values(bounds).map(({ of, most }) => [of, `${most}`]),
  );
}

function providerBoundsTable(): string {
  return table(
    ["bound", "a provider's", "at most"],
    Object.entries(PROVIDER_BOUNDS).map(([name, { of, most }]) => [code(name), of, `${most}`]),
  );
}

function webhookEventsTable(): string {
  return table(
    ["event", "for", "when", "`data`"],
    Object.entries(EVENT_KINDS).map(([kind, { parties, when, data }]) => [
      code(kind),
      parties.join(", "),
      when,
      Object.keys(data.shape).map(code).join(", "),
    ]),
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

function meaningsTable(head: string, meanings: Readonly<Record<string, string>>): string {
  return table(
    [head, "meaning"],
    Object.entries(meanings).map(([reason, meaning]) => [code(reason), meaning]),
  );
}

/** `MAX_BATCH_EVENTS` → `maxBatchEvents` */
function camelCase(name: string): string {
  return name.toLowerCase().replace(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
}
