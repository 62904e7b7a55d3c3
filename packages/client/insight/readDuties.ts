import { getDuties } from "@compute-credits/api/insight/duties";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** Refunds to pay and challenges to answer, the first to be due first. */
export type Duties = AnswerBody<typeof getDuties>;

/** Reads what the contract gives to the operator to do, and until when. For operators and auditors. */
export async function readDuties(api: Api, options?: CallOptions): Promise<Duties> {
  return await api.call(getDuties, {}, options);
}
