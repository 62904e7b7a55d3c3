import { TooManyChainCalls } from "@compute-credits/platform/chain/boundedCalls";
import { fail } from "./problem.ts";

/** The chain's answer. Throws a 503 if its endpoint fails, because the server itself is well. */
export async function askedChain<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof TooManyChainCalls) throw error;
    throw fail(
      503,
      "chain_unavailable",
      "The chain could not be read at the ledger's block. Try again later.",
    );
  }
}
