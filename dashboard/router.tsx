import {
  Link,
  Outlet,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from "@tanstack/react-router";

import { DASHBOARD_PATHS } from "@compute-credits/api/dashboardPaths";
import { Shell } from "./parts/Shell.tsx";
import { Home } from "./routes/Home.tsx";
import { basketSearch } from "./routes/basketSearch.ts";
import { buySearch } from "./routes/buySearch.ts";
import { statementSearch } from "./routes/statementSearch.ts";
import { marketSearch } from "./routes/market/marketSearch.ts";
import { usageSearch } from "./routes/usageSearch.ts";

const root = createRootRoute({
  component: () => (
    <Shell>
      <Outlet />
    </Shell>
  ),
  notFoundComponent: () => (
    <>
      <h1>There is no such page</h1>
      <p>
        Check the address, or <Link to="/">look up a party or a checkpoint</Link>.
      </p>
    </>
  ),
});

const home = createRoute({ getParentRoute: () => root, path: "/", component: Home });

const party = createRoute({
  getParentRoute: () => root,
  path: "/parties/$party",
  component: lazyRouteComponent(() => import("./routes/Party.tsx"), "Party"),
});

const checkpoint = createRoute({
  getParentRoute: () => root,
  path: "/checkpoints/$epoch",
  component: lazyRouteComponent(() => import("./routes/Checkpoint.tsx"), "Checkpoint"),
});

const rows = createRoute({
  getParentRoute: () => root,
  path: "/checkpoints/$epoch/rows",
  component: lazyRouteComponent(
    () => import("./routes/audit/CheckpointRows.tsx"),
    "CheckpointRows",
  ),
});

const prices = createRoute({
  getParentRoute: () => root,
  path: "/prices",
  validateSearch: basketSearch,
  component: lazyRouteComponent(() => import("./routes/Prices.tsx"), "Prices"),
});

const market = createRoute({
  getParentRoute: () => root,
  path: "/market",
  validateSearch: marketSearch,
  component: lazyRouteComponent(() => import("./routes/market/Market.tsx"), "Market"),
});

const account = createRoute({
  getParentRoute: () => root,
  path: "/account",
  component: lazyRouteComponent(() => import("./routes/Account.tsx"), "Account"),
});

const usage = createRoute({
  getParentRoute: () => root,
  path: "/usage",
  validateSearch: usageSearch,
  component: lazyRouteComponent(() => import("./routes/Usage.tsx"), "Usage"),
});

const keys = createRoute({
  getParentRoute: () => root,
  path: "/keys",
  component: lazyRouteComponent(() => import("./routes/Keys.tsx"), "Keys"),
});

const provider = createRoute({
  getParentRoute: () => root,
  path: "/provider",
  component: lazyRouteComponent(() => import("./routes/provider/Provider.tsx"), "Provider"),
});

const buy = createRoute({
  getParentRoute: () => root,
  path: "/buy",
  validateSearch: buySearch,
  component: lazyRouteComponent(() => import("./routes/Buy.tsx"), "Buy"),
});

const refund = createRoute({
  getParentRoute: () => root,
  path: "/refund",
  component: lazyRouteComponent(() => import("./routes/Refund.tsx"), "Refund"),
});

const statements = createRoute({
  getParentRoute: () => root,
  path: "/statements",
  validateSearch: statementSearch,
  component: lazyRouteComponent(() => import("./routes/Statements.tsx"), "Statements"),
});

const access = createRoute({
  getParentRoute: () => root,
  path: "/access",
  component: lazyRouteComponent(() => import("./routes/Access.tsx"), "Access"),
});

const record = createRoute({
  getParentRoute: () => root,
  path: "/record",
  component: lazyRouteComponent(() => import("./routes/Record.tsx"), "Record"),
});

const team = createRoute({
  getParentRoute: () => root,
  path: "/team",
  component: lazyRouteComponent(() => import("./routes/Team.tsx"), "Team"),
});

const webhooks = createRoute({
  getParentRoute: () => root,
  path: "/webhooks",
  component: lazyRouteComponent(() => import("./routes/Webhooks.tsx"), "Webhooks"),
});

const operator = createRoute({
  getParentRoute: () => root,
  path: "/operator",
  component: lazyRouteComponent(() => import("./routes/operator/Operator.tsx"), "Operator"),
});

const routeTree = root.addChildren([
  home,
  party,
  checkpoint,
  rows,
  prices,
  market,
  account,
  usage,
  keys,
  provider,
  buy,
  refund,
  statements,
  access,
  record,
  team,
  webhooks,
  operator,
]);

export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  scrollRestoration: true,
});

/** The server answers these paths with the page, so the page must have them. */
DASHBOARD_PATHS satisfies readonly (keyof (typeof router)["routesByPath"])[];

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
