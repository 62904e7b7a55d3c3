import { createServer } from "node:http";
import { once } from "node:events";

import { expect } from "chai";
import type { Address } from "viem";

import { createMeteringClient } from "@compute-credits/client/http/meteringClient";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { localClient } from "../../../scripts/local/deployLocal.ts";
import { requestRefund } from "@compute-credits/client/chain/credits";
import { type Where, explain } from "../../../scripts/credits/output/explain.ts";
import { wallets } from "../../../scripts/local/wallets.ts";
import { type LocalContract, startContract } from "../../fixtures/localContract.ts";

/** Nothing listens there: it is not for ordinary users. */
const NOWHERE = "http://127.0.0.1:1";
const { alice } = wallets;

describe("what npm run credits says of an error", () => {
  let local: LocalContract;
  let where: Where;

  before(async () => {
    local = await startContract();
    where = { server: NOWHERE, rpc: local.rpcUrl };
  });
  after(() => local.stop());

  /** The text for what `work` rejects with. */
  async function said(work: Promise<unknown>, at = where): Promise<string> {
    return await work.then(
      () => "nothing went wrong",
      (error: unknown) => explain(error, at).message,
    );
  }

  async function answeredWith(status: number, body: string): Promise<string> {
    const server = createServer((_, res) => res.writeHead(status).end(body)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const url = `http://127.0.0.1:${port}`;
    const text = await said(createMeteringClient(url).balance(alice.account.address), {
      ...where,
      server: url,
    });
    server.close();
    server.closeAllConnections();
    return text.replace(url, "URL");
  }

  it("no server: where it looked, and how to start or name one", async () => {
    const lost = await createMeteringClient(NOWHERE)
      .balance(alice.account.address)
      .catch((error: unknown) => error);
    expect(explain(lost, where)).to.deep.equal({
      reason: "server_unreachable",
      message: `No metering server answers at ${NOWHERE}.`,
      next: "Start one with npm start, or name another with --server.",
    });
  });

  it("another program at the server's address: that it is none", async () => {
    const answer = "URL does not answer as a metering server does.";
    expect(await answeredWith(200, "<html>")).to.equal(answer);
    expect(await answeredWith(200, "{}")).to.equal(answer);
    expect(await answeredWith(404, "{}")).to.equal(answer);
  });

  it("a refusal of the server: its sentence and its reason", async () => {
    const problem = { reason: "row_not_found", detail: "There is no row." };
    expect(await answeredWith(404, JSON.stringify(problem))).to.equal(
      "The metering server refuses: There is no row. (row_not_found)",
    );
  });

  it("no chain: where it looked", async () => {
    const client = localClient(NOWHERE);
    expect(await said(client.getBlockNumber(), { ...where, rpc: NOWHERE })).to.equal(
      `No chain answers at ${NOWHERE}.`,
    );
  });

  it("a chain without the contract: that the two options do not belong together", async () => {
    const stranger: Address = "0x00000000000000000000000000000000000000ff";
    const { client } = local;
    const read = client.readContract({
      address: stranger,
      abi: computeCreditsAbi,
      functionName: "token",
    });
    expect(await said(read)).to.match(/^The chain at \S+ does not have the server's contract\.$/);
  });

  it("a refusal of the contract: in words, with the error's name and values", async () => {
    expect(await said(requestRefund(local.as(alice), 0n))).to.equal(
      "The contract refuses: the amount is zero (ZeroAmount())",
    );
    expect(await said(requestRefund(local.as(alice), 5n))).to.match(
      /^The contract refuses: the wallet has fewer credits on chain \(InsufficientCredits\(.*\)\)$/,
    );
  });

  it("a bug: says so in one line, without a stack", () => {
    expect(explain(new Error("a bug"), where)).to.deep.equal({
      reason: "unexpected",
      message: "This should not happen: a bug",
      next: "Please report it, with the command and without its keys.",
    });
  });
});
