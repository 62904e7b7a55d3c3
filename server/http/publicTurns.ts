import type { Request, RequestHandler } from "express";

import type { AddressList } from "@compute-credits/platform/process/addressList";
import { clientAddress } from "@compute-credits/platform/process/clientAddress";
import { addressGroup } from "@compute-credits/platform/process/connectionBound";
import { fail } from "./problem.ts";
import type { PublicShare } from "./publicShare.ts";

export interface PublicTurnOptions extends PublicShare {
  /** whether a provider's key, which this server knows, came with the request */
  readonly isProvider: (req: Request) => boolean | Promise<boolean>;
  /** whether an auditor sent the request, who needs no turn */
  readonly isAuditor: (req: Request) => boolean;
  readonly isTrustedProxy: AddressList;
  /** milliseconds */
  readonly now?: () => number;
  readonly after?: (ms: number, then: () => void) => void;
}

/**
 * A request that takes longer waits for a disk, the chain or its client. While it keeps the
 * processor itself, the timer that ends its turn is late too.
 */
const TURN_MS = 20;

/** Bounds the rest after a turn that a stalled machine made long. */
const MOST_WORKED_MS = 250;

/**
 * Lets requests without a provider's key work one at a time, and, while providers report, leaves
 * them their share of the time: whatever strangers send, most of the server is for debits.
 * Addresses take turns, so that none waits for all requests of another. Auditors wait for none once
 * they have shown who they are: they read long pages, and must keep up with the log.
 */
export function publicTurns({
  waiting,
  reporting,
  restMs,
  isProvider,
  isAuditor,
  isTrustedProxy,
  now = () => performance.now(),
  after = (ms, then) => void setTimeout(then, ms).unref(),
}: PublicTurnOptions): RequestHandler {
  const queues = new Map<string, (() => void)[]>();
  let queued = 0;
  let isTaken = false;

  function begin(start: () => void): void {
    isTaken = true;
    start();
  }

  function next(): void {
    isTaken = false;
    const [first] = queues;
    if (first === undefined) return;
    const [group, queue] = first;
    const start = queue.shift();
    // To the end, so that the other addresses are next.
    queues.delete(group);
    if (queue.length > 0) queues.set(group, queue);
    queued--;
    if (start !== undefined) begin(start);
  }

  return async (req, res, proceed) => {
    if (await isProvider(req)) {
      reporting.note();
      proceed();
      return;
    }
    if (isAuditor(req)) {
      proceed();
      return;
    }
    const start = () => {
      if (res.destroyed) {
        next();
        return;
      }
      const startedAt = now();
      let isOver = false;
      const end = () => {
        if (isOver) return;
        isOver = true;
        const ms = restMs(Math.min(now() - startedAt, MOST_WORKED_MS));
        if (ms > 0) after(ms, next);
        else next();
      };
      res.once("close", end);
      after(TURN_MS, end);
      proceed();
    };
    if (!isTaken) {
      begin(start);
      return;
    }
    if (queued >= waiting) {
      res.set("Retry-After", "1");
      throw fail(
        503,
        "too_many_public_requests",
        "The server has more requests without a provider's key than it allows at one time. " +
          "Send the same request again.",
      );
    }
    queued++;
    const group = addressGroup(clientAddress(req, isTrustedProxy));
    const queue = queues.get(group);
    if (queue === undefined) queues.set(group, [start]);
    else queue.push(start);
  };
}
