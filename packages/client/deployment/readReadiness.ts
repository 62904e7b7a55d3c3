import {
  getChainReadiness,
  getMeteringReadiness,
  getReadiness,
} from "@compute-credits/api/deployment/health";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** Whether a server can work, and its checks. */
export type Readiness = AnswerBody<typeof getReadiness>;

const ROUTES = {
  all: getReadiness,
  metering: getMeteringReadiness,
  chain: getChainReadiness,
} as const;

/**
 * Reads whether a server can work: `metering` for debits only, `chain` for purchases and
 * checkpoints. A server that cannot is an answer, too: `status` says it, and the checks why. For
 * anyone.
 */
export async function readReadiness(
  api: Api,
  {
    part = "all",
  }: {
    /** `all`, if absent */
    readonly part?: keyof typeof ROUTES;
  } = {},
  options?: CallOptions,
): Promise<Readiness> {
  return await api.call(ROUTES[part], {}, options);
}
