import { CALLERS } from "../callers.ts";
import { takesIdempotencyKey } from "../idempotency.ts";
import { REASONS, type Reason } from "./reasons.ts";
import type { Route } from "../route.ts";

/** Reasons that any route may give: of the connection, the server's bounds and its outages. */
const ANY = [
  "rate_limited",
  "unreadable_request",
  "too_many_public_requests",
  "too_many_reads",
  "read_timed_out",
  "too_many_signature_checks",
  "too_many_chain_calls",
  "chain_unavailable",
  "database_unavailable",
  "outcome_unknown",
  "metering_stopped",
  "internal_error",
] as const satisfies readonly Reason[];

const WITH_INPUT = ["invalid_request"] as const satisfies readonly Reason[];

const WITH_CURSOR = ["invalid_cursor"] as const satisfies readonly Reason[];

const WITH_BODY = [
  "malformed_json",
  "unsupported_media_type",
  "body_too_large",
] as const satisfies readonly Reason[];

const WITH_IDEMPOTENCY_KEY = [
  "invalid_idempotency_key",
  "idempotency_key_reused",
  "idempotency_key_in_flight",
  "answer_not_kept",
  "too_many_idempotency_keys",
  // Credentials are checked first, also where a route asks for none.
  "missing_credentials",
  "unknown_key",
  "key_revoked",
  "unknown_session",
  "credentials_expired",
  "invalid_signature",
  "foreign_origin",
] as const satisfies readonly Reason[];

/** Every reason that the route may give. */
export function reasonsOf(route: Route): readonly Reason[] {
  const { method, params, query, body, callers, reasons } = route;
  const hasInput = params !== undefined || query !== undefined || body !== undefined;
  return [
    ...new Set<Reason>([
      ...(hasInput ? WITH_INPUT : []),
      ...(query !== undefined && "cursor" in query.shape ? WITH_CURSOR : []),
      // A body is read before its route is known, also one that the route does not want.
      ...(method === "get" ? [] : WITH_BODY),
      ...(takesIdempotencyKey(route) ? WITH_IDEMPOTENCY_KEY : []),
      ...callers.flatMap((caller) => CALLERS[caller].reasons),
      ...reasons,
      ...ANY,
    ]),
  ];
}

/** The reasons of a route by the status that they come with. */
export function reasonsByStatus(route: Route): ReadonlyMap<number, readonly Reason[]> {
  const found = new Map<number, Reason[]>();
  for (const reason of reasonsOf(route)) {
    for (const status of REASONS[reason].statuses) {
      found.set(status, [...(found.get(status) ?? []), reason]);
    }
  }
  return new Map([...found].toSorted(([first], [second]) => first - second));
}
