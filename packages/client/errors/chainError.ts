import {
  BaseError,
  ContractFunctionRevertedError,
  type Hex,
  HttpRequestError,
  RawContractError,
  TimeoutError,
  TransactionReceiptNotFoundError,
  UserRejectedRequestError,
  WaitForTransactionReceiptTimeoutError,
  decodeErrorResult,
  isHex,
  size,
} from "viem";

import { CLIENT_REASONS, type ClientReason } from "./clientReasons.ts";
import { CONTRACT_ERRORS, type ContractErrorName } from "./contractErrors.ts";
import { CreditsError, type Revert } from "./creditsError.ts";

/** Makes a `CreditsError` of what viem throws. Returns errors of other kinds unchanged: bugs. */
export function toCreditsError(error: unknown): unknown {
  if (!(error instanceof BaseError) || error instanceof CreditsError) return error;
  const revert = revertOf(error);
  if (revert !== null) {
    return new CreditsError(`the contract refuses: ${describeRevert(revert)}`, {
      reason: "contract_reverted",
      revert,
      ...nextAfter(revert.name),
      cause: error,
    });
  }
  const reason = reasonOf(error);
  const { meaning } = CLIENT_REASONS[reason];
  return new CreditsError(`${meaning} ${error.shortMessage}`, { reason, cause: error });
}

/** The custom error that a call or a transaction reverted with, or `null` if it is none of ours. */
export function revertOf(error: BaseError): Revert | null {
  const reverted = found(error, ContractFunctionRevertedError);
  if (reverted?.data !== undefined && reverted.data.errorName !== "Error") {
    const { errorName, args, abiItem } = reverted.data;
    return { name: errorName, args: named("inputs" in abiItem ? abiItem.inputs : [], args) };
  }
  for (const data of [reverted?.raw, dataOf(found(error, RawContractError))]) {
    const decoded = data === undefined ? null : decodeRevert(data);
    if (decoded !== null) return decoded;
  }
  return null;
}

/** Decodes the bytes that a contract reverted with, or returns `null` if they are no error of ours. */
export function decodeRevert(data: Hex): Revert | null {
  if (size(data) < 4) return null;
  try {
    const { errorName, args, abiItem } = decodeErrorResult({ abi: CONTRACT_ERRORS, data });
    return { name: errorName, args: named("inputs" in abiItem ? abiItem.inputs : [], args) };
  } catch {
    // Bytes of another contract, or none that its ABI describes.
    return null;
  }
}

function named(
  inputs: readonly { readonly name?: string | undefined }[],
  /** viem leaves them out of an error that has none */
  args: readonly unknown[] | undefined,
): Record<string, unknown> {
  return Object.fromEntries(
    (args ?? []).map((value, place) => {
      const name = inputs[place]?.name;
      return [name === undefined || name === "" ? String(place) : name, value];
    }),
  );
}

function describeRevert({ name, args }: Revert): string {
  const values = Object.entries(args).map(([key, value]) => `${key}: ${String(value)}`);
  return `${name}(${values.join(", ")})`;
}

function reasonOf(error: BaseError): ClientReason {
  if (found(error, UserRejectedRequestError) !== null) return "wallet_declined";
  if (found(error, WaitForTransactionReceiptTimeoutError, TransactionReceiptNotFoundError) !== null)
    return "transaction_unknown";
  if (found(error, HttpRequestError, TimeoutError) !== null) return "chain_unreachable";
  return found(error, ContractFunctionRevertedError) === null
    ? "chain_refused"
    : "contract_reverted";
}

function found<E extends Error>(
  error: BaseError,
  ...kinds: readonly (abstract new (...args: never[]) => E)[]
): E | null {
  for (const kind of kinds) {
    const cause = error.walk((one) => one instanceof kind);
    if (cause instanceof kind) return cause;
  }
  return null;
}

function dataOf(error: RawContractError | null): Hex | undefined {
  const data = error?.data;
  const bytes = typeof data === "object" ? data.data : data;
  return isHex(bytes) ? bytes : undefined;
}

/** What to do after the contract errors that wallets meet. */
const NEXT: { readonly [Name in ContractErrorName]?: string } = {
  InsufficientCredits: "Ask for at most the credits that are unspent on chain.",
  RefundRequestOpen: "Wait until the earlier refund is paid.",
  ERC20InsufficientBalance: "Get more of the token, or buy fewer credits.",
  ERC20InsufficientAllowance: "Approve the vault for the price first.",
  EpochNotFinal: "Wait until the checkpoint is final, and take a new proof.",
  RowNotInCheckpoint: "Take a new proof: it is of another checkpoint.",
  NothingOwed: "Nothing is owed to this party.",
  NotFrozen: "Exits need a frozen vault: ask for a refund instead.",
  NothingToSweep: "Wait until more of the vault's token has arrived at the deposit address.",
  ExitNeedsProof: "Exit with a proof, or wait for the grace to end.",
};

function nextAfter(name: string): { readonly next?: string } {
  const next = Object.entries(NEXT).find(([known]) => known === name)?.[1];
  return next === undefined ? {} : { next };
}
