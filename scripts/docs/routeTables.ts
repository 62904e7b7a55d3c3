import { CALLERS } from "@compute-credits/api/callers";
import { type Route, TAGS } from "@compute-credits/api/route";
import { ROUTES } from "@compute-credits/api/table";
import { WEIGHTS, isLimited, usualWeight } from "@compute-credits/api/weights";
import { code, table } from "./fillPage.ts";

/** The routes of each concern, by the name that pages use. */
export function routeTables(): readonly (readonly [string, string])[] {
  return Object.keys(TAGS).map((tag) => [
    `routes-${tag}`,
    table(
      ["route", "caller", "purpose", "points"],
      ROUTES.filter((route) => route.tag === tag).map(cellsOf),
    ),
  ]);
}

/** What strangers may ask, also those who have no key and sign nothing. */
export function publicRoutesTable(): string {
  return table(
    ["route", "purpose"],
    ROUTES.filter(isOpen).map((route) => {
      const [path = "", , summary = ""] = cellsOf(route);
      return [path, summary];
    }),
  );
}

function isOpen({ callers }: Route): boolean {
  return callers.some((caller) => caller === "anyone" || caller === "anyoneWhileChallenged");
}

function cellsOf({
  method,
  path,
  callers,
  summary,
  weight = usualWeight(method),
}: Route): readonly string[] {
  const shown = path.replaceAll(/\{(\w+)\}/g, ":$1");
  return [
    code(`${method.toUpperCase()} ${shown}`),
    listed(callers.map((caller) => CALLERS[caller].label)),
    summary,
    isLimited(path) ? `${WEIGHTS[weight].points}` : "0",
  ];
}

/** `a, or b`; `a, b, or c`. */
function listed(names: readonly string[]): string {
  return [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(", or ");
}
