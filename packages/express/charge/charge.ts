import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { type Lines, type Used, isNothing, withinHeld } from "./lines.ts";
import { keepHeld } from "./keepHeld.ts";
import type { Metering } from "./metering.ts";

/** One request's work, from its hold to its capture or release. */
export interface Charge {
  /** of the hold */
  readonly id: string;
  readonly lines: Lines;
  /** Notes work as it is done, in units of the line's meter. After the end it has no effect. */
  add(line: string, quantity: bigint): void;
  /** what was noted so far */
  readonly noted: Used;
  /** Replaces what was noted so far, such as by a total that is known at last. */
  note(used: Used): void;
  /** aborts once the caller has left, or shortly before the hold ends: the work must not go on */
  readonly signal: AbortSignal;
  /** Aborts `signal`. */
  abandon(): void;
  /**
   * Charges what was used, at most what is held, and returns the rest; nothing used releases all of
   * it. Counts once. Waits for the server only a while, and goes on in the background as long as
   * the hold lasts. Never rejects.
   */
  finish(used: Used, options?: FinishOptions): Promise<Finished>;
}

export interface FinishOptions {
  /** whether the quantities were counted by the provider because nothing told them */
  readonly isEstimated?: boolean;
}

export interface Finished {
  /** micro-credits; `null` while it is not known whether the charge was recorded */
  readonly costMicros: bigint | null;
  /** micro-credits that the payers can still spend, after this; `null` if that is not known */
  readonly remainingMicros: bigint | null;
}

const UNKNOWN: Finished = { costMicros: null, remainingMicros: null };

export interface ChargeDeps {
  readonly metering: Metering;
  readonly settleWaitMs: number;
  readonly onError: (error: unknown) => void;
  readonly track: (work: Promise<unknown>) => void;
}

/** Milliseconds of one try to capture, and of the longest wait between two. */
const TRY_MS = 5_000;
const LONGEST_WAIT_MS = 5_000;

export interface ChargedWork {
  readonly id: string;
  readonly lines: Lines;
  readonly ttlSeconds: number;
  readonly mostSeconds: number;
}

export function createCharge(
  { id, lines, ttlSeconds, mostSeconds }: ChargedWork,
  { metering, settleWaitMs, onError, track }: ChargeDeps,
): Charge {
  const left = new AbortController();
  const isFree = isNothingHeld(lines);
  const lasting = isFree
    ? null
    : keepHeld({
        ttlSeconds,
        mostSeconds,
        extend: async (extension, signal) =>
          await metering.extend(id, { extension, ttlSeconds }, signal),
        onEnd: () => left.abort(),
        onError,
      });
  let noted: Record<string, bigint> = {};
  let finished: Promise<Finished> | null = null;

  async function settle(used: Used, isEstimated: boolean): Promise<Finished> {
    const attempt = async (signal: AbortSignal): Promise<Finished> => {
      if (!isNothing(used)) return await metering.capture(id, { lines, used, isEstimated }, signal);
      return { costMicros: 0n, ...(await metering.release(id, signal)) };
    };
    for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one try after the other
        return await attempt(AbortSignal.timeout(TRY_MS));
      } catch (error) {
        if (!mayHelpToRepeat(error) || performance.now() + waitMs >= (lasting?.heldUntil() ?? 0)) {
          onError(error);
          return UNKNOWN;
        }
        // oxlint-disable-next-line no-await-in-loop
        await pause(waitMs);
      }
    }
  }

  return {
    id,
    lines,
    signal: left.signal,
    abandon: () => left.abort(),
    get noted() {
      return noted;
    },
    add(line, quantity) {
      noted[line] = (noted[line] ?? 0n) + quantity;
    },
    note(used) {
      noted = { ...used };
    },
    async finish(used, { isEstimated = false } = {}) {
      if (finished === null) {
        lasting?.stop();
        const capped = withinHeld(used, lines);
        finished = isFree
          ? Promise.resolve({ costMicros: 0n, remainingMicros: null })
          : settle(capped, isEstimated);
        track(finished);
      }
      return await within(settleWaitMs, finished);
    },
  };
}

function isNothingHeld(lines: Lines): boolean {
  return Object.values(lines).every(({ quantity }) => quantity <= 0n);
}

/** A refusal stays one; a broken connection, a busy server or an outage may pass. */
function mayHelpToRepeat(error: unknown): boolean {
  if (!(error instanceof CreditsError)) return true;
  return error.status === null || error.status >= 500 || error.status === 429;
}

async function within(ms: number, finished: Promise<Finished>): Promise<Finished> {
  const { promise: late, resolve } = Promise.withResolvers<Finished>();
  const timer = setTimeout(resolve, ms, UNKNOWN);
  try {
    return await Promise.race([finished, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  await promise;
}
