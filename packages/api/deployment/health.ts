import { z } from "zod";

import { type Route, route } from "../route.ts";

const Readiness = z
  .object({
    status: z.enum(["ready", "not ready"]),
    checks: z.array(
      z.object({
        name: z.string(),
        error: z.string().nullable().describe("`null` if the part works."),
        warning: z.string().optional().describe("What an operator must mend in time."),
      }),
    ),
  })
  .meta({ id: "Readiness" });

const readiness = {
  method: "get",
  tag: "deployment",
  callers: ["anyone"],
  answers: {
    200: { description: "It can.", schema: Readiness },
    503: { description: "It cannot: the checks with an error say why.", schema: Readiness },
  },
  reasons: [],
} as const satisfies Partial<Route>;

export const getLiveness = route({
  id: "getLiveness",
  method: "get",
  path: "/healthz",
  tag: "deployment",
  summary: "200 while the process answers",
  callers: ["anyone"],
  answers: {
    200: { description: "It answers.", schema: z.object({ status: z.literal("alive") }) },
  },
  reasons: [],
});

export const getReadiness = route({
  ...readiness,
  id: "getReadiness",
  path: "/readyz",
  summary: "200 if it can work; else 503 and the cause",
});

export const getMeteringReadiness = route({
  ...readiness,
  id: "getMeteringReadiness",
  path: "/readyz/metering",
  summary: "the same for debits only: for load balancers",
});

export const getChainReadiness = route({
  ...readiness,
  id: "getChainReadiness",
  path: "/readyz/chain",
  summary: "the same for purchases and checkpoints: for alarms",
});
