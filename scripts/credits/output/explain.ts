import { BaseError, ContractFunctionZeroDataError } from "viem";
import { ZodError } from "zod";

import { toCreditsError } from "@compute-credits/client/errors/chainError";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { ApiProblem } from "@compute-credits/client/http/api";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import { JobRefused } from "../../demo/compressionService.ts";

/** Where a command looks: the options `--server` and `--rpc`. */
export interface Where {
  readonly server: string;
  readonly rpc: string;
}

/** What to tell of an error. Never a stack. */
export interface Explained {
  /** stable, in snake_case: `usage`, of docs/reasons.md, or of the SDK */
  readonly reason: string;
  readonly message: string;
  /** what to do, or `null` if that is not known */
  readonly next: string | null;
}

/** The contract's errors that a person meets most. Amounts are micro-credits. */
const MEANINGS: Readonly<Record<string, string>> = {
  ZeroAmount: "the amount is zero",
  InsufficientCredits: "the wallet has fewer credits on chain",
  RefundRequestOpen: "an earlier refund of this wallet is not paid yet",
  NotFrozen: "the vault is not frozen",
  RefundNotOverdue: "no refund of this account is overdue",
};

/** Explains every error, a bug of this program too. */
export function explain(error: unknown, where: Where): Explained {
  if (error instanceof UsageError) return { reason: "usage", message: error.message, next: null };
  if (error instanceof JobRefused) {
    const message = `The provider refuses the job: ${error.message}`;
    return { reason: "job_refused", message, next: null };
  }
  if (error instanceof ZodError || error instanceof SyntaxError) return notAServer(where);
  const known = toCreditsError(error);
  if (known instanceof CreditsError) return explainKnown(known, where);
  const text = error instanceof Error ? error.message : String(error);
  return {
    reason: "unexpected",
    message: `This should not happen: ${text}`,
    next: "Please report it, with the command and without its keys.",
  };
}

function explainKnown(error: CreditsError, where: Where): Explained {
  const { reason, next } = error;
  if (error instanceof ApiProblem) {
    const { detail } = error.document;
    if (typeof detail !== "string") return notAServer(where);
    return { reason, message: `The metering server refuses: ${detail} (${reason})`, next };
  }
  switch (reason) {
    case "unexpected_answer":
      return notAServer(where);
    case "server_unreachable":
      return {
        reason,
        message: `No metering server answers at ${where.server}.`,
        next: "Start one with npm start, or name another with --server.",
      };
    case "chain_unreachable":
      return {
        reason,
        message: `No chain answers at ${where.rpc}.`,
        next: "Start one with npm start, or name another with --rpc.",
      };
    case "contract_reverted":
    case "chain_refused":
      return explainChain(error, where);
    default:
      return { reason, message: error.message, next };
  }
}

function explainChain({ reason, revert, message, next, cause }: CreditsError, { rpc }: Where) {
  if (revert !== null) {
    const meaning = MEANINGS[revert.name];
    const what = `${revert.name}(${Object.values(revert.args).map(String).join(", ")})`;
    const text = meaning === undefined ? what : `${meaning} (${what})`;
    return { reason, message: `The contract refuses: ${text}`, next };
  }
  const isNothing =
    cause instanceof BaseError &&
    cause.walk((one) => one instanceof ContractFunctionZeroDataError) !== null;
  if (!isNothing) return { reason, message, next };
  return {
    reason,
    message: `The chain at ${rpc} does not have the server's contract.`,
    next: "Let --server and --rpc name one and the same system.",
  };
}

function notAServer({ server }: Where): Explained {
  return {
    reason: "unexpected_answer",
    message: `${server} does not answer as a metering server does.`,
    next: "Name one with --server.",
  };
}
