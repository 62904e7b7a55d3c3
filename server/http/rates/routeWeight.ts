import { routeOf } from "@compute-credits/api/routeOf";
import { type Weight, usualWeight } from "@compute-credits/api/weights";

/** What a request weighs, by its method and its path below `/v1`. */
export function weightOfRequest(method: string, path: string): Weight {
  // These reach the handlers of another method, or read nothing more than they do.
  const named = method === "HEAD" || method === "OPTIONS" ? "GET" : method;
  return routeOf(named, `/v1${path}`)?.weight ?? usualWeight(named.toLowerCase());
}
