import {
  BaseError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  HttpRequestError,
} from "viem";
import { ZodError } from "zod";

import { ApiProblem } from "@compute-credits/client/http/api";
import { JobRefused } from "../demo/compressionService.ts";

/** Where a command looks: the options `--server` and `--rpc`. */
export interface Where {
  readonly server: string;
  readonly rpc: string;
}

/** The contract's errors that a person meets while trying things out. Amounts are micro-credits. */
const MEANINGS: Readonly<Record<string, string>> = {
  ZeroAmount: "the amount is zero",
  InsufficientCredits: "the wallet has fewer credits on chain",
  RefundRequestOpen: "an earlier refund of this wallet is not paid yet",
};

/** What to tell the user of an error, or null if it is a bug. Never a stack. */
export function explain(error: unknown, { server, rpc }: Where): string | null {
  const notAServer = `${server} does not answer as a metering server does. --server names its address.`;
  if (error instanceof ApiProblem) {
    const { detail } = error.document;
    return typeof detail === "string"
      ? `The metering server refuses: ${detail} (${error.reason})`
      : notAServer;
  }
  if (error instanceof JobRefused) return `The provider refuses the job: ${error.message}`;
  if (error instanceof ZodError || error instanceof SyntaxError) return notAServer;
  if (error instanceof BaseError) return explainChainError(error, rpc);
  // What Node's fetch throws if nothing listens.
  if (error instanceof TypeError && error.message === "fetch failed") {
    return `No metering server answers at ${server}. Start one with npm start, or name another with --server.`;
  }
  return null;
}

function explainChainError(error: BaseError, rpc: string): string {
  if (error.walk((cause) => cause instanceof HttpRequestError) !== null) {
    return `No chain answers at ${rpc}. Start one with npm start, or name another with --rpc.`;
  }
  if (error.walk((cause) => cause instanceof ContractFunctionZeroDataError) !== null) {
    return `The chain at ${rpc} does not have the server's contract. --server and --rpc must name one and the same npm start.`;
  }
  const reverted = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  if (reverted instanceof ContractFunctionRevertedError && reverted.data !== undefined) {
    const { errorName, args = [] } = reverted.data;
    const meaning = MEANINGS[errorName];
    const what = `${errorName}(${args.map(String).join(", ")})`;
    return `The contract refuses: ${meaning === undefined ? what : `${meaning} (${what})`}`;
  }
  return `The chain refuses: ${error.shortMessage}`;
}
