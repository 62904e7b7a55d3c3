import { z } from "zod";

import { uintField } from "@compute-credits/protocol/json/fields";
import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";
import { route } from "../route.ts";
import { DynamicRateState, MultiplierStep } from "./dynamicRates.ts";

/** Basis points in one. */
const BPS = 10_000n;

export const reportUtilisation = route({
  id: "reportUtilisation",
  method: "post",
  path: "/v1/utilisation",
  tag: "pricing",
  summary: "Reports utilisation and moves a dynamic rate",
  description:
    "`meter` and `dimensions` are the rate's own. The multiplier moves at most once in " +
    "`stepSeconds`; `Retry-After` says when it may again.",
  isWork: true,
  callers: ["provider"],
  body: z.strictObject({
    meter: MeterName,
    dimensions: Dimensions.default({}),
    utilisationBps: uintField(63).refine((bps) => bps <= BPS, `must be at most ${BPS}`),
  }),
  exampleBody: { meter: "gpu.seconds", dimensions: {}, utilisationBps: 9_000 },
  answers: {
    201: {
      description: "The rate, and the step that its multiplier made.",
      schema: DynamicRateState.extend({ step: MultiplierStep }).meta({ id: "UtilisationStep" }),
    },
  },
  reasons: ["unknown_rate", "rate_not_dynamic", "step_too_soon"],
});
