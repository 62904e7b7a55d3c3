import { Writable } from "node:stream";

import { expect } from "chai";
import { pino } from "pino";

import { createViewKey } from "@compute-credits/client/wallet/apiKey";
import { signIn } from "@compute-credits/client/wallet/signIn";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { wallets } from "../../../../scripts/local/wallets.ts";
import { startMeteredStack } from "../../../fixtures/meteredStack.ts";
import { newLedgerDatabase } from "../../../fixtures/postgresServer.ts";

const { alice, bob } = wallets;

describe("secrets of callers", () => {
  it("appear in no line of the log and in no answer, also if the database fails", async () => {
    let log = "";
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        log += chunk.toString("utf8");
        done();
      },
    });
    const databaseUrl = await newLedgerDatabase();
    const stack = await startMeteredStack("PostgreSQL", {
      databaseUrl,
      log: pino({ level: "trace" }, stream),
    });
    const answers: string[] = [];
    const ask: typeof stack.request = async (path, parts) => {
      const answer = await stack.request(path, parts);
      answers.push(JSON.stringify(answer.document));
      return answer;
    };
    try {
      const signed = async (wallet = alice) => {
        const { document } = await stack.request("/v1/sessions/nonce", { body: {} });
        return await signIn(stack.as(wallet).wallet, {
          url: stack.server.url,
          nonce: String(document["nonce"]),
          chainId: Number(document["chainId"]),
        });
      };
      const body = await signed();
      const opened = await stack.request("/v1/sessions", { body });
      expect(opened.status).to.equal(201);
      const token = String(opened.document["token"]);
      const viewKey = createViewKey();
      const { signature: forged } = await signed(bob);
      await ask("/v1/sessions", { body: { ...(await signed()), signature: forged } });
      await ask("/v1/sessions", { body });

      const origin = stack.server.url;
      const database = await openPgDatabase(databaseUrl, 1);
      await database.script("drop table sessions; drop table view_keys");
      await database.close();
      const failed = [
        await ask("/v1/me", { key: token }),
        await ask("/v1/me", { headers: { cookie: `ccs=${token}` } }),
        await ask("/v1/sessions/revocation", {
          body: {},
          headers: { origin, cookie: `ccs=${token}` },
        }),
        await ask("/v1/me", { key: viewKey }),
        await ask("/v1/sessions", { body: await signed() }),
      ];
      expect(failed.map(({ status }) => status)).to.deep.equal([500, 500, 500, 500, 500]);
      expect(log).to.include("request failed");
      const shown = log + answers.join("\n");
      for (const secret of [token, viewKey, body.signature, forged]) {
        const text = secret.slice(6);
        expect(shown.includes(text), secret.slice(0, 6)).to.equal(false);
      }
    } finally {
      await stack.stop();
    }
  });
});
