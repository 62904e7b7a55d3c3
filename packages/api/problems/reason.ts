/**
 * Declares a reason: the HTTP statuses that it comes with, what it means, and what the caller
 * does next. Both sentences stay under twelve words, because they are cells of docs/reasons.md.
 */
export function reason<const Statuses extends readonly number[]>(
  statuses: Statuses,
  meaning: string,
  next: string,
) {
  return { statuses, meaning, next };
}
