import { readFile } from "node:fs/promises";

import { expect } from "chai";
import { type Hex, parseGwei } from "viem";

import { senderOf } from "@compute-credits/client/chain/transact";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { allowanceId } from "@compute-credits/protocol/messages/allowance";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { expectAccessible, lookAt } from "../fixtures/browser.ts";
import { addressOf } from "../fixtures/meteredStack.ts";
import { type DashboardPage, openDashboardPage } from "../fixtures/dashboard.ts";

const { alice } = wallets;

describe("the dashboard of a wallet's user", () => {
  let rig: DashboardPage;
  before(async () => {
    // Webhooks may reach this machine.
    rig = await openDashboardPage({ environment: { WEBHOOK_NETWORKS: "127.0.0.0/8" } });
  });
  after(() => rig.stop());
  afterEach(() => expect(rig.complaints.splice(0)).to.deep.equal([]));

  async function buy(credits: string): Promise<void> {
    await rig.page.getByLabel("Credits", { exact: true }).fill(credits);
    await rig.page.getByRole("button", { name: "Show the price" }).click();
    await rig.page.getByRole("button", { name: `Buy ${credits} credits` }).click();
    await rig.page.getByRole("button", { name: "Ask my wallet" }).click();
  }

  it("explains how a purchase is paid, and refuses one that the wallet cannot pay", async () => {
    const { page } = rig;
    await rig.open("/buy");
    await rig.signIn("Alice");
    await page.getByLabel("Credits", { exact: true }).fill("0");
    await page.getByRole("button", { name: "Show the price" }).click();
    await page.getByText("Write an amount above 0").waitFor();
    await page.getByLabel("Credits", { exact: true }).fill("250");
    await page.getByRole("button", { name: "Show the price" }).click();
    await page.locator('[data-payment="authorization"]').waitFor();
    await page.getByText("Your wallet has too little").waitFor();
    expect(await page.getByRole("button", { name: "Buy 250 credits" }).isDisabled()).to.equal(true);
    await expectAccessible(page);
  });

  it("buys: shows what is signed, and each step until the ledger counts it", async () => {
    const { page } = rig;
    await page.getByRole("button", { name: "Make the missing test dollars" }).click();
    await page.getByRole("button", { name: "Buy 250 credits" }).click();
    const dialog = page.getByRole("dialog", { name: "What you are about to sign" });
    await dialog.getByText("The vault takes exactly 2.5 TUSD, once").waitFor();
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Ask my wallet" }).click();
    await page.locator('[data-stage="counted"]').waitFor();
    await expectAccessible(page);
    await lookAt(page, "buy");
    await page.getByRole("link", { name: "your account" }).click();
    await page.locator("[data-available]", { hasText: /^250$/ }).waitFor();
  });

  it("follows a purchase over a reload, and one that the wallet sends at a higher fee", async () => {
    const { page, stack } = rig;
    await rig.open("/buy");
    await page.getByLabel("Credits", { exact: true }).fill("100");
    await page.getByRole("button", { name: "Show the price" }).click();
    await page.getByRole("button", { name: "Make the missing test dollars" }).click();
    await page.getByText("Your wallet has too little").waitFor({ state: "hidden" });
    await stack.chain.setAutomine(false);
    try {
      await buy("100");
      await page.locator('[data-stage="sent"]').waitFor();
      // Once to find it again, and once to wait for it.
      const isFound = answers("eth_getTransactionByHash", 2);
      await page.reload();
      await isFound;
      await page.locator('[data-stage="sent"]').waitFor();
      await replacePending();
      await stack.chain.mine({ blocks: 1 });
      await page.getByText("sent it again with a higher fee").waitFor();
    } finally {
      await stack.chain.setAutomine(true);
    }
    await page.locator('[data-stage="counted"]').waitFor();
    const kept = await page.evaluate("JSON.stringify({ ...localStorage })");
    expect(kept).not.to.include("sent ");
  });

  it("warns of what a refund ends, and follows it until it is paid", async () => {
    const { page, stack } = rig;
    await page.getByRole("link", { name: "Refund", exact: true }).click();
    await page.getByText("It ends every key and campaign").waitFor();
    await page.getByLabel("Credits to give back").fill("351");
    await page.getByLabel("I know that all my keys").check();
    await page.getByRole("button", { name: "Ask for the refund" }).click();
    await page.getByText("write at most that").waitFor();
    await expectAccessible(page);
    await page.getByLabel("Credits to give back").fill("50");
    await page.getByRole("button", { name: "Ask for the refund" }).click();
    await page.locator('[data-refund="in_checkpoint"]').waitFor();
    expect(await page.getByRole("main").innerText()).to.match(/Asked back\s+50\s/);
    await expectAccessible(page);
    await lookAt(page, "refund");
    await stack.passTime(LOCAL_WINDOWS.disputeWindowSeconds + 1);
    await page.locator("[data-refund]").waitFor({ state: "detached" });
    expect(await stack.dollarsOf(alice.account.address)).to.equal(500_000n);
    await page.getByRole("link", { name: "Overview" }).click();
    await page.locator("[data-available]", { hasText: /^300$/ }).waitFor();
  });

  it("shows a statement that reconciles, and gives it as CSV and JSON", async () => {
    const { page } = rig;
    await page.getByRole("link", { name: "Statements" }).click();
    await page.locator('[data-reconciles="true"]').waitFor();
    expect(await page.getByRole("main").innerText()).to.match(/At the end\s+300\s/);
    await page.getByRole("cell", { name: "Refunded by checkpoint 1" }).waitFor();
    await expectAccessible(page);
    await lookAt(page, "statements");
    const csv = await downloaded("Download CSV");
    const json = await downloaded("Download JSON");
    expect(csv).to.match(/^kind,at,name,amountMicros,reference\r?\nopening,/);
    const statement: unknown = JSON.parse(json);
    expect(statement).to.include({ closingMicros: "300000000", reconciles: true });
  });

  it("makes a view key that reads, lists it, and ends it", async () => {
    const { page, stack } = rig;
    await page.getByRole("link", { name: "Access" }).click();
    await page.getByRole("cell", { name: "Dashboard" }).waitFor();
    await page.getByLabel("Name of a new view key").fill("accountant");
    await page.getByRole("button", { name: "Create the view key" }).click();
    const key = await page.locator("[data-secret]").innerText();
    await page.getByRole("cell", { name: "accountant", exact: true }).waitFor();
    await expectAccessible(page);
    await lookAt(page, "access");
    const balance = async () => {
      const headers = { authorization: `Bearer ${key}` };
      return (await stack.request(`/v1/accounts/${addressOf(alice)}`, { headers })).status;
    };
    expect(await balance()).to.equal(200);
    await page.getByRole("button", { name: "End the key accountant" }).click();
    await page.getByRole("cell", { name: "ended", exact: true }).waitFor();
    expect(await balance()).to.equal(401);
  });

  it("gives a member a key with a budget, makes a code, and takes the budget back", async () => {
    const { page, stack } = rig;
    await page.getByRole("link", { name: "Team" }).click();
    await page.getByText("You have no allowance yet to hand out from").waitFor();
    const signed = await stack.sign(alice, { limitMicros: parseCredits("80") });
    expect((await stack.postAccepted(signed)).status).to.equal(201);
    await page.reload();
    await page.getByLabel("Member's name").fill("Ada");
    await page.getByLabel("Budget, in credits").fill("5");
    await page.getByRole("button", { name: "Give the budget" }).click();
    await page.getByText("Nothing is handed out beyond what you signed").waitFor();
    await page.getByRole("button", { name: "Ask my wallet" }).click();
    const key = await page.locator("[data-secret]").innerText();
    const row = page.getByRole("row").filter({ hasText: "Ada" });
    await row.getByText("can be spent").waitFor();
    const { status } = await stack.request("/v1/me", { key });
    expect(status).to.equal(200);

    await page.getByLabel("Credits that each gives, once").fill("2");
    await page.getByRole("button", { name: "Make the codes" }).click();
    const code = await page.locator("[data-code]").innerText();
    expect(code).to.match(/^(\w{4}-){3}\w{4}$/);
    await expectAccessible(page);
    await lookAt(page, "team");
    await row.getByRole("button", { name: "Take back Ada" }).click();
    await row.getByText("taken back").waitFor();

    const campaign = allowanceId(stack.deployment, {
      ...signed.allowance,
      account: addressOf(alice),
    });
    await page.getByRole("button", { name: "Sign out" }).click();
    await rig.open("/team");
    await rig.signIn("Bob");
    await page.getByRole("textbox", { name: "Code", exact: true }).fill(code);
    await page.getByRole("textbox", { name: "Campaign" }).fill(campaign);
    await page.getByLabel("Account that pays").fill(addressOf(alice));
    await page.getByRole("button", { name: "Redeem the code" }).click();
    await page.getByRole("button", { name: "Ask my wallet" }).click();
    await page.getByText(/Redeemed: your wallet may spend 2 credits/).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await rig.open("/record");
    await rig.signIn("Alice");
  });

  it("adds a webhook, shows its secret once, and what became of a test", async () => {
    const { page } = rig;
    await page.getByRole("link", { name: "Webhooks" }).click();
    await page.getByLabel("URL").fill("https://127.0.0.1:9/hook");
    await page.getByLabel("Low means below, in credits").fill("5");
    await page.getByRole("button", { name: "Add the endpoint" }).click();
    expect(await page.locator("[data-secret]").innerText()).to.match(/^whsec_/);
    await page.getByRole("button", { name: "Open https://127.0.0.1:9/hook" }).click();
    await page.getByRole("button", { name: "Send a test" }).click();
    await page.getByRole("cell", { name: "webhook.test", exact: true }).waitFor();
    await expectAccessible(page);
    await lookAt(page, "webhooks");
  });

  it("shows who changed what", async () => {
    const { page } = rig;
    await page.getByRole("link", { name: "Record", exact: true }).click();
    await page.getByRole("cell", { name: "add view key" }).waitFor();
    await page.getByRole("cell", { name: "end key" }).waitFor();
    await expectAccessible(page);
    await lookAt(page, "record");
  });

  async function downloaded(button: string): Promise<string> {
    const [download] = await Promise.all([
      rig.page.waitForEvent("download"),
      rig.page.getByRole("button", { name: button }).click(),
    ]);
    return await readFile(await download.path(), "utf8");
  }

  /** Resolves once the chain has answered the page's calls of this method so often. */
  async function answers(method: string, times: number): Promise<void> {
    let count = 0;
    await rig.page.waitForResponse((response) => {
      const isOne = response.request().postData()?.includes(method) === true;
      if (isOne) count++;
      return count === times;
    });
  }

  /** As a wallet does whose user pays more: the same transaction again, with a higher fee. */
  async function replacePending(): Promise<Hex> {
    const { client, as } = rig.stack;
    const { address } = alice.account;
    const nonce = await client.getTransactionCount({ address });
    const { transactions } = await client.getBlock({
      blockTag: "pending",
      includeTransactions: true,
    });
    const pending = transactions.find((each) => each.nonce === nonce);
    if (pending?.to == null) throw new Error("Alice has no pending transaction");
    const { wallet } = as(alice);
    return await wallet.sendTransaction({
      ...senderOf(wallet),
      to: pending.to,
      data: pending.input,
      nonce,
      gas: pending.gas,
      maxFeePerGas: parseGwei("90"),
      maxPriorityFeePerGas: parseGwei("40"),
    });
  }
});
