import { expect } from "chai";
import type { Page } from "playwright-core";

import { parseCredits } from "@compute-credits/protocol/amounts";
import { buildDashboard } from "../../scripts/dashboard/buildDashboard.ts";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { type Browser, expectAccessible, lookAt, openBrowser } from "../fixtures/browser.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";

const { alice, provider } = wallets;

describe("the dashboard without a wallet", () => {
  let stack: MeteredStack;
  let browser: Browser;
  let page: Page;
  let complaints: string[];

  before(async () => {
    const { folder } = await buildDashboard("local");
    [stack, browser] = await Promise.all([
      startMeteredStack("PGlite", { environment: { DASHBOARD_FOLDER: folder } }),
      openBrowser(),
    ]);
    ({ page, complaints } = await browser.newPage());
  });
  after(async () => {
    await browser.stop();
    await stack.stop();
  });
  afterEach(() => expect(complaints.splice(0)).to.deep.equal([]));

  const open = (path: string) => page.goto(new URL(path, stack.server.url).href);

  it("says that there is no checkpoint yet, and shows the first one by itself", async () => {
    await open("/");
    await page.getByText("There is no checkpoint yet").waitFor();
    await stack.buyAndWait(alice, parseCredits("100"));
    const signed = await stack.sign(alice);
    await stack.store(signed);
    const { spender } = signed.allowance;
    await stack.context.providers.grantAccess({ spender, provider: addressOf(provider) });
    const key = await stack.registerProvider(provider);
    const { status } = await stack.request("/v1/usage", {
      body: cloudEvent(spender, { quantity: 7 }),
      key,
    });
    expect(status).to.equal(201);
    await page.getByRole("cell", { name: "pending" }).waitFor();
    await expectAccessible(page);
    await stack.passTime(LOCAL_WINDOWS.disputeWindowSeconds + 1);
    await page.getByRole("cell", { name: "final", exact: true }).waitFor();
    await lookAt(page, "look-up");
  });

  it("refuses what is neither an address nor a number", async () => {
    await page.getByLabel("Address of a party").fill(alice.account.address.replace("F7", "f7"));
    await page.keyboard.press("Enter");
    await page.getByText("neither an address").waitFor();
  });

  it("recomputes a party's proof, and compares its root with the chain's", async () => {
    await page.getByLabel("Address of a party").fill(alice.account.address);
    await page.keyboard.press("Enter");
    await page.locator('[data-result="holds"]').nth(1).waitFor();
    const text = await page.getByRole("main").innerText();
    expect(text).to.match(/Spent\s+0\.07\s/);
    expect(text).to.include("with exactly this root");
    expect(text).to.match(/Bought\s+100\s/);
    await expectAccessible(page);
    await lookAt(page, "party");
  });

  it("says so if the server shows a row that was not signed", async () => {
    await page.route("**/proof", async (route) => {
      const answer = await route.fetch();
      const proof: unknown = await answer.json();
      const text = JSON.stringify(proof).replace('"spent":"70000"', '"spent":"70001"');
      await route.fulfill({ response: answer, body: text });
    });
    await page.reload();
    await page.locator('[data-result="fails"]').first().waitFor();
    await page.getByText("do not trust this row").waitFor();
    await page.unrouteAll();
  });

  it("shows a checkpoint, and that the chain has the same", async () => {
    await page.getByRole("link", { name: "1", exact: true }).click();
    await page.locator('[data-result="holds"]').waitFor();
    await page.getByText(wallets.signer.account.address.toLowerCase()).waitFor();
    await expectAccessible(page);
    await lookAt(page, "checkpoint");
  });

  it("prices a basket, and keeps it in its address", async () => {
    await page.getByRole("link", { name: "Prices" }).click();
    await page.getByLabel("Quantity of requests").fill("250");
    await page.keyboard.press("Tab");
    await page.waitForURL(/basket=/);
    await page.reload();
    const row = page.getByRole("row", { name: /^requests/ });
    await row.getByText("2.5", { exact: true }).waitFor();
    await expectAccessible(page);
    await lookAt(page, "prices");
  });

  it("says that there is no such page", async () => {
    const answer = await open("/nowhere");
    expect(answer?.status()).to.equal(404);
    await page.getByText("There is no such page").waitFor();
    // The browser reports the page's own status.
    complaints.splice(0);
  });
});
