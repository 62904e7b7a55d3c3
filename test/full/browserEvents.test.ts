import chromium from "@sparticuz/chromium";
import { expect } from "chai";
import {
  type Browser,
  type BrowserContext,
  type Page,
  chromium as playwright,
} from "playwright-core";

import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { type TcpProxy, startTcpProxy } from "../../scripts/local/tcpProxy.ts";
import { type Ledger, openLedger, party, usageEvent } from "../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../fixtures/ledgerServer.ts";
import { newLedgerDatabase } from "../fixtures/postgresServer.ts";

const [payer, provider] = [party(1), party(2)];
const spender = apiKeySpender(createApiKey());

interface Instance {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly server: LedgerServer;
}

describe("a browser's EventSource, on two servers of one PostgreSQL behind one address", () => {
  const instances: Instance[] = [];
  let proxy: TcpProxy;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let origin: string;

  const at = (index: number): Instance => {
    const found = instances[index];
    if (found === undefined) throw new Error("no such server");
    return found;
  };
  const portOf = ({ server }: Instance) => Number(new URL(server.url).port);

  before(async () => {
    const url = await newLedgerDatabase();
    for (let index = 0; index < 2; index++) {
      // oxlint-disable no-await-in-loop -- one server after the other
      const database = await openPgDatabase(url, 20);
      const ledger = await openLedger(database);
      instances.push({ database, ledger, server: await serveLedger(ledger) });
      // oxlint-enable no-await-in-loop
    }
    const { ledger } = at(0);
    await ledger.purchase(payer, "100");
    await ledger.allow(payer, { spender });
    await ledger.grantAccess(spender, provider);
    proxy = await startTcpProxy(portOf(at(0)));
    origin = `http://127.0.0.1:${proxy.port}`;
    browser = await playwright.launch({
      executablePath: await chromium.executablePath(),
      args: chromium.args.filter((flag) => flag !== "--single-process"),
      headless: true,
    });
    context = await browser.newContext();
    const session = await at(0).server.sessionOf(payer);
    await context.addCookies([{ name: "ccs", value: session, url: origin }]);
    page = await context.newPage();
    await page.route(`${origin}/page`, (route) =>
      route.fulfill({ contentType: "text/html", body: "<!doctype html><title>a</title>" }),
    );
    await page.goto(`${origin}/page`);
  });
  after(async () => {
    await browser?.close();
    await proxy?.stop();
    for (const { server, database } of instances) {
      // oxlint-disable no-await-in-loop -- one server after the other
      await server.stop();
      await database.close();
      // oxlint-enable no-await-in-loop
    }
  });

  async function debit(index: number): Promise<string> {
    const event = usageEvent({ provider, spender });
    const [outcome] = await at(index).ledger.usage.record([event]);
    expect(outcome?.result).to.equal("debited");
    return event.id;
  }

  /** The page's own record, which it shows as its title. */
  const told = async (count: number): Promise<readonly string[]> => {
    await page.waitForFunction(`window.told.length >= ${count}`);
    return await page.evaluate<readonly string[]>("window.told");
  };

  it("tells each debit once, although its server goes away and it connects again by itself", async () => {
    await page.evaluate(`new Promise((open) => {
      window.told = [];
      const path = "/v1/accounts/${payer}/events?kinds=debit";
      window.source = new EventSource(path);
      window.source.addEventListener("open", open);
      window.source.addEventListener("debit", ({ data }) =>
        window.told.push(JSON.parse(data).eventId));
    })`);
    const expected = [await debit(0), await debit(1)];
    expect(await told(2)).to.deep.equal(expected);
    for (const next of [1, 0, 1]) {
      // oxlint-disable no-await-in-loop -- one failover after the other
      proxy.moveTo(portOf(at(next)));
      // While nobody listens.
      expected.push(await debit(0), await debit(1));
      expect(await told(expected.length)).to.deep.equal(expected);
      // oxlint-enable no-await-in-loop
    }
  });

  it("ends when the session is revoked, and is not let in again", async () => {
    await page.evaluate(`new Promise((open) => {
      window.ended = [];
      const source = new EventSource("/v1/accounts/${payer}/events?kinds=debit");
      source.addEventListener("open", open);
      source.addEventListener("closing", ({ data }) => window.ended.push(JSON.parse(data).reason));
      source.addEventListener("error", () => window.ended.push(source.readyState));
    })`);
    await at(0).server.callers.sessions.revokeAll(payer);
    // 2 is CLOSED: the answer to the next connection was no stream.
    await page.waitForFunction("window.ended.includes(2)");
    const ended = await page.evaluate<readonly unknown[]>("window.ended");
    expect(ended[0]).to.equal("credentials_ended");
    const before = await page.evaluate<readonly string[]>("window.told");
    await debit(1);
    expect(await page.evaluate<readonly string[]>("window.told")).to.deep.equal(before);
  });
});
