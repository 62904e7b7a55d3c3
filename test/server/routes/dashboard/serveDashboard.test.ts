import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { DASHBOARD_PATHS, isDashboardPath } from "@compute-credits/api/dashboardPaths";
import { openDashboard } from "../../../../server/dashboard/openDashboard.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { expectProblem, send } from "../../../fixtures/http.ts";
import { openLedger } from "../../../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../../../fixtures/ledgerServer.ts";

const RPC_URL = "https://rpc.example/v1/abc";

const AS_A_BROWSER = { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } };

describe("the server with a built dashboard", () => {
  let folder: string;
  let server: LedgerServer;
  let stop: () => Promise<void>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-dashboard-"));
    await mkdir(join(folder, "assets"));
    await writeFile(join(folder, "index.html"), "<!doctype html><title>Credits</title>");
    await writeFile(join(folder, "assets", "main-1a2b.js"), "export {};");
    await writeFile(join(folder, "sources.sha256"), "secret");
    const [kind] = databaseKinds;
    if (kind === undefined) throw new Error("no database");
    const ledger = await openLedger(await kind.open());
    const dashboard = await openDashboard({ folder, rpcUrls: [RPC_URL], frames: [] });
    server = await serveLedger(ledger, {}, { dashboard });
    stop = async () => {
      await server.stop();
      await ledger.database.close();
      await rm(folder, { recursive: true });
    };
  });
  after(() => stop());

  const ask = (path: string, options = AS_A_BROWSER) => fetch(server.url + path, options);

  it("answers each of its paths with the page, and with nothing inline or foreign", async () => {
    for (const path of DASHBOARD_PATHS) {
      // oxlint-disable-next-line no-await-in-loop -- a few paths
      const page = await ask(path.replace(/\$\w+/, "7"));
      expect(page.status, path).to.equal(200);
      expect(page.headers.get("cache-control")).to.equal("no-cache");
      expect(page.headers.get("content-security-policy")).to.equal(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; " +
          "style-src 'self'; img-src 'self'; connect-src 'self' https://rpc.example; " +
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
          "require-trusted-types-for 'script'; trusted-types compute-credits",
      );
      expect(page.headers.get("x-frame-options")).to.equal("DENY");
      // oxlint-disable-next-line no-await-in-loop
      expect(await page.text()).to.include("<title>Credits</title>");
    }
  });

  it("lets the pages that the operator names frame it, and no others", async () => {
    const frames = ["https://app.safe.global"];
    const dashboard = await openDashboard({ folder, rpcUrls: [], frames });
    const [kind] = databaseKinds;
    if (kind === undefined) throw new Error("no database");
    const ledger = await openLedger(await kind.open());
    const framed = await serveLedger(ledger, {}, { dashboard });
    try {
      const page = await fetch(framed.url, AS_A_BROWSER);
      expect(page.headers.get("content-security-policy")).to.include(
        "; frame-ancestors https://app.safe.global; ",
      );
      expect(page.headers.has("x-frame-options")).to.equal(false);
      const answer = await fetch(`${framed.url}/v1/deployment`);
      expect(answer.headers.get("x-frame-options")).to.equal("DENY");
    } finally {
      await framed.stop();
      await ledger.database.close();
    }
  });

  it("lets browsers keep a file for ever, and never finds others of its folder", async () => {
    const asset = await ask("/assets/main-1a2b.js");
    expect(asset.headers.get("cache-control")).to.equal("public, max-age=31536000, immutable");
    expect(asset.headers.get("content-type")).to.match(/^text\/javascript/);
    expect(await asset.text()).to.equal("export {};");
    for (const path of ["/assets/other.js", "/assets/..%2fsources.sha256", "/assets/"]) {
      // oxlint-disable-next-line no-await-in-loop -- three paths
      expectProblem(await send(server.url + path, AS_A_BROWSER), 404, "route_not_found");
    }
  });

  it("tells the page which endpoints of the chain it may ask", async () => {
    const { document } = await server.request("/dashboard.json");
    expect(document).to.deep.equal({ rpcUrls: [RPC_URL] });
  });

  it("answers another path with the page and 404 to a browser, and a problem to a program", async () => {
    const page = await ask("/nowhere");
    expect(page.status).to.equal(404);
    expect(await page.text()).to.include("<title>Credits</title>");
    expectProblem(await server.request("/nowhere"), 404, "route_not_found");
  });

  it("leaves the API's paths, and what is no read, to the API", async () => {
    expectProblem(await send(`${server.url}/v1/nowhere`, AS_A_BROWSER), 404, "route_not_found");
    expectProblem(await server.request("/", { method: "POST" }), 404, "route_not_found");
    expect((await ask("/docs")).headers.get("content-security-policy")).not.to.include("trusted");
    expect((await ask("/llms.txt")).headers.get("content-type")).to.match(/^text\/plain/);
    expect((await ask("/openapi.json")).headers.get("content-type")).to.match(/json/);
  });

  it("answers HEAD without a body", async () => {
    const page = await fetch(server.url, { method: "HEAD" });
    expect(page.status).to.equal(200);
    expect(await page.text()).to.equal("");
  });
});

describe("the dashboard's paths", () => {
  it("are whole paths", () => {
    expect(isDashboardPath("/")).to.equal(true);
    expect(isDashboardPath("/parties/0x12")).to.equal(true);
    for (const path of ["/parties", "/parties/", "/parties/a/b", "/prices/", "//", "/v1"]) {
      expect(isDashboardPath(path), path).to.equal(false);
    }
  });

  it("are nothing without a build", async () => {
    expect(
      await openDashboard({ folder: join(tmpdir(), "not-there"), rpcUrls: [], frames: [] }),
    ).to.equal(null);
  });
});
