import type { EventKind } from "@compute-credits/api/webhooks/eventKinds";
import type { SealedSecret } from "./sealedSecrets.ts";

/** An attempt that a server has begun to make. */
export interface Attempt {
  /** of the delivery */
  readonly id: bigint;
  /** which attempt it is, from 1 */
  readonly attempt: number;
  readonly endpoint: string;
  readonly url: string;
  readonly secrets: readonly [SealedSecret, ...SealedSecret[]];
  readonly event: {
    /** the `webhook-id` */
    readonly id: string;
    readonly kind: EventKind;
    readonly occurredAt: Date;
    readonly body: Readonly<Record<string, unknown>>;
  };
}

/** What became of an attempt. */
export type AttemptOutcome =
  | { readonly result: "delivered"; readonly status: number }
  /** the endpoint wants no more: 410 */
  | { readonly result: "gone"; readonly status: 410 }
  | {
      readonly result: "failed";
      /** `null` if there was no answer */
      readonly status: number | null;
      /** for the endpoint's owner; cut to 200 characters */
      readonly error: string;
      /** `null`: it was the last attempt */
      readonly retryInSeconds: number | null;
    };

export interface ListedDelivery {
  readonly id: bigint;
  readonly eventId: string;
  readonly type: string;
  readonly occurredAt: Date;
  readonly state: "waiting" | "delivered" | "failed";
  readonly attempts: number;
  readonly nextAt: Date | null;
  readonly lastAt: Date | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
}

export interface ClaimOptions {
  /** attempts to claim, at most one of each endpoint */
  readonly most: number;
  /** of them, those of endpoints whose last attempt failed */
  readonly mostFailing: number;
  /** endpoints that this server has enough attempts of */
  readonly busy: readonly string[];
  /** how long an attempt may take: after it, another server makes it again */
  readonly leaseSeconds: number;
}

export interface DeliveryStore {
  /** Makes the deliveries of at most so many events, oldest first. Returns how many events. */
  fanOut(most: number): Promise<number>;
  /** Begins attempts that are due. Another server begins none of them before the lease ends. */
  claim(options: ClaimOptions): Promise<readonly Attempt[]>;
  /**
   * Records what became of an attempt, unless another one was begun since. A success ends the
   * endpoint's failure; a 410, or days without a success, disable it.
   */
  finish(attempt: Pick<Attempt, "id" | "attempt">, outcome: AttemptOutcome): Promise<void>;
  /** Gives attempts back that were not made, because the server stops. */
  giveBack(attempts: readonly Pick<Attempt, "id" | "attempt">[]): Promise<void>;
  /** Lists an endpoint's deliveries, newest first; `before` is the last id of the previous page. */
  list(
    endpoint: string,
    page: { readonly before: bigint | null; readonly limit: number },
  ): Promise<readonly ListedDelivery[]>;
  /** Sends a kept event of the endpoint again. Returns false if there is none. */
  replay(endpoint: string, eventId: string): Promise<boolean>;
  /** Sends the first `most` kept events since a time again. `nextSince`: more remain from there. */
  replaySince(
    endpoint: string,
    since: Date,
    most: number,
  ): Promise<{ readonly replayed: number; readonly nextSince: Date | null }>;
  /** Writes a test event for the endpoint; `null` if `mostWaiting` deliveries wait already. */
  test(endpoint: string, mostWaiting: number): Promise<string | null>;
  /** Deletes at most so many events, with their deliveries, that are older. Returns how many. */
  deleteOld(keepSeconds: number, most: number): Promise<number>;
}
