import { gzipSync } from "node:zlib";

import { createPromotionCode } from "@compute-credits/client/wallet/promotionCode";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { PROVIDER } from "../ledger/parties.ts";
import { type Customer, prepareCustomer } from "./customer.ts";
import { dollarsTo } from "./dollars.ts";
import { HALF_OPEN, type Request, type Work, get, post, postGzip, usageOf } from "./requests.ts";
import { ATTACKER, type HostileRig, INSIDER, spenderOf } from "./rig.ts";
import {
  allowances,
  apiKeys,
  badSignatures,
  logReads,
  newOwner,
  newProviders,
  signedAllowance,
} from "./signed.ts";

export interface Attack {
  readonly name: string;
  /**
   * what strangers and customers do is held to the target; what an approved provider does, whose
   * approval the operator can end, is reported
   */
  readonly isTarget: boolean;
  readonly work: Work;
  /** whether one request takes as long as many debits */
  readonly isSlow: boolean;
  /** the answers that show that the attack reached its work */
  readonly answers: readonly string[];
  /** what the server refuses by the path alone; from providers, with their key */
  readonly trivial: readonly Request[];
  /** beside the requests, several times a second, and beside those that it is compared with */
  readonly onChain?: {
    readonly attack: () => Promise<void>;
    readonly compared: () => Promise<void>;
  };
}

const CLIENTS = 8;

const TRIVIAL = [get("/v1/nowhere")];

/** Every attack, by the strongest caller that needs no operator's word. */
export async function prepareAttacks(rig: HostileRig): Promise<readonly Attack[]> {
  const customer = await prepareCustomer(rig);
  return [
    ...(await byStrangers(rig, customer)),
    ...byCustomers(rig, customer),
    ...byProviders(rig),
  ];
}

interface Options {
  readonly trivial?: readonly Request[];
  readonly clients?: number;
  readonly onChain?: Attack["onChain"];
  readonly isTarget?: boolean;
  readonly isSlow?: boolean;
}

function attack(
  name: string,
  requests: readonly Request[],
  answers: Attack["answers"],
  { clients = CLIENTS, isTarget = true, isSlow = false, trivial = TRIVIAL, onChain }: Options = {},
): Attack {
  const work: Work = { kind: "requests", requests, clients, perSecond: null };
  return {
    name,
    isTarget,
    isSlow,
    work,
    answers,
    trivial,
    ...(onChain === undefined ? {} : { onChain }),
  };
}

/** Without a key, or with one that anyone makes for itself. */
async function byStrangers(
  { chain, attackerKey }: HostileRig,
  { replayed, campaign }: Customer,
): Promise<Attack[]> {
  const { deployment } = chain;
  const keys = apiKeys(500);
  const zeros = Array(100_000).fill(0);
  const ofEmptyAccounts = await allowances(400, (n) =>
    signedAllowance(deployment, newOwner(), { spender: spenderOf(n) }),
  );
  return [
    attack("gzip_bombs", [gzipBomb()], ["413 body_too_large"]),
    attack(
      "large_bodies_without_key",
      [
        post("/v1/usage", zeros),
        post("/v1/allowances", { allowance: {}, scope: { providers: zeros, meters: [] } }),
      ],
      ["400 invalid_request", "401 missing_credentials"],
    ),
    {
      name: "half_open_connections",
      isTarget: true,
      isSlow: false,
      work: { kind: "half_open", clients: CLIENTS, perSecond: 400 },
      answers: [HALF_OPEN.stays, HALF_OPEN.closed],
      trivial: TRIVIAL,
    },
    attack(
      "revocations_of_no_access",
      keys.map((apiKey) => post("/v1/provider-access/revocation", { provider: PROVIDER, apiKey })),
      ["404 access_not_found"],
    ),
    attack("replayed_allowance", [replayed], ["201"]),
    attack(
      "unknown_codes",
      keys.map((apiKey) =>
        post(`/v1/allowances/${campaign}/redemptions`, { code: createPromotionCode() }, apiKey),
      ),
      ["404 code_not_found"],
    ),
    attack(
      "usage_of_unapproved",
      keys.map((_, n) => post("/v1/usage", usageOf(ATTACKER, spenderOf(n)), attackerKey)),
      ["403 provider_not_approved"],
    ),
    attack("allowances_of_empty_accounts", ofEmptyAccounts, ["409 account_without_credits"]),
    attack("self_registered_providers", await newProviders(deployment, 200), [
      "403 provider_not_approved",
    ]),
    attack("signature_checks", badSignatures(500, PROVIDER), [
      "403 invalid_signature",
      "503 too_many_chain_calls",
    ]),
    attack("log_without_rights", await logReads(deployment, 500), [
      "403 not_an_auditor",
      "503 too_many_chain_calls",
    ]),
    attack(
      "holds_of_unapproved",
      [post("/v1/holds", holdOf("1"), attackerKey)],
      ["403 provider_not_approved"],
    ),
    attack("prices", [post("/v1/prices", thousandMeasurements())], ["200"]),
    attack("quotes", [post("/v1/quotes", quoteOf())], ["201"]),
    attack("readiness", [get("/readyz")], ["200"]),
  ];
}

