import { expect } from "chai";

import { requestRefund } from "@compute-credits/client/chain/credits";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { expectAccessible, lookAt } from "../fixtures/browser.ts";
import { type DashboardPage, openDashboardPage } from "../fixtures/dashboard.ts";

const { alice } = wallets;

describe("the dashboard, if an operator does not serve a refund", () => {
  let rig: DashboardPage;
  before(async () => {
    rig = await openDashboardPage({ settleIntervalSeconds: 100 });
    await rig.stack.buyAndWait(alice, parseCredits("100"));
    await requestRefund(rig.stack.as(alice), parseCredits("40"));
  });
  after(() => rig.stop());
  afterEach(() => expect(rig.complaints.splice(0)).to.deep.equal([]));

  it("shows the request's earliest payout and its deadline", async () => {
    await rig.open("/refund");
    await rig.signIn("Alice");
    await rig.page.locator('[data-refund="requested"]').waitFor();
    const text = await rig.page.getByRole("main").innerText();
    expect(text).to.match(/Still to be paid\s+40\s/);
    expect(text).to.match(/Deadline\s+\d/);
  });

  it("freezes the vault after the deadline, with a warning of what that means", async () => {
    const { page, stack } = rig;
    await stack.passTime(LOCAL_WINDOWS.refundWindowSeconds + 1);
    await page.locator('[data-refund="overdue"]').waitFor();
    await page.getByText("Freezing is for good and for everyone").waitFor();
    await expectAccessible(page);
    await lookAt(page, "overdue");
    await page.getByRole("button", { name: "Freeze the vault" }).click();
    await page.getByRole("heading", { name: "The vault is frozen" }).waitFor();
  });

  it("lets the account leave without a proof after the grace", async () => {
    const { page, stack } = rig;
    await page.getByText("so you have no proof").waitFor();
    await stack.passTime(LOCAL_WINDOWS.exitGraceSeconds + 1);
    await page.getByRole("button", { name: "Leave with my credits" }).click();
    await page.getByText("you have left").waitFor();
    expect(await stack.dollarsOf(alice.account.address)).to.equal(100_000_000n);
    await expectAccessible(page);
  });
});
