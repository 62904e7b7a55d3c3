/** Whether something has happened within the last moments. */
export interface Activity {
  readonly note: () => void;
  readonly isRecent: () => boolean;
}

/** `now` is in milliseconds. */
export function createActivity(
  recentMs: number,
  now: () => number = () => performance.now(),
): Activity {
  let notedAt = Number.NEGATIVE_INFINITY;
  return {
    note: () => {
      notedAt = now();
    },
    isRecent: () => now() - notedAt < recentMs,
  };
}
