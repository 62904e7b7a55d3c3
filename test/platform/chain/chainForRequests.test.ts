import { expect } from "chai";
import { type Address, type Hex, numberToHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { createCallBound, rememberAnswers } from "@compute-credits/platform/chain/boundedCalls";
import { chainForRequests } from "@compute-credits/platform/chain/chainForRequests";
import type { SignedMessage, Signing } from "@compute-credits/protocol/messages/signatureCheck";
import { allowanceOf } from "../../fixtures/allowances.ts";
import { deployment, hashOf } from "../../fixtures/ledger.ts";

const key = privateKeyToAccount(`0x${"11".repeat(32)}`);
const wallet = numberToHex(0xcafe, { size: 20 });
const digest = hashOf("message");

/** A chain that counts its calls. Its wallets accept `0x01`, after `gate` opens. */
function countedChain(gate: Promise<unknown> = Promise.resolve()) {
  const calls: string[] = [];
  async function answer<T>(name: string, value: T): Promise<T> {
    calls.push(name);
    await gate;
    return value;
  }
  const chain = {
    deployment,
    threshold: () => answer("threshold", 2),
    isChallengeOpen: (account: Address, challenger: Address) =>
      answer(`isChallengeOpen ${account} ${challenger}`, true),
    isSigner: (address: Address) => answer(`isSigner ${address}`, address === wallet),
    signingOf: (address: Address, _digest: Hex, signature: Hex) =>
      answer<Signing>(`signingOf ${address}`, signature === "0x01" ? "contract" : "nobody"),
    isSignedByAnyWallet: (address: Address, _digest: Hex, signature: Hex) =>
      answer(`isSignedByAnyWallet ${address}`, signature === "0x01"),
    allowanceSigning: ({ message, signature }: SignedMessage) =>
      answer<Signing>(
        `allowanceSigning ${message.account}`,
        signature === "0x01" ? "contract" : "nobody",
      ),
  };
  return { chain, calls };
}

const boundOf = (open: number) => createCallBound({ open, perSecond: 1_000 });

const nameOf = (error: unknown) => (error instanceof Error ? error.name : "?");

describe("what requests ask of the chain", () => {
  it("is asked once for a hundred equal requests at one time, and for later ones", async () => {
    const { chain, calls } = countedChain();
    const asked = chainForRequests(chain, boundOf(4));
    for (const signature of ["0x01", "0x02"] as const) {
      const equal = Array.from({ length: 100 }, () => asked.isSignedBy(wallet, digest, signature));
      // oxlint-disable-next-line no-await-in-loop -- one signature after the other
      expect(new Set(await Promise.all(equal))).to.deep.equal(new Set([signature === "0x01"]));
      // oxlint-disable-next-line no-await-in-loop -- one signature after the other
      await asked.isSignedBy(wallet, digest, signature);
    }
    expect(calls).to.deep.equal([`signingOf ${wallet}`, `signingOf ${wallet}`]);
    await Promise.all([asked.threshold(), asked.threshold(), asked.isSigner(wallet)]);
    await Promise.all([asked.threshold(), asked.isSigner(wallet)]);
    expect(calls.slice(2)).to.deep.equal(["threshold", `isSigner ${wallet}`]);
  });

  it("tells other messages and other signers apart", async () => {
    const { chain, calls } = countedChain();
    const asked = chainForRequests(chain, boundOf(4));
    await asked.isSignedBy(wallet, digest, "0x01");
    await asked.isSignedBy(wallet, hashOf("another"), "0x01");
    await asked.isSignedBy(numberToHex(0xbeef, { size: 20 }), digest, "0x01");
    expect(calls).to.have.length(3);
  });

  it("is asked once for an allowance that is posted again and again", async () => {
    const { chain, calls } = countedChain();
    const asked = chainForRequests(chain, boundOf(4));
    const { message } = allowanceOf({ account: wallet });
    const signings = await Promise.all(
      Array.from({ length: 100 }, () => asked.allowanceSigning({ message, signature: "0x01" })),
    );
    expect(new Set(signings)).to.deep.equal(new Set(["contract"]));
    expect(calls).to.deep.equal([`allowanceSigning ${wallet}`]);
  });

  it("is nothing for the signature of a key", async () => {
    const { chain, calls } = countedChain();
    const asked = chainForRequests(chain, boundOf(4));
    const signature = await key.sign({ hash: digest });
    expect(await asked.isSignedBy(key.address, digest, signature)).to.equal(true);
    expect(calls).to.deep.equal([]);
  });

  it("is refused at once beyond the bound, and asked again when calls have ended", async () => {
    const gate = Promise.withResolvers<void>();
    const { chain, calls } = countedChain(gate.promise);
    const asked = chainForRequests(chain, boundOf(3));
    const check = (n: number) => asked.isSignedBy(numberToHex(n, { size: 20 }), digest, "0x01");
    const open = [1, 2, 3].map(check);
    const refused = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => check(10 + n)));
    expect(
      new Set(refused.map((one) => (one.status === "rejected" ? nameOf(one.reason) : "asked"))),
    ).to.deep.equal(new Set(["TooManyChainCalls"]));
    expect(calls).to.have.length(3);
    gate.resolve();
    expect(await Promise.all(open)).to.deep.equal([true, true, true]);
    expect(await check(10)).to.equal(true);
  });
});

const noRoute = () => Promise.reject(new TypeError("no route to host"));

const countAsked = (answers: readonly string[]) => answers.filter((one) => one === "asked").length;

describe("the bound of calls", () => {
  it("allows so many in a second, and as many in the next", async () => {
    let time = 0;
    const bound = createCallBound({ open: 100, perSecond: 4 }, () => time);
    const ask = (count: number) =>
      Promise.all(
        Array.from({ length: count }, () =>
          bound(() => Promise.resolve("asked")).catch((error: unknown) => nameOf(error)),
        ),
      );
    expect(countAsked(await ask(10))).to.equal(4);
    time += 500;
    expect(countAsked(await ask(10))).to.equal(2);
    time += 60_000;
    expect(countAsked(await ask(10))).to.equal(4);
  });
});

describe("remembered answers", () => {
  let time = 0;
  const now = () => time;
  const memory = { most: 2, lifeMs: 100 };

  it("are asked for again after their life", async () => {
    let count = 0;
    const ask = rememberAnswers<number>(boundOf(1), memory, now);
    const call = () => Promise.resolve(count++);
    expect([await ask("a", call), await ask("a", call)]).to.deep.equal([0, 0]);
    time += 100;
    expect(await ask("a", call)).to.equal(1);
  });

  it("are so many at most: the oldest is forgotten", async () => {
    const asked: string[] = [];
    const ask = rememberAnswers<null>(boundOf(1), memory, now);
    for (const each of ["a", "b", "c", "b", "a"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await ask(each, () => {
        asked.push(each);
        return Promise.resolve(null);
      });
    }
    expect(asked).to.deep.equal(["a", "b", "c", "a"]);
  });

  it("do not include failures, which say that the chain is unavailable", async () => {
    const ask = rememberAnswers<number>(boundOf(1), memory, now);
    const error: unknown = await ask("a", noRoute).catch((reason: unknown) => reason);
    expect(nameOf(error)).to.equal("ChainUnavailable");
    expect(await ask("a", () => Promise.resolve(7))).to.equal(7);
  });
});
