import { expect } from "chai";

import { parseCredits } from "@compute-credits/protocol/amounts";
import type { Hex } from "viem";
import { readParty } from "../../dashboard/chain/rowOnChain.ts";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { expectAccessible, lookAt } from "../fixtures/browser.ts";
import { type DashboardPage, openDashboardPage } from "../fixtures/dashboard.ts";
import { addressOf, cloudEvent } from "../fixtures/meteredStack.ts";

const { alice, provider } = wallets;

describe("the provider's page", () => {
  let dashboard: DashboardPage;
  let key: string;
  let spender: Hex;

  before(async () => {
    dashboard = await openDashboardPage();
    const { stack } = dashboard;
    await stack.buyAndWait(alice, parseCredits("100"));
    const signed = await stack.sign(alice);
    await stack.store(signed);
    ({ spender } = signed.allowance);
    await stack.context.providers.grantAccess({ spender, provider: addressOf(provider) });
  });
  after(() => dashboard.stop());
  // Before there is a row or a receipt, the server answers 404, which browsers report.
  afterEach(() =>
    expect(
      dashboard.complaints
        .splice(0)
        .filter((each) => !/404.*\/(proof|latest|profiles)\b/.test(each)),
    ).to.deep.equal([]),
  );

  /** Charges Alice for requests at 0.01 credits each, with the key that the page made. */
  async function charge(quantity: number): Promise<void> {
    const body = cloudEvent(spender, { quantity });
    const { status } = await dashboard.stack.request("/v1/usage", { body, key });
    expect(status).to.equal(201);
  }

  it("asks to sign in, and shows a provider without earnings what to do", async () => {
    const { page, open, signIn } = dashboard;
    await open("/provider");
    await signIn("Provider");
    await page.getByText("Nothing was charged today").waitFor();
    await page.getByText("You have none yet").waitFor();
    await page.getByText("Nothing is claimable now").waitFor();
    await expectAccessible(page);
  });

  it("makes a key that charges, and shows it once", async () => {
    const { page } = dashboard;
    await page.getByRole("button", { name: "Make a key" }).click();
    await page.getByText("may charge your customers").waitFor();
    await page.getByRole("button", { name: "Ask my wallet" }).click();
    key = await page.locator("[data-key]").innerText();
    await page.getByRole("button", { name: /^End it: key/ }).waitFor();
    await expectAccessible(page);
  });

  it("shows what is earned by itself", async () => {
    await charge(100);
    await dashboard.page.locator("[data-earned-today]", { hasText: /^0\.98$/ }).waitFor();
  });

  it("leads what was earned through a checkpoint to the wallet", async () => {
    const { page, stack } = dashboard;
    const stage = (name: string) => page.locator(`[data-stage="${name}"]`);
    await stage("In a checkpoint").getByText("0.98", { exact: true }).waitFor();
    await stage("Not in a checkpoint").getByText("0", { exact: true }).waitFor();
    await lookAt(page, "provider-pending");
    await stack.passTime(LOCAL_WINDOWS.disputeWindowSeconds + 1);
    await stage("Claimable").getByText("0.98", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Claim all of it" }).click();
    await page.locator("[data-claimed]").waitFor();
    await stage("Claimed").getByText("0.98", { exact: true }).waitFor();
    await stage("Claimable").getByText("0", { exact: true }).waitFor();
    const { earned } = await readParty(stack.as(provider), addressOf(provider));
    expect(earned).to.equal(parseCredits("0.98"));
  });

  it("says how much of it the signers have promised", async () => {
    const { page, stack } = dashboard;
    await page.locator('[data-receipt="none"]').waitFor();
    const { status } = await stack.request("/v1/receipts", { method: "POST", key });
    expect(status).to.equal(201);
    await charge(1);
    await page.locator('[data-receipt="good"]', { hasText: "0.98 of 0.9898" }).waitFor();
  });

  it("shows what another price would have made of last week", async () => {
    const { page } = dashboard;
    await page.reload();
    const total = page.locator("[data-would-total]");
    await total.getByText("1.01", { exact: true }).waitFor();
    const price = page.getByLabel("Another price of requests, in credits");
    await price.fill("0.02");
    await total.getByText("2.02", { exact: true }).waitFor();
    await price.fill("a lot");
    await total.getByText("1.01", { exact: true }).waitFor();
    expect(await price.getAttribute("aria-invalid")).to.equal("true");
    await price.fill("");
  });

  it("says who it is in the market, in its own words and with its wallet", async () => {
    const { page, open } = dashboard;
    await page.getByLabel("Name", { exact: true }).fill("North GPU");
    await page.getByLabel("Where it is served").fill("https://gpu.example/v1");
    await page.getByLabel("Regions").fill("eu-north-1, eu-west-1");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText('The market shows you as "North GPU"').waitFor();
    await page.getByRole("button", { name: "Ask my wallet" }).click();
    await page.locator('[data-listed="yes"]').waitFor();
    await open("/market?region=eu-west-1");
    const offer = page.getByRole("row", { name: /North GPU/ });
    await offer.getByText("eu-north-1, eu-west-1").waitFor();
    expect(await page.getByRole("link", { name: /gpu\.example/ }).count()).to.equal(0);
    await expectAccessible(page);
    await lookAt(page, "market");
  });

  it("prices the basket of the page's address, and shows who offers it", async () => {
    const { page, open } = dashboard;
    const basket = JSON.stringify([{ meter: "requests", quantity: 250, dimensions: {} }]);
    await open(`/market?basket=${encodeURIComponent(basket)}`);
    await page.locator("[data-total]", { hasText: /^2\.5$/ }).waitFor();
    await page.getByLabel("Quantity of requests").fill("500");
    await page.keyboard.press("Tab");
    await page.locator("[data-total]", { hasText: /^5$/ }).waitFor();
    await page.getByLabel("Region").fill("us-east-1");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.getByText("No listed provider offers all of it").waitFor();
    await open("/provider");
  });

  it("has lines to paste with the right values", async () => {
    const { page, stack } = dashboard;
    await page.locator('[data-snippet="middleware"]').waitFor();
    await page.getByLabel("How you serve").selectOption("agent");
    const lines = await page.locator('[data-snippet="agent"]').innerText();
    expect(lines).to.include(new URL(stack.server.url).origin).and.to.include(addressOf(provider));
    await expectAccessible(page);
    await lookAt(page, "provider");
  });

  it("shows a hold by itself, how fast it is used, and when it stops", async () => {
    const { page, stack } = dashboard;
    const work = { spender, meter: "requests", quantity: 10, ttlSeconds: 60 };
    const held = await stack.request("/v1/holds", { body: { id: "job-1", ...work }, key });
    expect(held.status).to.equal(201);
    const row = page.getByRole("row", { name: /job-1/ });
    await row.getByRole("cell", { name: "0.1", exact: true }).waitFor();
    const part = { eventId: "job-1/1", quantity: 4, final: false };
    const captured = await stack.request("/v1/holds/job-1/captures", { body: part, key });
    expect(captured.status).to.equal(201);
    await row.getByRole("cell", { name: "0.06", exact: true }).waitFor();
    await row.getByRole("cell", { name: "0.04", exact: true }).waitFor();
    await expectAccessible(page);
    await stack.request("/v1/holds/job-1/release", { body: {}, key });
    await page.getByText("Nothing is on hold").waitFor();
  });

  it("ends a key, which then charges no more", async () => {
    const { page, stack } = dashboard;
    await page.getByRole("button", { name: /^End it: key/ }).click();
    await page.getByRole("cell", { name: "ended" }).waitFor();
    const body = cloudEvent(spender, { quantity: 1 });
    expect((await stack.request("/v1/usage", { body, key })).status).to.equal(401);
  });
});
