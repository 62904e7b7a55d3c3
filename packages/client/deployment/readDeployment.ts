import { getDeployment } from "@compute-credits/api/deployment/deployment";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { Api, CallOptions } from "../http/api.ts";

/** Where a server's vault is, what it promises, and the server's limits. */
export type ServerDeployment = AnswerBody<typeof getDeployment> & {
  /** the chain and the contract that signatures are bound to */
  readonly deployment: Deployment;
};

/**
 * Reads which vault a server works for. For anyone. What is signed or paid goes to that contract, so
 * compare it with an address from elsewhere before real money does.
 */
export async function readDeployment(api: Api, options?: CallOptions): Promise<ServerDeployment> {
  const answer = await api.call(getDeployment, {}, options);
  const { chainId, verifyingContract } = answer.domain;
  return { ...answer, deployment: { chainId, contract: verifyingContract } };
}
