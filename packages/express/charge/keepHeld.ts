import { CreditsError } from "@compute-credits/client/errors/creditsError";

export interface HeldTime {
  /** seconds from now until the hold ends, and of each extension */
  readonly ttlSeconds: number;
  /** seconds from now that the work may take */
  readonly mostSeconds: number;
  /** lets the hold last `ttlSeconds` from then on */
  readonly extend: (extension: string, signal: AbortSignal) => Promise<void>;
  /** called shortly before the hold ends: what is done later is not paid */
  readonly onEnd: () => void;
  readonly onError: (error: unknown) => void;
}

export interface Lasting {
  /** when the hold ends, by `performance.now()` */
  heldUntil(): number;
  /** Extends no more. */
  stop(): void;
}

/** A tenth of the hold, at most 10 seconds: the time to charge what was done. */
const marginMs = (ttlSeconds: number) => Math.min(10_000, ttlSeconds * 100);

/** Milliseconds of one try to extend, and until the next. */
const TRY_MS = 5_000;
const PAUSE_MS = 1_000;

/** Extends a hold at half of its time, again and again while the work may go on. */
export function keepHeld({ ttlSeconds, mostSeconds, extend, onEnd, onError }: HeldTime): Lasting {
  const begunAt = performance.now();
  const mayLastUntil = begunAt + mostSeconds * 1_000;
  const margin = marginMs(ttlSeconds);
  let heldUntil = begunAt + ttlSeconds * 1_000;
  let extensions = 0;
  let hasStopped = false;
  let timer: ReturnType<typeof setTimeout>;

  function schedule(): void {
    const next = heldUntil - (ttlSeconds * 1_000) / 2;
    if (heldUntil < mayLastUntil) at(next, () => void more());
    else endLater();
  }

  function at(time: number, what: () => void): void {
    if (hasStopped) return;
    timer = setTimeout(what, time - performance.now());
  }

  function endLater(): void {
    at(Math.min(heldUntil, mayLastUntil) - margin, onEnd);
  }

  async function more(): Promise<void> {
    const askedAt = performance.now();
    try {
      await extend(`more-${extensions + 1}`, AbortSignal.timeout(TRY_MS));
      extensions++;
      // The server counts from when it got the request.
      heldUntil = askedAt + ttlSeconds * 1_000;
      schedule();
    } catch (error) {
      const again = performance.now() + PAUSE_MS;
      if (mayPass(error) && again < heldUntil - margin) at(again, () => void more());
      else {
        if (!hasStopped) onError(error);
        endLater();
      }
    }
  }

  schedule();
  return {
    heldUntil: () => heldUntil,
    stop() {
      hasStopped = true;
      clearTimeout(timer);
    },
  };
}

/** A refusal stays one: the account wants a refund, or has no credits left. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof CreditsError)) return true;
  return error.status === null || error.status >= 500 || error.status === 429;
}
