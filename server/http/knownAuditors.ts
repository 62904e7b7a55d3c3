import type { Request } from "express";

import { LOG_ACCESS_SECONDS } from "@compute-credits/protocol/messages/logAccess";

/** Headers; the oldest is forgotten first. No vault has so many signers. */
const MOST = 300;

/** Remembers who showed that it may read the log, so that its next requests need no turn. */
export interface KnownAuditors {
  /** Remembers the request's header, which was just checked, about as long as it is valid. */
  add(req: Request): void;
  /** Whether the request carries such a header. Its route checks it again. */
  has(req: Request): boolean;
}

export function createKnownAuditors(now: () => number = () => performance.now()): KnownAuditors {
  const endsAt = new Map<string, number>();
  return {
    add(req) {
      const header = headerOf(req);
      if (endsAt.has(header)) return;
      endsAt.set(header, now() + Number(LOG_ACCESS_SECONDS) * 1_000);
      const [oldest] = endsAt.keys();
      if (endsAt.size > MOST && oldest !== undefined) endsAt.delete(oldest);
    },
    has: (req) => (endsAt.get(headerOf(req)) ?? Number.NEGATIVE_INFINITY) > now(),
  };
}

function headerOf(req: Request): string {
  return req.get("authorization") ?? "";
}