/** With what any customer has: an account that once bought credits, and a key of its own. */
function byCustomers({ chain }: HostileRig, customer: Customer): Attack[] {
  const { address, apiKey, campaign, issuingKey, viewKey, spendingViewKey } = customer;
  return [
    attack("replayed_with_key", customer.replayedWithKey, ["201"]),
    attack("offers_for_others", customer.offers, ["201", "429 too_many_allowances"]),
    attack("repeated_acceptances", customer.repeatedAcceptances, ["200"]),
    attack(
      "grants_in_bulk",
      [post(`/v1/allowances/${campaign}/grants`, grants(), issuingKey)],
      ["200", "429 too_many_grants"],
      { isSlow: true },
    ),
    attack(
      "large_bodies_with_issuing_key",
      [post(`/v1/allowances/${campaign}/grants`, manyNames(), issuingKey)],
      ["413 batch_too_large"],
    ),
    attack(
      "lists_of_large_answers",
      [
        get("/v1/rate-cards?limit=100"),
        get("/v1/checkpoints?limit=100"),
        get(`/v1/accounts/${address}/allowances?limit=1000`, viewKey),
        get(`/v1/allowances/${campaign}/grants?limit=1000`, issuingKey),
      ],
      ["200"],
    ),
    attack("checkpoint_files", [get("/v1/checkpoints/1/data")], ["200"], { isSlow: true }),
    attack("year_of_usage_by_12", [yearOfUsage(customer)], ["200"], { clients: 12 }),
    attack(
      "insight",
      [
        get(`/v1/accounts/${customer.spending}/debits?limit=1000`, spendingViewKey),
        get(`/v1/accounts/${customer.spending}/runway`, spendingViewKey),
        get(`/v1/accounts/${customer.spending}/budgets?limit=1000`, spendingViewKey),
      ],
      ["200"],
    ),
    attack("reports_after_transfers", [get("/v1/report", apiKey)], ["403 not_permitted"], {
      onChain: { attack: dollarsTo(chain, chain.contract), compared: dollarsTo(chain, address) },
    }),
    // Last, because it may leave the customer without an account that its key is known by.
    attack("acceptances_in_turns", customer.acceptances, ["201", "200"]),
  ];
}

/** With the key of a provider that an operator approved. */
function byProviders({ honestKey, insiderKey }: HostileRig): Attack[] {
  const byInsider = { isTarget: false, trivial: [get("/v1/nowhere", insiderKey)] };
  const byProvider = { isTarget: false, trivial: [get("/v1/nowhere", honestKey)] };
  return [
    attack(
      "holds_of_nothing",
      [post("/v1/holds", holdOf("0"), insiderKey)],
      ["400 invalid_request"],
      byInsider,
    ),
    attack(
      "usage_without_access",
      Array.from({ length: 500 }, (_, n) =>
        post("/v1/usage", usageOf(INSIDER, spenderOf(n)), insiderKey),
      ),
      ["403 access_not_granted"],
      byInsider,
    ),
    attack(
      "repeated_events",
      [post("/v1/usage", usageOf(PROVIDER, spenderOf(1), "again"), honestKey)],
      ["200", "201"],
      byProvider,
    ),
    attack(
      "holds_by_one_provider",
      [post("/v1/holds", holdOf("1"), honestKey)],
      ["201", "429 too_many_holds"],
      byProvider,
    ),
    attack("year_of_earnings_by_provider", [yearOfEarnings(honestKey)], ["200"], {
      ...byProvider,
      clients: 12,
    }),
  ];
}

/** 4 million zeros in a few kilobytes. */
function gzipBomb(): Request {
  const body = `{"allowance":{},"scope":{"providers":[${"0,".repeat(4_000_000)}0],"meters":[]}}`;
  return postGzip("/v1/allowances", gzipSync(body));
}

/** As many grants as a request may have, with as many names in their scopes. */
const grants = () => ({
  grants: Array.from({ length: 1_000 }, (_, n) => ({
    id: `${n}-{id}`,
    spender: apiKeySpender(`${n}`),
    limit: "1",
    scope: { providers: [], meters: [`a${n}`, `b${n}`] },
  })),
});

/** As many names as fit into a body, which is refused after all of it. */
const manyNames = () => ({
  grants: Array.from({ length: 300 }, (_, n) => ({
    id: `${n}`,
    spender: apiKeySpender(`${n}`),
    limit: "1",
    scope: { providers: [], meters: Array.from({ length: 100 }, (__, m) => `m${m}`) },
  })),
});

function yearOfEarnings(key: string): Request {
  return get(`/v1/providers/${PROVIDER}/earnings?groupBy=day&${lastYear()}`, key);
}

function yearOfUsage({ spending, spendingViewKey }: Customer): Request {
  return get(`/v1/accounts/${spending}/usage?groupBy=day&${lastYear()}`, spendingViewKey);
}

function lastYear(): string {
  const to = new Date();
  const from = new Date(to.getTime() - 365 * 86_400_000);
  return `from=${from.toISOString()}&to=${to.toISOString()}`;
}

const holdOf = (quantity: string) => ({
  id: "{id}",
  spender: spenderOf(1),
  meter: "units",
  quantity,
  ttlSeconds: 60,
});

const thousandMeasurements = () => ({
  provider: PROVIDER,
  measurements: Array.from({ length: 1_000 }, () => ({ meter: "units", quantity: "3" })),
});

const quoteOf = () => ({
  provider: PROVIDER,
  account: ATTACKER,
  meter: "units",
  quantity: "3",
});
