import type { Address, Hex } from "viem";

import type { AnswerBody } from "@compute-credits/api/route";
import { reportUsage as route } from "@compute-credits/api/usage/usage";
import { CreditsError } from "../errors/creditsError.ts";
import type { Api, CallOptions } from "../http/api.ts";

/** What became of one event of a batch: what it cost, or why it was refused. */
export type Outcome = Extract<AnswerBody<typeof route>, { outcomes: unknown }>["outcomes"][number];

/** A CloudEvent that reports usage; see `POST /v1/usage`. */
export interface UsageCloudEvent {
  readonly specversion: "1.0";
  readonly type: "compute-credits.usage.v1";
  readonly source: Address;
  readonly id: string;
  readonly time: string;
  readonly subject: Hex;
  readonly data: {
    readonly meter: string;
    readonly quantity: number | string;
    readonly dimensions?: Readonly<Record<string, string>>;
  };
}

/**
 * Reports events, and returns one outcome per event, in order. Needs a provider's key. A refused
 * event does not stop the others. The same event again has its first outcome, with `repeated`. Costs
 * are in micro-credits, rounded up once per event.
 */
export async function reportUsage(
  api: Api,
  { events }: { readonly events: readonly UsageCloudEvent[] },
  options?: CallOptions,
): Promise<readonly Outcome[]> {
  const answer = await api.call(route, { body: events }, options);
  if ("outcomes" in answer) return answer.outcomes;
  throw new CreditsError("the server answers a batch as if it were one event", {
    reason: "unexpected_answer",
  });
}
