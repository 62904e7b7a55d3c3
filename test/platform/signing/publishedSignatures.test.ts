import { once } from "node:events";
import { type Server, createServer } from "node:http";

import { expect } from "chai";
import { zeroHash } from "viem";

import { readPublishedSignatures } from "@compute-credits/platform/signing/publishedSignatures";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { startStatusServer } from "../../../auditor/statusServer.ts";

const checkpoint = {
  epoch: 4n,
  previousRoot: zeroHash,
  root: zeroHash,
  spent: 1n,
  refunded: 0n,
  earned: 1n,
  asOf: 1n,
  dataHash: zeroHash,
};
const signed = {
  checkpoint,
  signer: `0x${"51".repeat(20)}`,
  signature: `0x${"52".repeat(65)}`,
} as const;

describe("readPublishedSignatures", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
    server?.closeAllConnections();
  });

  /** A server that answers so. Returns its URL. */
  async function serve(body: string): Promise<string> {
    server = createServer((_req, res) => res.end(body)).listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${Object(server.address()).port}`;
  }

  it("reads what an auditor's status server says that it has signed", async () => {
    const status = await startStatusServer(
      { host: "127.0.0.1", port: 0 },
      {
        step: () => Promise.resolve("done"),
        findings: () => [],
        waitsForChain: () => null,
        refusedReceipts: () => [],
        signatures: () => [signed],
        agreed: null,
      },
      () => null,
    );
    try {
      expect(await readPublishedSignatures([status.url])).to.deep.equal([signed]);
    } finally {
      await status.close();
    }
    // Silent from now on: it has no say.
    expect(await readPublishedSignatures([status.url])).to.deep.equal([]);
  });

  it("reads one co-signer although another answers something else, or without an end", async () => {
    const good = jsonText({ signatures: [signed] });
    const url = await serve(good);
    expect(await readPublishedSignatures(["http://127.0.0.1:1", url])).to.deep.equal([signed]);
    server?.close();
    for (const bad of ["<html>", jsonText({ signatures: 1 }), `${good}${" ".repeat(70_000)}`]) {
      // oxlint-disable-next-line no-await-in-loop -- one server at a time
      expect(await readPublishedSignatures([await serve(bad)])).to.deep.equal([]);
      server?.close();
    }
  });
});
