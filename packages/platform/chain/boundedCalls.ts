/** Thrown in place of a call if as many are open as may, or came in the last second. */
export class TooManyChainCalls extends Error {
  override readonly name = "TooManyChainCalls";
}

/** Thrown in place of what an endpoint failed with, so that a caller can tell it from a bug. */
export class ChainUnavailable extends Error {
  override readonly name = "ChainUnavailable";
}

/** Runs a call of the chain if few enough are open. */
export type CallBound = <T>(call: () => Promise<T>) => Promise<T>;

export interface CallLimits {
  /** open at one time */
  readonly open: number;
  /** on average; as many as a second allows may come at once */
  readonly perSecond: number;
}

/** Creates one bound for all calls that requests cause. A call over the bound is refused at once. */
export function createCallBound(
  limits: CallLimits,
  now: () => number = () => performance.now(),
): CallBound {
  let open = 0;
  let left = limits.perSecond;
  let refilledAt = now();
  return async (call) => {
    const time = now();
    left = Math.min(limits.perSecond, left + ((time - refilledAt) / 1_000) * limits.perSecond);
    refilledAt = time;
    if (open >= limits.open) throw new TooManyChainCalls(`${limits.open} calls are open`);
    if (left < 1) throw new TooManyChainCalls(`${limits.perSecond} calls were made in a second`);
    left--;
    open++;
    try {
      return await call();
    } catch (cause) {
      throw new ChainUnavailable("the chain's endpoint failed", { cause });
    } finally {
      open--;
    }
  };
}

export interface Memory {
  /** answers; the oldest is forgotten first */
  readonly most: number;
  readonly lifeMs: number;
}

/**
 * Remembers answers for a short time, whatever they say. Calls with one key share one call. A call
 * that fails is not remembered.
 */
export function rememberAnswers<T>(
  bound: CallBound,
  { most, lifeMs }: Memory,
  now: () => number = () => performance.now(),
): (key: string, call: () => Promise<T>) => Promise<T> {
  const answers = new Map<string, { readonly answer: Promise<T>; readonly endsAt: number }>();
  return (key, call) => {
    const known = answers.get(key);
    if (known !== undefined && known.endsAt > now()) return known.answer;
    answers.delete(key);
    const answer = bound(call);
    const entry = { answer, endsAt: now() + lifeMs };
    answers.set(key, entry);
    answer.catch(() => {
      if (answers.get(key) === entry) answers.delete(key);
    });
    if (answers.size > most) {
      const [oldest] = answers.keys();
      if (oldest !== undefined) answers.delete(oldest);
    }
    return answer;
  };
}
