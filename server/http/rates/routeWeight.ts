import type { Route } from "@compute-credits/api/route";
import { ROUTES } from "@compute-credits/api/table";
import { type Weight, usualWeight } from "@compute-credits/api/weights";

/** The routes that say what they weigh, as patterns of paths below `/v1`. */
const DECLARED = ROUTES.flatMap((route: Route) =>
  route.weight === undefined
    ? []
    : [{ method: route.method, pattern: patternOf(route), weight: route.weight }],
);

/** What a request weighs, by its method and its path below `/v1`. */
export function weightOfRequest(method: string, path: string): Weight {
  const named = NAMES[method] ?? method.toLowerCase();
  const found = DECLARED.find((route) => route.method === named && route.pattern.test(path));
  return found?.weight ?? usualWeight(named);
}

/** Methods that reach the handlers of another one, or read nothing more than they do. */
const NAMES: Readonly<Record<string, string>> = { HEAD: "get", OPTIONS: "get" };

/** Matches the paths that Express routes there: in any case, and with a slash at the end, too. */
function patternOf({ path }: Route): RegExp {
  const literal = path.replace(/^\/v1/, "").replaceAll(".", "\\.");
  return new RegExp(`^${literal.replaceAll(/\{\w+\}/g, "[^/]+")}/?$`, "i");
}
