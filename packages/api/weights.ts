/**
 * What a request costs of its caller's budgets, in points, by what it costs the server. `requests`
 * is a cell of docs/api.md.
 */
export const WEIGHTS = {
  /** a provider reports them by the thousand */
  hot: { points: 1, requests: "usage, voids, holds" },
  /** a few rows by their key */
  read: { points: 1, requests: "other reads" },
  /** a signature's check, or rows that stay */
  write: { points: 5, requests: "other requests that change something" },
  /** sums, and prices of many measurements */
  heavyRead: { points: 10, requests: "lists of debits, sums, reports, files, prices, quotes" },
  /** what a stranger may try in vain; it also uses a budget that all servers share */
  sensitive: { points: 20, requests: "sign-in, registration of keys, codes, approvals" },
} as const;

export type Weight = keyof typeof WEIGHTS;

/** What requests weigh of which a route says nothing. */
export function usualWeight(method: string): Weight {
  return method === "get" ? "read" : "write";
}

/** Whether requests of a path are counted. Health checks are not. */
export function isLimited(path: string): boolean {
  return path.startsWith("/v1/");
}
