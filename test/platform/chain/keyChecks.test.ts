import { expect } from "chai";
import { numberToHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

import { createKeyChecks } from "@compute-credits/platform/chain/keyChecks";
import { hashOf } from "../../fixtures/ledger.ts";

const key = privateKeyToAccount(generatePrivateKey());
const stranger = numberToHex(1, { size: 20 });
const digest = hashOf("message");

describe("signature checks in a thread", () => {
  it("accept what the key signed, and nothing else", async () => {
    const check = createKeyChecks();
    const signature = await key.sign({ hash: digest });
    expect(await check(key.address, digest, signature)).to.equal(true);
    expect(await check(stranger, digest, signature)).to.equal(false);
    expect(await check(key.address, hashOf("another"), signature)).to.equal(false);
    expect(await check(key.address, digest, "0x")).to.equal(false);
    expect(await check(key.address, digest, `0x${"ff".repeat(65)}`)).to.equal(false);
    expect(await check(key.address, digest, signature)).to.equal(true);
  });

  it("are refused at once if too many wait, answer repetitions, and go on", async () => {
    const check = createKeyChecks(4);
    const signature = await key.sign({ hash: digest });
    const other = (n: number) => check(numberToHex(n, { size: 20 }), digest, signature);
    const first = check(key.address, digest, signature);
    const answers = await Promise.allSettled([
      ...[1, 2, 3, 4, 5, 6].map(other),
      check(key.address, digest, signature),
    ]);
    expect(
      answers.map((answer) =>
        answer.status === "fulfilled" ? answer.value : new Error("", { cause: answer.reason }).name,
      ),
    ).to.deep.equal([false, false, false, "Error", "Error", "Error", true]);
    const [, , , refused] = answers;
    expect(refused?.status === "rejected" && String(refused.reason)).to.include(
      "TooManySignatureChecks",
    );
    expect(await first).to.equal(true);
    expect(await other(7)).to.equal(false);
  });
});
