import type { Route } from "../route.ts";

/** Whether the server records each request to this route that changes something. */
export function isAct({ method, isWork }: Pick<Route, "method" | "isWork">): boolean {
  return method !== "get" && isWork !== true;
}
