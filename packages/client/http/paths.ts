import type { Route } from "@compute-credits/api/route";

/** What a request fills a route's path with. */
export interface PathParts {
  readonly params?: object;
  readonly query?: object;
}

/** The path with its parameters and its query. */
export function pathOf({ path }: Route, { params = {}, query = {} }: PathParts): string {
  const values = new Map(textsOf(params));
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values.get(name) ?? ""),
  );
  const asked = new URLSearchParams(textsOf(query)).toString();
  return asked === "" ? filled : `${filled}?${asked}`;
}

function textsOf(values: object): [string, string][] {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, String(value)]);
}
