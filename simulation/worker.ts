/** A server process of the simulation: the real adapters on the shared database, asked over IPC instead of HTTP. */
import { groupCommit } from "../server/stores/usage/groupCommit.ts";
import { postgresAllowanceStore } from "../server/stores/allowances/postgresAllowanceStore.ts";
import { postgresChainStore } from "../server/stores/chain/postgresChainStore.ts";
import { postgresCheckpointStore } from "../server/stores/checkpoints/postgresCheckpointStore.ts";
import { postgresGrantStore } from "../server/stores/allowances/postgresGrantStore.ts";
import { postgresHoldStore } from "../server/stores/holds/postgresHoldStore.ts";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { postgresMultiplierStore } from "../server/stores/pricing/postgresMultiplierStore.ts";
import { postgresPriceStore } from "../server/stores/pricing/postgresPriceStore.ts";
import { priceReader } from "../server/stores/pricing/priceReader.ts";
import { rateIndexCache } from "../server/stores/pricing/rateIndexCache.ts";
import { postgresReceiptRecords } from "../server/stores/checkpoints/postgresReceiptRecords.ts";
import { postgresUsageLedger } from "../server/stores/usage/postgresUsageLedger.ts";
import { signedQuotes } from "../server/stores/pricing/signedQuotes.ts";
import type { CallAnswer, CallName, CallRequest, Calls } from "./calls.ts";
import { QUOTE_KEY, RULES } from "./limits.ts";
import { DEPLOYMENT } from "./parties.ts";

const CONNECTIONS = 10;
const GROUP_COMMIT = { maxEvents: 200, lanes: 4, eventsWorthALane: 1 };

const [, , url = ""] = process.argv;
const database = await openPgDatabase(url, CONNECTIONS);
const rates = rateIndexCache();
const prices = priceReader(rates);
const usage = groupCommit(postgresUsageLedger(database, RULES, prices), GROUP_COMMIT);
const holds = postgresHoldStore(database, RULES, prices);
const allowances = postgresAllowanceStore(database);
const grants = postgresGrantStore(database, RULES);
const multipliers = postgresMultiplierStore(database, rates);
const quotes = signedQuotes(DEPLOYMENT, QUOTE_KEY, {
  prices: postgresPriceStore(database, rates),
  now: () => allowances.now(),
});
const chain = postgresChainStore(database);
const checkpoints = postgresCheckpointStore(database);
const promises = postgresReceiptRecords(database);

const handlers: {
  [Name in CallName]: (input: Calls[Name]["input"]) => Promise<Calls[Name]["output"]>;
} = {
  record: (events) => usage.record(events),
  void: (event) => usage.void(event),
  async authorize({ quote: signed, ...request }) {
    const quote = signed === null ? null : await quotes.read(signed);
    if (signed !== null && quote === null) throw new Error("a quote of this ledger is not known");
    return await holds.authorize({ ...request, ...(quote === null ? {} : { quote }) });
  },
  quote: (request) => quotes.make(request),
  utilisation: (report) => multipliers.report(report),
  async issue({ campaign, grants: requests }) {
    const outcomes = await grants.issue(campaign, requests);
    const ids = "reason" in outcomes ? [] : outcomes.map((one) => ("id" in one ? one.id : null));
    const issued = await Promise.all(
      ids.map(async (id) => (id === null ? null : await allowances.find(id))),
    );
    return { outcomes, issued };
  },
  capture: (request) => holds.capture(request),
  release: (key) => holds.release(key),
  expire: ({ limit }) => holds.expireDue(limit),
  allow: (signed) => allowances.add(signed),
  revoke: ({ id }) => allowances.revoke(id, "0x00"),
  promise: (provider) => promises.promise(provider),
  cursor: () => chain.cursor(),
  apply: (step) => chain.apply(step),
  cut: ({ maxFeeBps }) => checkpoints.cut(maxFeeBps),
};

async function handle<Name extends CallName>(request: CallRequest<Name>): Promise<void> {
  const { sequence, name, input } = request;
  const answer: CallAnswer<Name>["answer"] = await handlers[name](input).then(
    (output) => ({ output }),
    (error: unknown) => ({
      error: error instanceof Error ? `${error.stack}` : String(error),
      code: codeOf(error),
    }),
  );
  process.send?.({ sequence, name, answer } satisfies CallAnswer<Name>);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

// Both ends are this program, of one version: what arrives is what was sent.
process.on("message", (request: CallRequest) => void handle(request));
process.once("disconnect", () => process.exit());
process.send?.("ready");
