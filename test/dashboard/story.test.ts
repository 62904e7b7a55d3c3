import { expect } from "chai";
import type { Page } from "playwright-core";

import { parseCredits } from "@compute-credits/protocol/amounts";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
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

describe("the dashboard", () => {
  let stack: MeteredStack;
  let browser: Browser;
  let page: Page;
  let complaints: string[];
  /** charges Alice for requests at 0.01 credits each */
  let charge: (quantity: number, fields?: object) => Promise<void>;

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
    charge = async (quantity, fields = {}) => {
      const body = cloudEvent(spender, { quantity }, fields);
      expect((await stack.request("/v1/usage", { body, key })).status).to.equal(201);
    };
    await charge(7);
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

  it("asks to sign in before it shows what is an owner's", async () => {
    await page.getByRole("link", { name: "Account" }).click();
    await page.getByText("Only the owner of an account sees this").waitFor();
    await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Test wallet: Alice" }).click();
    await page.locator("[data-available]", { hasText: "99.93" }).waitFor();
    await page.getByText("Everyone knows its key").waitFor();
  });

  it("keeps the session over a reload, out of reach of scripts", async () => {
    await page.reload();
    await page.locator("[data-available]", { hasText: "99.93" }).waitFor();
    expect(await page.evaluate("document.cookie")).to.equal("");
    const kept = await page.evaluate(
      "JSON.stringify([{ ...localStorage }, { ...sessionStorage }])",
    );
    expect(kept).not.to.match(/ccs_|cck_/);
  });

  it("says that the chain agrees only because the browser asked the chain", async () => {
    await page.locator('[data-verdict="good"]').waitFor();
    await page.getByText("Checked by your browser through your wallet").waitFor();
    await expectAccessible(page);
    await lookAt(page, "account");
    await page.route(`**/v1/accounts/${addressOf(alice)}`, async (route) => {
      const answer = await route.fetch();
      const text = (await answer.text()).replace('"100000000"', '"100000001"');
      await route.fulfill({ response: answer, body: text });
    });
    await page.getByRole("button", { name: "Check again" }).click();
    await page.locator('[data-verdict="bad"]').waitFor();
    await page.unrouteAll();
  });

  it("shows a debit by itself as soon as it is charged", async () => {
    await charge(93, { id: "long-job" });
    await page.locator("[data-available]", { hasText: /^99$/ }).waitFor();
  });

  it("leads from the sums to the one event, and to why it cost so much", async () => {
    await page.getByRole("link", { name: "Usage" }).click();
    await page.locator("[data-total]", { hasText: /^1$/ }).waitFor();
    await page.getByRole("link", { name: "requests", exact: true }).click();
    await page.waitForURL(/meter=requests/);
    await expectAccessible(page);
    await lookAt(page, "usage");
    await page.getByRole("link", { name: "Why this amount: long-job" }).click();
    await page.getByRole("dialog").getByText("Allowance").waitFor();
    const why = await page.getByRole("dialog").innerText();
    expect(why).to.include("93 requests").and.to.include("It cost 0.93 credits");
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await page.waitForURL((url) => !url.search.includes("long-job"));
  });

  it("creates a key by plain words and a hash, and shows it once", async () => {
    await page.getByRole("link", { name: "Keys", exact: true }).click();
    await page.getByLabel("Limit, in credits").fill("10.5");
    await page.getByLabel("Renews").selectOption("every month");
    await page.getByLabel("Only for these meters").fill("requests");
    await page.getByRole("button", { name: "Create the key" }).click();
    const dialog = page.getByRole("dialog", { name: "What you are about to sign" });
    await dialog.getByText("up to 10.5 of your credits, and as much again every month").waitFor();
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Do not sign" }).click();
    await page.getByText("The wallet's user declined").waitFor();
    expect(await page.locator("[data-key]").count()).to.equal(0);

    await page.getByRole("button", { name: "Create the key" }).click();
    const digest = await dialog.locator("[data-digest]").innerText();
    await dialog.getByRole("button", { name: "Ask my wallet" }).click();
    const key = await page.locator("[data-key]").innerText();
    const { document } = await stack.readAll(`/v1/allowances/${digest}`);
    expect(document).to.have.property("id", digest);
    expect(document).to.have.nested.property("allowance.spender", apiKeySpender(key));
    await page.getByRole("cell", { name: "10.5", exact: true }).waitFor();
    await expectAccessible(page);
    await lookAt(page, "keys");
    await page.reload();
    await page.getByRole("cell", { name: "10.5", exact: true }).waitFor();
    expect(await page.getByRole("main").innerText()).not.to.include(key);
  });

  it("revokes a key", async () => {
    const row = page.getByRole("row").filter({ hasText: "10.5" });
    await row.getByRole("button", { name: "Revoke" }).click();
    await page.getByText("it pays for nothing new").waitFor();
    await page.getByRole("button", { name: "Ask my wallet" }).click();
    await row.getByText("revoked").waitFor();
  });

  it("shows nothing of an account after signing out", async () => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("Only the owner of an account sees this").waitFor();
    expect(await page.getByRole("main").innerText()).not.to.include("long-job");
  });

  it("says that there is no such page", async () => {
    const answer = await open("/nowhere");
    expect(answer?.status()).to.equal(404);
    await page.getByText("There is no such page").waitFor();
    // The browser reports the page's own status.
    complaints.splice(0);
  });
});
