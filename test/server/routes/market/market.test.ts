import { expect } from "chai";
import { hashTypedData } from "viem";

import { createApi } from "@compute-credits/client/http/api";
import { readMarket } from "@compute-credits/client/market/readMarket";
import { signProviderApproval } from "@compute-credits/client/wallet/providerApproval";
import {
  type ProfileOptions,
  signProviderProfile,
} from "@compute-credits/client/wallet/providerProfile";
import { providerProfileTypedData } from "@compute-credits/protocol/messages/providerProfile";
import { type TestWallet, wallets } from "../../../../scripts/local/wallets.ts";
import { deployWallet } from "../../../fixtures/contractWallet.ts";
import { expectProblem } from "../../../fixtures/http.ts";
import { type MeteredStack, addressOf, startMeteredStack } from "../../../fixtures/meteredStack.ts";

const { alice, bob, operator, provider } = wallets;

const now = () => BigInt(Math.floor(Date.now() / 1000));

const WHOLE: ProfileOptions = {
  name: "North GPU",
  endpoints: ["https://gpu.example/v1", "https://gpu.example:8443/"],
  regions: ["eu-north-1", "us-1"],
  hardware: ["8 x H100 SXM", "Küche: 4 × L40S"],
  terms: "https://gpu.example/terms",
};

