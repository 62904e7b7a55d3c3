import { expect } from "chai";

import { parseCredits } from "@compute-credits/protocol/amounts";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { expectAccessible, lookAt } from "../fixtures/browser.ts";
import { type DashboardPage, openDashboardPage } from "../fixtures/dashboard.ts";
import { addressOf, cloudEvent } from "../fixtures/meteredStack.ts";

const { alice, bob, provider } = wallets;

describe("the auditor's page", () => {
  let dashboard: DashboardPage;
  let charge: (quantity: number) => Promise<void>;

  before(async () => {
    dashboard = await openDashboardPage();
    const { stack } = dashboard;
    await stack.buyAndWait(alice, parseCredits("100"));
    const signed = await stack.sign(alice);
    await stack.store(signed);
    const { spender } = signed.allowance;
    await stack.context.providers.grantAccess({ spender, provider: addressOf(provider) });
    const key = await stack.registerProvider(provider);
    charge = async (quantity) => {
      const body = cloudEvent(spender, { quantity });
      expect((await stack.request("/v1/usage", { body, key })).status).to.equal(201);
    };
    await charge(100);
    await stack.passTime(1);
  });
  after(() => dashboard.stop());
  afterEach(() => expect(dashboard.complaints.splice(0)).to.deep.equal([]));

  const verdicts = async () =>
    await dashboard.page
      .locator("[data-result]")
      .evaluateAll((items) => items.map((item) => item.getAttribute("data-result")));

  it("hashes all rows of a pending checkpoint in a worker, and says what may be contested", async () => {
    const { page, open } = dashboard;
    await open("/");
    await page.getByRole("cell", { name: "pending" }).waitFor();
    await page.getByRole("link", { name: "1", exact: true }).click();
    await page.getByRole("link", { name: "Check all 2 rows yourself" }).click();
    await page.locator('[data-contest="pending"]').waitFor();
    await page.getByText("1 row charges more than before").waitFor();
    await page.locator('[data-result="holds"]').nth(4).waitFor();
    expect(new Set(await verdicts())).to.deep.equal(new Set(["holds"]));
    await expectAccessible(page);
  });

  it("shows what changed since the checkpoint before, which is final", async () => {
    const { page, stack, open } = dashboard;
    await stack.passTime(LOCAL_WINDOWS.disputeWindowSeconds + 1);
    await page.locator('[data-contest="final"]').waitFor();
    await charge(7);
    await open("/");
    await page.getByRole("cell", { name: "pending" }).waitFor();
    await open("/checkpoints/2/rows");
    await page.getByText("What changed since checkpoint 1").waitFor();
    await page.locator('[data-result="holds"]').nth(5).waitFor();
    await page.getByText("+0.07").waitFor();
    await page.getByText("+0.0686").waitFor();
    await expectAccessible(page);
    await lookAt(page, "rows");
  });

  it("finds a party's row, and says which party has none", async () => {
    const { page } = dashboard;
    await page.getByLabel("One party").fill(alice.account.address);
    await page.keyboard.press("Enter");
    await page.getByRole("cell", { name: "1.07" }).waitFor();
    await page.getByLabel("One party").fill(bob.account.address);
    await page.keyboard.press("Enter");
    await page.getByText("No row belongs to this address").waitFor();
    await page.getByLabel("One party").fill("0x12");
    await page.keyboard.press("Enter");
    await page.getByText("That is not an address").waitFor();
  });

  it("says so if the rows are not those that were signed", async () => {
    const { page } = dashboard;
    await page.route("**/v1/checkpoints/2", async (route) => {
      const answer = await route.fetch();
      const text = (await answer.text()).replace(/"root":"0x..../, '"root":"0x0000');
      await route.fulfill({ response: answer, body: text });
    });
    await page.reload();
    await page.getByText("The server names another root").waitFor();
    expect(await verdicts()).to.include("fails");
    await page.unrouteAll();
  });

  it("says which part of a broken file is wrong", async () => {
    const { page } = dashboard;
    await page.route("**/v1/checkpoints/2/data", async (route) => {
      const answer = await route.fetch();
      const body = await answer.body();
      body.writeUInt8(body.readUInt8(body.length - 1) ^ 1, body.length - 1);
      await route.fulfill({ response: answer, body });
    });
    await page.reload();
    await page.getByText("does not match its hash in the head").waitFor();
    await page.unrouteAll();
  });
});
