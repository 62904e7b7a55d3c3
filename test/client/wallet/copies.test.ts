import { expect } from "chai";
import { type Hex, createWalletClient, http, zeroAddress } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

import {
  type SignedCopies,
  allow,
  copyText,
  createApi,
  createMemoryCopies,
  memoryCopies,
  parseCopy,
  signAcceptance,
  signAllowance,
  signRevocation,
} from "@compute-credits/client/index";
import { allowanceId } from "@compute-credits/protocol/messages/allowance";

const account = privateKeyToAccount(generatePrivateKey());
// Signing needs no chain, and nothing listens at port 1.
const wallet = createWalletClient({ account, transport: http("http://127.0.0.1:1") });
const deployment = { chainId: 31337, contract: zeroAddress };
const spender: Hex = `0x${"ab".repeat(32)}`;
const options = { spender, limitMicros: 5n, counter: 0n };

describe("copies of what a wallet signed", () => {
  it("are kept of allowances, revocations and acceptances, in order", async () => {
    const copies = createMemoryCopies();
    const signed = await signAllowance(wallet, deployment, options, copies);
    const id = allowanceId(deployment, signed.allowance);
    const revocation = await signRevocation(wallet, deployment, id, copies);
    const word = await signAcceptance(wallet, deployment, { account: zeroAddress }, copies);
    expect(await copies.get(id)).to.deep.include({ kind: "allowance", ...signed });
    const kept = await copies.list(account.address);
    expect(kept.map(({ kind, signature }) => [kind, signature])).to.deep.equal([
      ["allowance", signed.signature],
      ["revocation", revocation],
      ["acceptance", word.signature],
    ]);
    expect(await copies.list(zeroAddress)).to.deep.equal([]);
  });

  it("are kept in memory if the call names no store", async () => {
    const { allowance } = await signAllowance(wallet, deployment, options);
    expect(await memoryCopies.get(allowanceId(deployment, allowance))).to.have.property("id");
  });

  it("are the same after they were text", async () => {
    const copies = createMemoryCopies();
    const scope = { providers: [zeroAddress], meters: ["gpu.seconds"] };
    const { allowance } = await signAllowance(wallet, deployment, { ...options, scope }, copies);
    await signRevocation(wallet, deployment, allowanceId(deployment, allowance), copies);
    await signAcceptance(wallet, deployment, { account: zeroAddress }, copies);
    for (const copy of await copies.list(account.address)) {
      const again = parseCopy(copyText(copy));
      expect(copyText(again)).to.equal(
        copyText(copy).replace(account.address, again.by).replace(account.address, again.by),
      );
      expect(again).to.include({ id: copy.id, kind: copy.kind, signature: copy.signature });
    }
    expect(() => parseCopy("{}"))
      .to.throw()
      .with.property("reason", "invalid_input");
  });

  it("that cannot be kept stop the message: nothing is sent", async () => {
    const cause = new Error("the disk is full");
    const full: SignedCopies = { ...createMemoryCopies(), put: () => Promise.reject(cause) };
    const api = createApi("http://127.0.0.1:1");
    const failure = await allow(api, { wallet, deployment, copies: full }, options).catch(
      (error: unknown) => error,
    );
    // Not `server_unreachable`: it was not asked.
    expect(failure).to.include({ name: "CreditsError", reason: "copy_not_kept", cause });
  });
});
