import { readFile } from "node:fs/promises";

import { expect } from "chai";

import { databaseKinds } from "../../../fixtures/databases.ts";
import { openLedger } from "../../../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../../../fixtures/ledgerServer.ts";

describe("the API's page", () => {
  let server: LedgerServer;
  let stop: () => Promise<void>;

  before(async () => {
    const [kind] = databaseKinds;
    if (kind === undefined) throw new Error("no database");
    const ledger = await openLedger(await kind.open());
    server = await serveLedger(ledger);
    stop = async () => {
      await server.stop();
      await ledger.database.close();
    };
  });
  after(() => stop());

  const ask = (path: string) => fetch(`${server.url}${path}`);

  it("loads scripts of this server alone", async () => {
    const page = await ask("/docs");
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).to.include("default-src 'none'");
    expect(policy).to.match(/script-src 'self'(;|$)/);
    expect(policy).to.match(/connect-src 'self'(;|$)/);
    const html = await page.text();
    expect(html).not.to.match(/https?:/);
    const scripts = [...html.matchAll(/<script src="([^"]+)"><\/script>/g)].map(
      ([, path = ""]) => path,
    );
    expect(scripts).to.deep.equal(["/docs/scalar.js", "/docs/start.js"]);
    expect(html.match(/<script/g)).to.have.length(scripts.length);
    for (const path of scripts) {
      // oxlint-disable-next-line no-await-in-loop -- two files
      const script = await ask(path);
      expect(script.status, path).to.equal(200);
      expect(script.headers.get("content-type"), path).to.match(/^text\/javascript/);
      // oxlint-disable-next-line no-await-in-loop
      expect((await script.text()).length, path).to.be.greaterThan(100);
    }
  });

  it("tells a language model what it is, how to buy, and which routes are for agents", async () => {
    const answer = await ask("/llms.txt");
    expect(answer.headers.get("content-type")).to.match(/^text\/plain/);
    const text = await answer.text();
    expect(text).to.match(/^# Compute Credits\n\n> /);
    expect(text).to.include(`- Server: ${server.url}\n`);
    expect(text).to.include("buys\n  1000000 micro-credits");
    expect(text).to.include(`(${server.url}/openapi.json)`);
    const committed = new URL("../../../../packages/api/openapi.json", import.meta.url);
    const description: unknown = JSON.parse(await readFile(committed, "utf8"));
    const named = [...text.matchAll(/`(?:GET|POST) (\/v1[^`]*)`/g)].map(([, path = ""]) => path);
    expect(named).to.have.length(10);
    expect(description).to.have.property("paths").that.includes.all.keys(named);
  });

  it("shows the committed description", async () => {
    const answer = await ask("/openapi.json");
    expect(answer.headers.get("content-type")).to.match(/^application\/json/);
    const committed = new URL("../../../../packages/api/openapi.json", import.meta.url);
    expect(await answer.text()).to.equal(await readFile(committed, "utf8"));
  });
});
