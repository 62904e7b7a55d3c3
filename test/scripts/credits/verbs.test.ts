import { expect } from "chai";

import { type MeteredStack, startMeteredStack } from "../../fixtures/meteredStack.ts";
import { type Ran, credits } from "../../fixtures/creditsCommand.ts";

describe("npm run credits", () => {
  let stack: MeteredStack;
  let at: string;

  before(async () => {
    stack = await startMeteredStack("PGlite");
    at = `--server ${stack.server.url} --rpc ${stack.rpcUrl}`;
  });
  after(() => stack.stop());

  /** Runs a verb on the stack, and expects that it is done. */
  async function done(line: string): Promise<Ran> {
    const ran = await credits(`${line} ${at}`);
    expect(ran.code, ran.err).to.equal(0);
    return ran;
  }

  describe("a wallet user", () => {
    it("buys, and sees what it has; the first line names the server that was asked", async () => {
      const bought = await done("buy --credits 1000 --wallet alice");
      expect(bought.out).to.match(/^bought 1000 credits for 10 dollars \(gas \d+\)$/m);
      expect(bought.err).to.match(
        /^Signature ReceiveWithAuthorization: pays 10000000 units of the token to /m,
      );
      expect(bought.err).to.match(/^ {2}EIP-712 hash {2}0x[0-9a-f]{64}$/m);
      const { out } = await done("balance --wallet alice");
      expect(out.split("\n")[0]).to.equal(`Asked ${stack.server.url}`);
      expect(out).to.match(/^available +1000$/m);
    });

    it("gets one JSON document, with the server and amounts as text", async () => {
      const document = (await done("balance --wallet alice --json")).json();
      expect(document["server"]).to.equal(stack.server.url);
      expect(document["availableMicros"]).to.equal("1000000000");
    });
  });
});
