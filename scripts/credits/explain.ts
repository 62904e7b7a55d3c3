import { BaseError, ContractFunctionZeroDataError, HttpRequestError } from "viem";
import { ZodError } from "zod";

import { toCreditsError } from "@compute-credits/client/errors/chainError";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
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
  const known = toCreditsError(error);
  if (!(known instanceof CreditsError)) return null;
  if (known.reason === "unexpected_answer") return notAServer;
  if (known.reason === "server_unreachable") {
    return `No metering server answers at ${server}. Start one with npm start, or name another with --server.`;
  }
  return explainChainError(known, rpc);
}

function explainChainError({ revert, cause, message }: CreditsError, rpc: string): string {
  if (revert !== null) {
    const meaning = MEANINGS[revert.name];
    const what = `${revert.name}(${Object.values(revert.args).map(String).join(", ")})`;
    return `The contract refuses: ${meaning === undefined ? what : `${meaning} (${what})`}`;
  }
  const error = cause instanceof BaseError ? cause : new BaseError(message);
  if (error.walk((one) => one instanceof HttpRequestError) !== null) {
    return `No chain answers at ${rpc}. Start one with npm start, or name another with --rpc.`;
  }
  if (error.walk((one) => one instanceof ContractFunctionZeroDataError) !== null) {
    return `The chain at ${rpc} does not have the server's contract. --server and --rpc must name one and the same npm start.`;
  }
  return `The chain refuses: ${error.shortMessage}`;
}
