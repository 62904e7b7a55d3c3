/**
 * A server process of the simulation: the real stores on the shared database, called over IPC
 * instead of HTTP.
 */
import { withGroupCommit } from "../server/stores/usage/groupCommit.ts";
import { readAcceptance } from "../server/stores/acceptances/acceptanceRecord.ts";
import { createAcceptanceStore } from "../server/stores/acceptances/postgresAcceptanceStore.ts";
import { createAllowanceStore } from "../server/stores/allowances/postgresAllowanceStore.ts";
import { createChainStore } from "../server/stores/chain/postgresChainStore.ts";
import { createCheckpointStore } from "../server/stores/checkpoints/postgresCheckpointStore.ts";
import { createGrantStore } from "../server/stores/allowances/postgresGrantStore.ts";
import { createHoldStore } from "../server/stores/holds/postgresHoldStore.ts";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { DatabaseUnavailable } from "@compute-credits/platform/postgres/databaseUnavailable";
import { REQUEST_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { createCampaignRuleStore } from "../server/stores/issuing/postgresCampaignRuleStore.ts";
import { createIssuingKeyStore } from "../server/stores/issuing/postgresIssuingKeyStore.ts";
import { createMultiplierStore } from "../server/stores/pricing/postgresMultiplierStore.ts";
import { createPriceStore } from "../server/stores/pricing/postgresPriceStore.ts";
import { createPriceReader } from "../server/stores/pricing/priceReader.ts";
import { createRateIndexCache } from "../server/stores/pricing/rateIndexCache.ts";
import { createReceiptRecords } from "../server/stores/checkpoints/postgresReceiptRecords.ts";
import { createRollUpStore } from "../server/stores/rollups/postgresRollUpStore.ts";
import { createSubmissionStore } from "../server/stores/settlement/postgresSubmissionStore.ts";
import { createWriteOffStore } from "../server/stores/settlement/postgresWriteOffStore.ts";
import { createUsageLedger } from "../server/stores/usage/postgresUsageLedger.ts";
import { createQuoteStore } from "../server/stores/pricing/signedQuotes.ts";
import {
  type CallAnswer,
  type CallName,
  type CallRequest,
  type Calls,
  OUTAGE,
  type StartMessage,
} from "./calls.ts";
import { COUNTER_GRACE_SECONDS, QUOTE_KEY, RULES, isIssuer } from "./limits.ts";
import { DEPLOYMENT } from "./parties.ts";

const CONNECTIONS = 10;
const GROUP_COMMIT = { maxEvents: 200, maxConcurrent: 4, minEventsPerCommit: 1 };

const [, , url = ""] = process.argv;
const database = await openPgDatabase(url, CONNECTIONS, REQUEST_LIMITS).catch(endWith);
const rates = createRateIndexCache();
const prices = createPriceReader(rates);
const usage = withGroupCommit(createUsageLedger(database, RULES, prices), GROUP_COMMIT);
const holds = createHoldStore(database, RULES, prices);
const allowances = createAllowanceStore(database, RULES);
const grants = createGrantStore(database, { ...RULES, isIssuer });
const campaignRules = createCampaignRuleStore(database, RULES);
const issuingKeys = createIssuingKeyStore(database);
const acceptances = createAcceptanceStore(database, RULES);
const multipliers = createMultiplierStore(database, rates);
const quotes = createQuoteStore(DEPLOYMENT, QUOTE_KEY, {
  prices: createPriceStore(database, rates),
  now: () => allowances.now(),
});
const chain = createChainStore(database);
const checkpoints = createCheckpointStore(database);
const writeOffs = createWriteOffStore(database);
const submissions = createSubmissionStore(database);
const rollUps = createRollUpStore(database);
const receipts = createReceiptRecords(database);

const handlers: {
  [Name in CallName]: (input: Calls[Name]["input"]) => Promise<Calls[Name]["output"]>;
} = {
  record: (events) => usage.record(events),
  void: (event) => usage.void(event),
  async authorize({ quote: signed, request }) {
    const quote = signed === null ? null : await quotes.read(signed);
    if (signed !== null && quote === null) throw new Error("the ledger's own quote is invalid");
    return await holds.authorize({ ...request, ...(quote === null ? {} : { quote }) });
  },
  quote: (request) => quotes.make(request),
  utilisation: (report) => multipliers.report(report),
  async issue({ campaign, grants: requests, issuer }) {
    const outcomes = await grants.issue(campaign, requests, issuer);
    const ids = "reason" in outcomes ? [] : outcomes.map((one) => ("id" in one ? one.id : null));
    const issued = await Promise.all(
      ids.map(async (id) => (id === null ? null : await allowances.find(id))),
    );
    return { outcomes, issued };
  },
  addCodes: ({ campaign, codes, issuer }) => grants.addCodes(campaign, codes, issuer),
  redeem: (request) => grants.redeem(request),
  setRule: ({ campaign, terms, issuer }) => campaignRules.set(campaign, terms, issuer),
  claim: (claim) => campaignRules.claim(claim),
  closeCode: ({ campaign, codeHash }) => grants.closeCode(campaign, codeHash),
  issuingKey: (message) => issuingKeys.add(message, "0x00"),
  endIssuingKey: (key) => issuingKeys.revoke({ ...key, revokesGrants: false, signature: "0x00" }),
  capture: (request) => holds.capture(request),
  release: (key) => holds.release(key),
  extend: (request) => holds.extend(request),
  expire: ({ limit }) => holds.expireDue(limit),
  async allow({ signed, proof }) {
    const outcome = await allowances.add(signed, proof);
    if (outcome.result === "refused") throw new Error(outcome.refusal.reason);
    const pair = await readAcceptance(database, signed.message);
    return { allowance: outcome.allowance, changedAt: pair?.changedAt ?? null };
  },
  accept: (change) => acceptances.change(change),
  revoke: ({ id }) => allowances.revoke(id, "0x00"),
  receipt: (provider) => receipts.record(provider),
  cursor: () => chain.cursor(),
  apply: (step) => chain.apply(step),
  writeOff: (payer) => writeOffs.writeOff(payer, { counterGraceSeconds: COUNTER_GRACE_SECONDS }),
  async loseCover(id) {
    const terms = { counterGraceSeconds: COUNTER_GRACE_SECONDS };
    if (await writeOffs.hasLostCover(id, terms)) await submissions.abandon(id, 0);
    return (await checkpoints.latest())?.id !== id;
  },
  rollUp: ({ most }) => rollUps.addNext(most),
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
  // A server answers 503 then, and the client sends the same again.
  if (error instanceof DatabaseUnavailable) return OUTAGE;
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Tells the pool why this process ends. It starts another one when the database answers. */
function endWith(reason: unknown): Promise<never> {
  const message: StartMessage = { notStarted: String(reason) };
  return new Promise(() => {
    // The message must have left before the process ends.
    process.send?.(message, undefined, undefined, () => process.exit(1));
  });
}

// Both ends are the same version of this program, so messages are not validated.
process.on("message", (request: CallRequest) => void handle(request));
process.once("disconnect", () => process.exit());
process.send?.("ready" satisfies StartMessage);
