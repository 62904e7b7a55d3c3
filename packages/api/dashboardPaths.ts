/**
 * Where the dashboard has a page. The server answers these paths with it, and the dashboard's router
 * must have them, or it does not compile. A `$` stands for one part that is filled in.
 */
export const DASHBOARD_PATHS = [
  "/",
  "/parties/$party",
  "/checkpoints/$epoch",
  "/checkpoints/$epoch/rows",
  "/prices",
  "/market",
  "/account",
  "/usage",
  "/keys",
  "/provider",
  "/buy",
  "/refund",
  "/statements",
  "/access",
  "/record",
  "/team",
  "/webhooks",
  "/operator",
] as const;

const PATTERNS = DASHBOARD_PATHS.map((path) => new RegExp(`^${path.replace(/\$\w+/, "[^/]+")}$`));

/** Whether the dashboard has a page at this path. */
export function isDashboardPath(path: string): boolean {
  return PATTERNS.some((pattern) => pattern.test(path));
}
