import { queryOptions } from "@tanstack/react-query";

import { type Acts, readActs } from "@compute-credits/client/acts/readActs";
import { type Readiness, readReadiness } from "@compute-credits/client/deployment/readReadiness";
import { ApiProblem } from "@compute-credits/client/errors/apiProblem";
import { readDuties } from "@compute-credits/client/insight/readDuties";
import { type Report, readReport } from "@compute-credits/client/insight/readReport";
import { type Webhook, readWebhooks } from "@compute-credits/client/webhooks/readWebhooks";
import { api } from "./api.ts";

/** A report sums over every account, so it is not read again more often. */
const REPORT_MS = 60_000;
const HEALTH_MS = 10_000;
const SHOWN_ACTS = 20;

/** What is owed, and whether the books agree with the chain. */
export const reportQuery = queryOptions({
  queryKey: ["operator", "report"],
  staleTime: REPORT_MS,
  refetchInterval: REPORT_MS,
  queryFn: async ({ signal }): Promise<Report> => await readReport(api, {}, { signal }),
});

/** What is to be paid or answered, and until when. */
export const dutiesQuery = queryOptions({
  queryKey: ["operator", "duties"],
  refetchInterval: HEALTH_MS,
  queryFn: async ({ signal }) => await readDuties(api, { signal }),
});

/** What works, what does not, and what must be mended in time. */
export const readinessQuery = queryOptions({
  queryKey: ["operator", "readiness"],
  refetchInterval: HEALTH_MS,
  queryFn: async ({ signal }): Promise<Readiness> => await readReadiness(api, {}, { signal }),
});

/** The operator's endpoints that get events. `null` if this server offers none. */
export const operatorWebhooksQuery = queryOptions({
  queryKey: ["operator", "webhooks"],
  refetchInterval: REPORT_MS,
  queryFn: async ({ signal }): Promise<readonly Webhook[] | null> => {
    try {
      return await readWebhooks(api, { party: "operator" }, { signal });
    } catch (error) {
      if (error instanceof ApiProblem && error.reason === "webhooks_not_offered") return null;
      throw error;
    }
  },
});

/** Who changed what, newest first, of one kind of act. */
export const actsQuery = (act: string) =>
  queryOptions({
    queryKey: ["operator", "acts", act],
    queryFn: async ({ signal }): Promise<Acts["acts"]> =>
      (await readActs(api, { act, limit: SHOWN_ACTS }, { signal })).acts,
  });
