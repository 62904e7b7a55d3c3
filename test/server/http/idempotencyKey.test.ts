import { once } from "node:events";
import { type IncomingMessage, createServer, request } from "node:http";

import { expect } from "chai";
import express from "express";
import { pino } from "pino";

import { problemHandler } from "../../../server/http/errors.ts";
import { readIdempotencyKey } from "../../../server/http/idempotencyKey.ts";

/** Sends these header lines, and returns the key that the server read, or the status. */
async function keyOf(lines: readonly string[]): Promise<unknown> {
  const app = express();
  app.get("/", (req, res) => void res.json({ key: readIdempotencyKey(req) }));
  app.use(problemHandler(pino({ level: "silent" })));
  const http = createServer(app).listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  try {
    const headers = lines.length === 0 ? {} : { "idempotency-key": [...lines] };
    const sent = request({ port: address.port, host: "127.0.0.1", headers, agent: false });
    const answered = once(sent, "response");
    sent.end();
    const [answer] = await answered;
    return await read(answer);
  } finally {
    http.close();
    http.closeAllConnections();
    await once(http, "close");
  }
}

async function read(answer: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of answer) text += String(chunk);
  const document: { key?: unknown; reason?: unknown } = JSON.parse(text);
  return document.key === undefined ? document.reason : document.key;
}

describe("an Idempotency-Key", () => {
  const uuid = "8e03978e-40d5-43dd-bc93-6894a57f9324";
  const cases: readonly (readonly [string, readonly string[], unknown])[] = [
    ["without the header: there is none", [], null],
    ["as bare text: is the text", [uuid], uuid],
    ["in quotes, as the draft has it: is the text in them", [`"${uuid}"`], uuid],
    ["with escapes: has them undone", [String.raw`"a\"b\\c"`], String.raw`a"b\c`],
    ["of 255 characters: is taken", ["k".repeat(255)], "k".repeat(255)],
    ["of 256 characters: is refused", ["k".repeat(256)], "invalid_idempotency_key"],
    ["that is empty: is refused", [""], "invalid_idempotency_key"],
    ["of empty quotes: is refused", ['""'], "invalid_idempotency_key"],
    ["with a quote that does not end: is refused", ['"abc'], "invalid_idempotency_key"],
    ["with other characters than ASCII: is refused", ["caf\u00E9"], "invalid_idempotency_key"],
    ["that comes twice: is refused", ["a", "b"], "invalid_idempotency_key"],
  ];
  for (const [name, lines, expected] of cases) {
    it(name, async () => {
      expect(await keyOf(lines)).to.equal(expected);
    });
  }
});
