import { expect } from "chai";

import { requestRefund } from "@compute-credits/client/chain/credits";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { wallets } from "../../scripts/local/wallets.ts";
import { expectAccessible, lookAt } from "../fixtures/browser.ts";
import { type DashboardPage, openDashboardPage } from "../fixtures/dashboard.ts";
import { addressOf, cloudEvent } from "../fixtures/meteredStack.ts";

const { alice, provider, operator } = wallets;

describe("the operator's page", () => {
  let dashboard: DashboardPage;

  before(async () => {
    dashboard = await openDashboardPage({ environment: { OPERATORS: addressOf(operator) } });
    await dashboard.stack.buyAndWait(alice, parseCredits("100"));
  });
  after(() => dashboard.stop());
  afterEach(() => expect(dashboard.complaints.splice(0)).to.deep.equal([]));

  it("says that a wallet is no operator's", async () => {
    const { page, open, signIn } = dashboard;
    await open("/operator");
    await signIn("Alice");
    await page.getByText("does not name").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
  });

  it("says whether the books balance, and what the vault owes and has", async () => {
    const { page, signIn } = dashboard;
    await page.getByText("Only an operator sees this").waitFor();
    await signIn("Operator");
    await page.getByText("The books agree with the chain").waitFor();
    const text = await page.getByRole("main").innerText();
    expect(text).to.match(/Owed in all\s+1 token\n/);
    expect(text).to.match(/The vault has\s+1 token\n/);
    await page.locator('[data-health="good"]').waitFor();
    await expectAccessible(page);
  });

  it("approves a provider by plain words, which then charges", async () => {
    const { page, stack } = dashboard;
    await page.getByLabel("Address of the provider").fill(provider.account.address);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("may charge customers on this server").waitFor();
    await page.getByRole("button", { name: "Ask my wallet" }).click();
    await page.locator("[data-decided]", { hasText: "may charge." }).waitFor();
    const signed = await stack.sign(alice);
    await stack.store(signed);
    const { spender } = signed.allowance;
    await stack.context.providers.grantAccess({ spender, provider: addressOf(provider) });
    const key = await stack.registerProvider(provider);
    const body = cloudEvent(spender, { quantity: 100 });
    expect((await stack.request("/v1/usage", { body, key })).status).to.equal(201);
  });

  it("shows the checkpoint that follows, with its signatures", async () => {
    const { page } = dashboard;
    await page.getByText("1 of 1 needed").waitFor();
    await page.getByRole("button", { name: "Compare again" }).click();
    await page.getByText("Each number, in the ledger and on chain").click();
    await page
      .getByText(/not (in a checkpoint|final|settled)|checkpoint not final/)
      .first()
      .waitFor();
    await expectAccessible(page);
    await lookAt(page, "operator");
  });

  it("lists an open refund with its deadline", async () => {
    const { page, stack } = dashboard;
    await page.getByText("no refund and no challenge is open").waitFor();
    await requestRefund(stack.as(alice), parseCredits("40"));
    await page.locator("[data-duties]", { hasText: "1 refund and 0 challenges" }).waitFor();
    await page.getByRole("row", { name: /a refund of up to 40/ }).waitFor();
    await expectAccessible(page);
  });

  it("tells what does not work", async () => {
    const { page } = dashboard;
    await page.route("**/readyz", async (route) => {
      const checks = [{ name: "refunds", error: null, warning: "a refund is due at noon" }];
      await route.fulfill({ json: { status: "ready", checks } });
    });
    await page.reload();
    await page.locator('[data-health="bad"]', { hasText: "due at noon" }).waitFor();
    await page.unrouteAll();
  });

  it("lists the last changes of promotions", async () => {
    const { page } = dashboard;
    await page.getByText("There is none yet").waitFor();
    await page.getByLabel("Last changes of").selectOption("promotion codes");
    await page.getByText("There is none yet").waitFor();
  });
});
