import { expect } from "chai";
import {
  type Abi,
  ContractFunctionExecutionError,
  ContractFunctionRevertedError,
  UserRejectedRequestError,
  encodeErrorResult,
  getAddress,
} from "viem";

import { CONTRACT_ERRORS } from "@compute-credits/client/errors/contractErrors";
import { decodeRevert, toCreditsError } from "@compute-credits/client/errors/chainError";
import { CreditsError } from "@compute-credits/client/errors/creditsError";

const account = `0x${"ab".repeat(20)}` as const;

/** What viem throws if a call of a contract with this ABI reverts with this error. */
function revertedWith(abi: Abi, errorName: "InsufficientCredits" | "RefundRequestOpen") {
  const data =
    errorName === "InsufficientCredits"
      ? encodeErrorResult({ abi: CONTRACT_ERRORS, errorName, args: [account, 3n, 5n] })
      : encodeErrorResult({ abi: CONTRACT_ERRORS, errorName, args: [account, 7] });
  const functionName = "buy";
  const cause = new ContractFunctionRevertedError({ abi, data, functionName });
  return new ContractFunctionExecutionError(cause, { abi, functionName });
}

describe("toCreditsError", () => {
  it("decodes an error that the called contract's ABI has, and says what to do", () => {
    const cause = revertedWith(CONTRACT_ERRORS, "InsufficientCredits");
    const error = toCreditsError(cause);
    if (!(error instanceof CreditsError)) throw new Error("it is no CreditsError");
    expect(error.reason).to.equal("contract_reverted");
    expect(error.revert?.name).to.equal("InsufficientCredits");
    expect(Object.values(error.revert?.args ?? {})).to.have.members([getAddress(account), 3n, 5n]);
    expect(error.revert?.args).to.include({ available: 3n, needed: 5n });
    expect(error.next).to.equal("Ask for at most the credits that are unspent on chain.");
    expect(error.message).to.match(/^the contract refuses: InsufficientCredits\(account: /);
    expect(error.cause).to.equal(cause);
  });

  it("decodes an error that the called contract passes on from another", () => {
    const error = toCreditsError(revertedWith([], "RefundRequestOpen"));
    expect(error).to.have.nested.property("revert.name", "RefundRequestOpen");
  });

  it("knows a user that declined, and leaves errors that are not viem's as they are", () => {
    const declined = toCreditsError(new UserRejectedRequestError(new Error("no")));
    expect(declined).to.have.property("reason", "wallet_declined");
    const bug = new TypeError("a bug");
    expect(toCreditsError(bug)).to.equal(bug);
    const known = new CreditsError("known", { reason: "timed_out" });
    expect(toCreditsError(known)).to.equal(known);
  });
});

describe("decodeRevert", () => {
  it("decodes every error of vault, court and token", () => {
    for (const item of CONTRACT_ERRORS) {
      const args: unknown[] = item.inputs.map(({ type }) =>
        type === "address"
          ? account
          : type.startsWith("bytes")
            ? `0x${"cd".repeat(32)}`
            : type === "uint256" || Number(type.slice(4)) > 48
              ? 7n
              : 7,
      );
      const abi: Abi = [item];
      const data = encodeErrorResult({ abi, errorName: item.name, args });
      expect(decodeRevert(data)).to.deep.include({ name: item.name });
      expect(Object.values(decodeRevert(data)?.args ?? {}).map(String)).to.have.length(args.length);
    }
  });

  it("returns null for bytes that are none of them", () => {
    expect(decodeRevert("0x")).to.equal(null);
    expect(decodeRevert("0xdeadbeef")).to.equal(null);
  });
});
