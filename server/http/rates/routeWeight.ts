/** Points of a request, by what it costs the server. */
export const WEIGHTS = {
  /** usage, voids and holds: a provider reports them by the thousand */
  hot: 1,
  /** a few rows by their key */
  read: 1,
  /** sums, reports, files, and prices of many measurements */
  heavyRead: 10,
  /** a signature's check, or rows that stay */
  write: 5,
  /** what a stranger may try in vain: sign-in, registration, codes, approval */
  sensitive: 20,
} as const;

export type RouteClass = keyof typeof WEIGHTS;

const HOT = /^\/(usage|voids|holds|holds\/[^/]+\/(captures|release))\/?$/;

const HEAVY_READS = [
  /^\/(prices|previews|quotes|report)\/?$/,
  /^\/(accounts|providers)\/[^/]+\/(debits|earnings|runway|statement|usage)\/?$/,
  /^\/(accounts|providers|spenders|checkpoints)(\/[^/]+)?\/events\/?$/,
  /^\/debits\//,
  /^\/checkpoints\/[^/]+\/(data|rows)\/?$/,
];

const SENSITIVE = [
  /^\/(sessions|provider-keys|issuing-keys|view-keys|provider-approvals)(\/|$)/,
  /^\/allowances\/[^/]+\/redemptions\/?$/,
];

/** The class of a request, by its method and its path below `/v1`. */
export function routeClass(method: string, path: string): RouteClass {
  if (HOT.test(path)) return "hot";
  if (HEAVY_READS.some((route) => route.test(path))) return "heavyRead";
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return "read";
  return SENSITIVE.some((route) => route.test(path)) ? "sensitive" : "write";
}
