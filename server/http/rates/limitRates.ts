import { createHash } from "node:crypto";

import type { Request, RequestHandler } from "express";

import { WEIGHTS, type Weight } from "@compute-credits/api/weights";
import { mayBe } from "@compute-credits/protocol/messages/keyKind";
import { type AddressList, createAddressList } from "@compute-credits/platform/process/addressList";
import { clientAddress } from "@compute-credits/platform/process/clientAddress";
import { addressGroup } from "@compute-credits/platform/process/connectionBound";
import type { Budget, Spent } from "../../stores/rateLimits/budget.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";
import { sentKey } from "../authentication.ts";
import { requestKeyHash } from "../keyHash.ts";
import { fail } from "../problem.ts";
import { setRateHeaders } from "./rateHeaders.ts";
import { weightOfRequest } from "./routeWeight.ts";

/** What each kind of party may use. */
export interface RateBudgets {
  /** of a provider's key */
  readonly provider: Budget;
  /** of any other key, session or signed header */
  readonly credential: Budget;
  /** of an IPv4 address or an IPv6 /64 */
  readonly address: Budget;
  /** of an address for sensitive routes, on all servers together */
  readonly sensitive: Budget;
}

export interface RateDeps {
  /** `null`: nothing is limited */
  readonly budgets: RateBudgets | null;
  readonly providers: Pick<ProviderStore, "cachedCaller">;
  /** whether an auditor sent the request, who must keep up with the log */
  readonly isAuditor: (req: Request) => boolean;
  readonly isTrustedProxy: AddressList;
}

/** The operator's own machine; behind a proxy that is not trusted, all clients seem to be on it. */
const isLoopback = createAddressList(["127.0.0.0/8", "::1"]);

/**
 * Refuses what exceeds the caller's budgets, before it takes a turn or a query. Turns share the
 * server at each moment; budgets bound what one party gets of it over time. A provider's key that
 * this server knows has a budget of its own, whatever its address. Everyone else is counted by
 * address, so credentials that anyone makes up, or sends for another party, use up only the
 * sender's budget.
 */
export function limitRates({
  budgets,
  providers,
  isAuditor,
  isTrustedProxy,
}: RateDeps): RequestHandler {
  return async (req, res, next) => {
    if (budgets === null || isAuditor(req)) {
      next();
      return;
    }
    const weight = weightOfRequest(req.method, req.path);
    const known = knownProvider(req, providers);
    const all =
      known === null
        ? await spendAsStranger(budgets, { req, weight, isTrustedProxy })
        : [await budgets.provider.spend(known, WEIGHTS[weight].points)];
    if (all.length > 0) setRateHeaders(res, all);
    const over = all.find(({ isOver }) => isOver);
    if (over === undefined) {
      next();
      return;
    }
    res.set("Retry-After", `${over.resetSeconds}`);
    throw fail(
      429,
      "rate_limited",
      `More requests came than this server takes of one ${NAMES[over.policy] ?? "caller"}. ` +
        `Nothing was applied: send the same request again in ${over.resetSeconds} seconds.`,
      { policy: over.policy, retryAfterSeconds: over.resetSeconds },
    );
  };
}

const NAMES: Readonly<Record<string, string>> = {
  provider: "provider's key",
  credential: "key or session",
  address: "address",
  sensitive: "address for this",
};

/** The hash of a provider's key that this server has seen before; `null` for all other requests. */
function knownProvider(
  req: Request,
  providers: Pick<ProviderStore, "cachedCaller">,
): string | null {
  const key = sentKey(req);
  if (key === null || !mayBe(key, "provider")) return null;
  const hash = requestKeyHash(req, key);
  return providers.cachedCaller(hash)?.isApproved === true ? hash : null;
}

interface StrangersRequest {
  readonly req: Request;
  readonly weight: Weight;
  readonly isTrustedProxy: AddressList;
}

/** Spends the budgets in order, up to the first that is exceeded. */
async function spendAsStranger(
  budgets: RateBudgets,
  { req, weight, isTrustedProxy }: StrangersRequest,
): Promise<Spent[]> {
  const address = clientAddress(req, isTrustedProxy);
  if (isLoopback(address)) return [];
  const group = addressGroup(address);
  const { points } = WEIGHTS[weight];
  const credential = credentialOf(req);
  const spends: (() => Promise<Spent>)[] = [
    () => budgets.address.spend(group, points),
    ...(credential === null ? [] : [() => budgets.credential.spend(credential, points)]),
    ...(weight === "sensitive" ? [() => budgets.sensitive.spend(group, 1)] : []),
  ];
  const all: Spent[] = [];
  for (const spend of spends) {
    // oxlint-disable-next-line no-await-in-loop -- what the first refuses uses no other budget
    const spent = await spend();
    all.push(spent);
    if (spent.isOver) break;
  }
  return all;
}

/** A hash of the credentials, so that none are kept in memory; `null` without any. */
function credentialOf(req: Request): string | null {
  const { authorization, cookie } = req.headers;
  const sent = sentKey(req) ?? authorization ?? cookie;
  return sent === undefined ? null : createHash("sha256").update(sent).digest("base64");
}
