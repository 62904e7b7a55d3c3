import type { Route } from "./route.ts";
import { ROUTES } from "./table.ts";

interface Placed {
  readonly route: Route;
  /** `null` for a parameter */
  readonly segments: readonly (string | null)[];
}

/** By the method and the number of segments, in the table's order: few are compared. */
const PLACED: ReadonlyMap<string, readonly Placed[]> = place(ROUTES);

/**
 * The route that answers a method and a path, without its query, or `null`. As the server's router
 * does, takes letters of either case and a slash at the end, and `HEAD` for `GET`.
 */
export function routeOf(method: string, path: string): Route | null {
  const named = method === "HEAD" ? "get" : method.toLowerCase();
  const sent = segmentsOf(path);
  const found = PLACED.get(`${named} ${sent.length}`)?.find(({ segments }) =>
    segments.every((segment, index) =>
      segment === null ? sent[index] !== "" : segment === sent[index]?.toLowerCase(),
    ),
  );
  return found?.route ?? null;
}

function place(routes: readonly Route[]): Map<string, Placed[]> {
  const placed = new Map<string, Placed[]>();
  for (const route of routes) {
    const segments = segmentsOf(route.path).map((segment) =>
      segment.startsWith("{") ? null : segment,
    );
    const key = `${route.method} ${segments.length}`;
    placed.set(key, [...(placed.get(key) ?? []), { route, segments }]);
  }
  return placed;
}

function segmentsOf(path: string): string[] {
  const segments = path.split("/").slice(1);
  if (segments.length > 1 && segments.at(-1) === "") segments.pop();
  return segments;
}
