import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { expect } from "chai";
import OpenAI from "openai";

import { INSTALL, hasWeights } from "../../examples/inference/installed.ts";
import type { EmbeddingsServer } from "../../examples/inference/embeddings.ts";
import { startProgram } from "../../scripts/local/program.ts";
import { IS_FULL } from "../fixtures/effort.ts";
import { startMeteredStack } from "../fixtures/meteredStack.ts";

/** Needs the weights, which `npm ci` of the project does not install; the full run does. */
describe("npm run example:inference", () => {
  before(async function () {
    if (!hasWeights() && IS_FULL) {
      const [command = "", ...args] = INSTALL.split(" ");
      await promisify(execFile)(command, args);
    }
    if (hasWeights()) return;
    console.log(`      (left out, because its weights are not installed: ${INSTALL})`);
    this.skip();
  });

  it("finds the nearest text with OpenAI's client, and is charged for its tokens", async () => {
    const stack = await startMeteredStack("PGlite");
    try {
      const where = ["--server", stack.server.url, "--rpc", stack.rpcUrl];
      const program = startProgram("examples/inference/start.ts", {}, where);
      const code = await program.ended;
      const said = program.said();
      expect(code, said).to.equal(0);
      // 0.0001 credits for a token, of the key's one credit.
      expect(said).to.include("71 tokens cost 0.0071 credits; 0.9929 are left");
      expect(said).to.include("14 tokens cost 0.0014 credits; 0.9915 are left");
      expect(said).to.include('nearest to: "Unspent credits are refunded');
      expect(said).to.include("the key has used 0.0085.");
    } finally {
      await stack.stop();
    }
  });

  context("its server of embeddings", () => {
    let server: EmbeddingsServer;
    let model: string;

    before(async () => {
      const embeddings = await import("../../examples/inference/embeddings.ts");
      model = embeddings.MODEL;
      server = await embeddings.startEmbeddings();
    });
    after(() => server.stop());

    const post = async (body: unknown) =>
      await fetch(`${server.url}/v1/embeddings`, { method: "POST", body: JSON.stringify(body) });

    it("answers the same numbers as text and as base64", async () => {
      const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none" });
      const [input] = [["a cat sat", "on a mat"]];
      const text = await openai.embeddings.create({ model, input, encoding_format: "float" });
      const packed = await openai.embeddings.create({ model, input });
      const [a = [], b = []] = [text, packed].map(({ data }) => data[1]?.embedding);
      expect(b).to.have.length(512);
      for (const [index, value] of a.entries()) {
        expect(b[index]).to.be.closeTo(value, 1e-6);
      }
      expect(text.usage.prompt_tokens).to.equal(packed.usage.prompt_tokens);
    });

    it("refuses what is no request for it", async () => {
      expect((await post({ model: "gpt-4o", input: "x" })).status).to.equal(400);
      expect((await post({ model, input: [] })).status).to.equal(400);
      expect((await post({ model, input: "x".repeat(2_000_000) })).status).to.equal(400);
      expect((await fetch(`${server.url}/v1/chat/completions`)).status).to.equal(404);
    });
  });
});
