import { CreditsError } from "@compute-credits/client/errors/creditsError";
import type { Caller } from "./caller.ts";
import { type Charge, createCharge } from "./charge.ts";
import { MOST_ATTEMPTS, holdIdOf, newHoldId } from "./holdId.ts";
import { type Lines, isNothing, wholeOf } from "./lines.ts";
import type { HeldWork, Metering } from "./metering.ts";
import { type Refusal, isProvidersFault, refusal, refusalOf, unreachable } from "./refusal.ts";

export interface ChargingOptions {
  readonly metering: Metering;
  /** milliseconds that a request waits for its hold; then it is refused with 503 */
  readonly holdTimeoutMs: number;
  /** milliseconds that an answer waits for its charge; then it leaves, and the charge goes on */
  readonly settleWaitMs: number;
  /** told of what the provider has to mend, and of charges that failed */
  readonly onError: (error: unknown) => void;
}

/** A request for paid work. */
export interface ChargeRequest {
  readonly caller: Caller;
  /** the most that the work may take */
  readonly lines: Lines;
  /** seconds until the hold ends by itself, unless it is extended */
  readonly ttlSeconds: number;
  /** seconds that the work may take: up to then the hold is extended */
  readonly mostSeconds: number;
  /** the request's `Idempotency-Key`; `null` if it has none */
  readonly key: string | null;
  /** the method and the path, within which keys are unique */
  readonly path: string;
  /** the whole address, for the refusal's document */
  readonly resource: string;
}

export type Opened = { readonly charge: Charge } | { readonly refusal: Refusal };

/** Opens charges: the part that all frameworks share. */
export interface Charging {
  /** Holds the cost of the work. Only with a charge may the work begin. Never rejects. */
  open(request: ChargeRequest): Promise<Opened>;
  /** Resolves once all charges that were finished are known to the server, or have failed. */
  settled(): Promise<void>;
}

/** RFC draft of the header: a string, quoted or not. The ledger keeps only its hash. */
const KEY_FORM = /^[\x20-\x7e]{1,255}$/;

export function createCharging(options: ChargingOptions): Charging {
  const { metering, holdTimeoutMs, onError } = options;
  const pending = new Set<Promise<unknown>>();
  const chargeOptions = {
    ...options,
    track(work: Promise<unknown>) {
      pending.add(work);
      void work.finally(() => pending.delete(work));
    },
  };

  async function hold(id: string, request: ChargeRequest): Promise<HeldWork | Refusal> {
    const { caller, lines, ttlSeconds, resource } = request;
    const signal = AbortSignal.timeout(holdTimeoutMs);
    try {
      return await metering.hold({ id, caller, lines, ttlSeconds }, signal);
    } catch (error) {
      // It may be open. Its id is not used again, unless by a retry, which then need not wait.
      if (isUnknown(error)) chargeOptions.track(giveBack(id));
      const refused = signal.aborted ? unreachable() : refusalOf(error, resource);
      if (isProvidersFault(refused)) onError(error);
      return refused;
    }
  }

  async function giveBack(id: string): Promise<void> {
    try {
      await metering.release(id, AbortSignal.timeout(holdTimeoutMs));
    } catch {
      // It ends by itself.
    }
  }

  return {
    async open(request) {
      const { key, lines, ttlSeconds, mostSeconds } = request;
      if (key !== null && !KEY_FORM.test(key)) return { refusal: invalidKey() };
      // Work that takes nothing costs nothing, and needs no hold.
      const isFree = isNothing(wholeOf(lines));
      for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
        const id =
          key === null ? newHoldId() : holdIdOf(request.caller, { ...request, key }, attempt);
        if (isFree)
          return { charge: createCharge({ id, lines, ttlSeconds, mostSeconds }, chargeOptions) };
        // oxlint-disable-next-line no-await-in-loop -- the next attempt only after the last failed
        const held = await hold(id, request);
        if (!("isNew" in held)) return { refusal: held };
        if (held.isNew || key === null) {
          return { charge: createCharge({ id, lines, ttlSeconds, mostSeconds }, chargeOptions) };
        }
        if (held.status === "open") return { refusal: inFlight() };
        if (held.status === "captured") return { refusal: alreadyCharged(id, held) };
      }
      return { refusal: tooManyAttempts() };
    },

    async settled() {
      while (pending.size > 0) {
        // oxlint-disable-next-line no-await-in-loop -- more may have come meanwhile
        await Promise.allSettled(pending);
      }
    },
  };
}

/** Whether the request may have been applied. */
function isUnknown(error: unknown): boolean {
  return !(error instanceof CreditsError) || error.status === null || error.status >= 500;
}

function invalidKey(): Refusal {
  return refusal(
    400,
    "idempotency_key_invalid",
    "An Idempotency-Key is 1 to 255 printable ASCII characters, such as a UUID.",
  );
}

function inFlight(): Refusal {
  return refusal(
    409,
    "idempotency_key_in_flight",
    "A request with this Idempotency-Key is being served. Wait for it, or send it again later.",
    { headers: { "retry-after": "1", "x-should-retry": "true" } },
  );
}

function alreadyCharged(id: string, { capturedMicros }: HeldWork): Refusal {
  return refusal(
    409,
    "already_charged",
    "A request with this Idempotency-Key was served and charged. Send new work with a new key.",
    { fields: { hold: id, costMicros: `${capturedMicros}` } },
  );
}

function tooManyAttempts(): Refusal {
  return refusal(
    409,
    "too_many_attempts",
    `This request failed ${MOST_ATTEMPTS} times. Send it with a new Idempotency-Key.`,
  );
}