describe("profiles and the market", () => {
  let stack: MeteredStack;

  before(async () => {
    stack = await startMeteredStack("PGlite", {
      environment: { OPERATORS: addressOf(operator) },
    });
    await approve(addressOf(provider));
    await approve(addressOf(bob));
  });
  after(() => stack.stop());

  async function approve(party: `0x${string}`): Promise<void> {
    const { wallet } = stack.as(operator);
    const message = { provider: party, approved: true, issuedAt: now() };
    const body = await signProviderApproval(wallet, stack.deployment, message);
    expect((await stack.request("/v1/provider-approvals", { body })).status).to.equal(200);
  }

  const signed = (profile: ProfileOptions, by: TestWallet = provider) =>
    signProviderProfile(stack.as(by).wallet, stack.deployment, profile);
  const publish = (body: object) => stack.request("/v1/profiles", { body });

  const market = (basket: unknown, rest = "") =>
    stack.request(`/v1/market?basket=${encodeURIComponent(JSON.stringify(basket))}${rest}`);
  const REQUESTS = [{ meter: "requests", quantity: "3" }];

  it("publishes what the wallet signed, and shows it with the signature and in the market", async () => {
    const body = await signed(WHOLE);
    const { signature, issuedAt, ...rest } = body;
    const said = { ...rest, provider: addressOf(provider) };
    const { status, document } = await publish(body);
    expect(status).to.equal(200);
    expect(document).to.deep.include({
      ...said,
      issuedAt: `${issuedAt}`,
      approved: true,
      signature,
    });
    const shown = await stack.request(`/v1/profiles/${addressOf(provider)}`);
    expect(shown.document).to.deep.equal(document);

    const page = await readMarket(createApi(stack.server.url), {
      basket: [{ meter: "requests", quantity: 3n }],
    });
    expect(page.offers).to.have.length(1);
    const { listed, ...offered } = said;
    expect(page.offers[0]).to.deep.include({ ...offered, totalMicros: 30_000n });
    expect(listed).to.equal(true);
    expect(page.nextCursor).to.equal(null);
  });

  it("lets others keep an answer for a few seconds, with an ETag", async () => {
    const first = await market(REQUESTS);
    expect(first.headers.get("cache-control")).to.equal("public, max-age=5");
    const tag = first.headers.get("etag");
    const path = `/v1/market?basket=${encodeURIComponent(JSON.stringify(REQUESTS))}`;
    const again = await stack.request(path, {
      // Or fetch would ask for a new answer.
      headers: { "if-none-match": tag ?? "", "cache-control": "max-age=0" },
    });
    expect(again.status).to.equal(304);
  });

  it("a profile that was signed earlier replaces nothing, whoever sends it", async () => {
    const at = now();
    const [older, newer] = [
      await signed({ name: "older", issuedAt: at + 1n }),
      await signed({ name: "newer", issuedAt: at + 2n }),
    ];
    expect((await publish(newer)).status).to.equal(200);
    const { document } = await publish(older);
    expect(document).to.include({ reason: "stale_profile", issuedAt: `${at + 2n}` });
    expect((await publish(newer)).status).to.equal(200);
    const same = await signed({ name: "another", issuedAt: at + 2n });
    expectProblem(await publish(same), 409, "stale_profile");
    const shown = await stack.request(`/v1/profiles/${addressOf(provider)}`);
    expect(shown.document).to.include({ name: "newer" });
  });

  it("refuses other signers, changed fields, other chains, and times ahead", async () => {
    const body = await signed(WHOLE);
    for (const change of [
      { name: "South GPU" },
      { provider: addressOf(bob) },
      { endpoints: [] },
      { endpoints: ["https://gpu.example:8443/", "https://gpu.example/v1"] },
      { regions: ["us-1"] },
      { hardware: [] },
      { terms: null },
      { listed: false },
      { issuedAt: `${body.issuedAt + 1n}` },
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- a failure names its change
      expectProblem(await publish({ ...body, ...change }), 403, "invalid_signature");
    }
    const { chainId, contract } = stack.deployment;
    const elsewhere = { chainId: chainId + 1, contract };
    const { wallet } = stack.as(provider);
    const foreign = await signProviderProfile(wallet, elsewhere, WHOLE);
    expectProblem(await publish(foreign), 403, "invalid_signature");
    const ahead = await signed({ ...WHOLE, issuedAt: now() + 600n });
    expectProblem(await publish(ahead), 422, "times_out_of_range");
    expectProblem(await publish(await signed(WHOLE, alice)), 403, "provider_not_approved");
  });

  it("takes a contract wallet's signature (ERC-1271)", async () => {
    const address = await deployWallet(stack.rpcUrl, bob);
    await approve(address);
    const said = { ...WHOLE, endpoints: [], regions: [], hardware: [], listed: true };
    const message = { provider: address, ...said, terms: "", issuedAt: now() };
    const typedData = providerProfileTypedData(stack.deployment, message);
    const signature = await bob.account.sign({ hash: hashTypedData(typedData) });
    expect((await publish({ ...message, terms: null, signature })).status).to.equal(200);
    const wrong = await alice.account.sign({ hash: hashTypedData(typedData) });
    expectProblem(
      await publish({ ...message, terms: null, signature: wrong }),
      403,
      "invalid_signature",
    );
  });

  const hostile: readonly (readonly [field: string, value: unknown])[] = [
    ["name", ""],
    ["name", "a".repeat(81)],
    ["name", "<img src=x onerror=alert(1)>"],
    ["name", "North\u202eUPG"],
    ["name", "North\u200bGPU"],
    ["name", "North\nGPU"],
    ["name", "\u001b[31mNorth"],
    ["name", " North"],
    ["name", "e\u0301"],
    ["name", "n\u0331\u0332\u0333\u0334"],
    ["endpoints", ["http://gpu.example/"]],
    ["endpoints", ["javascript:alert(1)"]],
    ["endpoints", ["https://gpu.example"]],
    ["endpoints", ["https://user:secret@gpu.example/"]],
    ["endpoints", ["https://gpu.example/?key=1"]],
    ["endpoints", ["https://gpu.example/#part"]],
    ["endpoints", ["https://gpu.example/../etc"]],
    ["endpoints", ["https://127.0.0.1/"]],
    ["endpoints", ["https://2130706433/"]],
    ["endpoints", ["https://[::1]/"]],
    ["endpoints", ["https://localhost/"]],
    ["endpoints", ["https://gpu.example\\@evil.example/"]],
    ["endpoints", ["https://gpü.example/"]],
    ["endpoints", ["https://gpu.example/'onclick='x"]],
    ["endpoints", ["https://gpu.example/a b"]],
    ["endpoints", ["https://gpu.example:0/"]],
    ["endpoints", [`https://gpu.example/${"a".repeat(256)}`]],
    ["endpoints", Array.from({ length: 9 }, (_, at) => `https://gpu.example/${at}`)],
    ["endpoints", ["https://gpu.example/", "https://gpu.example/"]],
    ["regions", ["EU West"]],
    ["regions", ["-eu"]],
    ["regions", Array.from({ length: 17 }, (_, at) => `region-${at}`)],
    ["hardware", ["a".repeat(101)]],
    ["hardware", Array.from({ length: 33 }, (_, at) => `${at} x H100`)],
    ["terms", "data:text/html,x"],
    ["listed", "yes"],
    ["issuedAt", "-1"],
    ["unknown", 1],
  ];
  for (const [field, value] of hostile) {
    it(`refuses ${field} ${JSON.stringify(value).slice(0, 60)} before it looks at the signature`, async () => {
      const body = { ...(await signed(WHOLE)), [field]: value };
      const { document } = await publish(body);
      expect(document).to.include({ reason: "invalid_request", status: 400 });
    });
  }

  for (const [what, rest] of [
    ["no basket", ""],
    ["a basket that is no JSON", "?basket=%7B"],
    ["an empty basket", "?basket=%5B%5D"],
    ["a basket that is an object", "?basket=%7B%7D"],
    ["two baskets", "?basket=%5B%5D&basket=%5B%5D"],
    [
      "nine lines",
      `?basket=${JSON.stringify(Array.from({ length: 9 }, () => ({ meter: "a", quantity: 1 })))}`,
    ],
    ["a long text", `?basket=${"9".repeat(4_001)}`],
    ["another field", '?basket=[{"meter":"a","quantity":"1","price":"1"}]'],
    ["a negative quantity", '?basket=[{"meter":"a","quantity":"-1"}]'],
    ["a region that is none", '?basket=[{"meter":"a","quantity":"1"}]&region=%00'],
    ["a page too long", '?basket=[{"meter":"a","quantity":"1"}]&limit=101'],
    ["another parameter", '?basket=[{"meter":"a","quantity":"1"}]&sort=name'],
  ] as const) {
    it(`asked with ${what}: a 400 that names the parameter`, async () => {
      const answer = await stack.request(`/v1/market${rest.replaceAll('"', "%22")}`);
      expectProblem(answer, 400, "invalid_request");
    });
  }

  it("asked with a cursor of nowhere: says so", async () => {
    const answer = await market(REQUESTS, "&cursor=1");
    expectProblem(answer, 400, "invalid_cursor");
  });

  it("the largest quantity and a huge total: no offer, and no failure", async () => {
    const most = `${2n ** 63n - 1n}`;
    const { status, document } = await market([{ meter: "requests", quantity: most }]);
    expect([status, document["offers"]]).to.deep.equal([200, []]);
  });

  it("two offers at one price: pages have each once, in the order of addresses", async () => {
    const later = now() + 10n;
    expect((await publish(await signed({ ...WHOLE, issuedAt: later }))).status).to.equal(200);
    const theirs = await signed({ name: "Bob's", issuedAt: later }, bob);
    expect((await publish(theirs)).status).to.equal(200);
    const work = [{ meter: "requests", quantity: "4" }];
    const { document } = await market(work, "&limit=2");
    const offers = document["offers"];
    expect(offers).to.be.an("array").with.length(2);
    const [first] = [addressOf(bob), addressOf(provider)].toSorted();
    expect(document).to.have.nested.property("offers[0].provider", first);
    const one = await market(work, "&limit=1");
    expect(one.document).to.have.nested.property("offers[0].provider", first);
    const cursor = String(one.document["nextCursor"]);
    const two = await market(work, `&limit=1&cursor=${cursor}`);
    expect(two.document["offers"]).to.deep.equal(Array.isArray(offers) ? offers.slice(1) : null);
  });

  it("records who published, in the transaction of the change, and nothing of what changes nothing", async () => {
    const body = await signed({ name: "Recorded", issuedAt: now() + 20n }, bob);
    await publish(body);
    await publish(body);
    const headers = await stack.readAs(operator);
    const path = `/v1/acts?provider=${addressOf(bob)}&act=publishProfile&limit=1000`;
    const { document } = await stack.request(path, { headers });
    const acts: unknown = document["acts"];
    const recorded = (Array.isArray(acts) ? acts : []).filter((act: unknown) =>
      JSON.stringify(act).includes("Recorded"),
    );
    expect(recorded).to.have.length(1);
    expect(recorded[0]).to.deep.include({
      act: "publishProfile",
      actor: { kind: "signature", id: addressOf(bob) },
    });
  });

  it("a profile that nobody published: a 404 that says so", async () => {
    const answer = await stack.request(`/v1/profiles/${addressOf(alice)}`);
    expectProblem(answer, 404, "profile_not_found");
  });
});
