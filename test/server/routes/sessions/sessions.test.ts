import { expect } from "chai";
import { type Address, type Hex, concat, createTestClient, http } from "viem";
import { hardhat } from "viem/chains";
import { createSiweMessage } from "viem/siwe";

import { signIn } from "@compute-credits/client/wallet/signIn";
import { SIGN_IN_SECONDS } from "@compute-credits/rules/sessions/signIn";
import { type TestWallet, wallets } from "../../../../scripts/local/wallets.ts";
import { SESSIONS } from "../../../../server/stores/sessions/sessionStore.ts";
import { deployWallet, moodCall } from "../../../fixtures/contractWallet.ts";
import { type Answer, type RequestOptions, expectProblem, send } from "../../../fixtures/http.ts";
import { hexOf, listOf } from "../../../fixtures/httpApi.ts";
import { type MeteredStack, addressOf, startMeteredStack } from "../../../fixtures/meteredStack.ts";
import { undeployedWallet } from "../../../fixtures/undeployedWallet.ts";
import { type TwoServers, startTwoServers } from "../../../fixtures/secondServer.ts";

const { alice, bob } = wallets;

const URL_OF_SERVER = "https://meter.example";
const PAGE = "https://app.example";
const STRANGE_PAGE = "https://evil.example";
const SECURE_COOKIE = "__Host-ccs";

const ORIGINS = { PUBLIC_URLS: URL_OF_SERVER, ALLOWED_ORIGINS: PAGE };

/** The fields of a sign-in message that a test changes. */
type Changes = Partial<Parameters<typeof createSiweMessage>[0]>;

const withByte = (byKey: Hex) => concat([byKey, "0x00"]);
const from = (origin: string, cookie?: string) => ({
  origin,
  ...(cookie === undefined ? {} : { cookie: `${SECURE_COOKIE}=${cookie}` }),
});

const bearer = (token: unknown) => ({ authorization: `Bearer ${String(token)}` });

describe("signing in", () => {
  let stack: MeteredStack;
  let second: TwoServers;

  before(async () => {
    second = await startTwoServers(ORIGINS);
    ({ stack } = second);
  });
  after(() => second.stop());

  const post = (path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
    stack.request(path, { body, headers });
  const atSecond = (path: string, parts: RequestOptions = {}) =>
    send(`${second.url}${path}`, parts);

  async function newNonce(): Promise<string> {
    const { document } = await post("/v1/sessions/nonce");
    return String(document["nonce"]);
  }

  async function messageOf(address: Address, changes: Changes = {}): Promise<string> {
    return createSiweMessage({
      domain: "meter.example",
      uri: URL_OF_SERVER,
      address,
      version: "1",
      chainId: stack.deployment.chainId,
      nonce: await newNonce(),
      issuedAt: new Date(),
      ...changes,
    });
  }

  async function bodyOf({ account }: TestWallet, changes: Changes = {}) {
    const message = await messageOf(account.address, changes);
    return { message, signature: await account.signMessage({ message }) };
  }

  async function signedIn(wallet: TestWallet, more: object = {}): Promise<Answer> {
    const answer = await post("/v1/sessions", { ...(await bodyOf(wallet)), ...more });
    expect(answer.status, JSON.stringify(answer.document)).to.equal(201);
    return answer;
  }

  const kindOf = async (headers: Record<string, string>) =>
    (await stack.request("/v1/me", { headers })).document["kind"];

  async function signInAs(address: Address, wrap: (byKey: Hex) => Hex): Promise<Answer> {
    const message = await messageOf(address);
    const signature = wrap(await bob.account.signMessage({ message }));
    return await post("/v1/sessions", { message, signature });
  }

  async function run(to: Address, data: Hex): Promise<void> {
    const { wallet, client } = stack.as(bob);
    const { account } = bob;
    const hash = await wallet.sendTransaction({ to, data, account, chain: hardhat });
    await client.waitForTransactionReceipt({ hash });
  }

  async function cookieOf(wallet: TestWallet): Promise<string> {
    const { headers, document } = await signedIn(wallet, { as: "cookie" });
    expect(document).not.to.have.property("token");
    const set = headers.get("set-cookie") ?? "";
    expect(set).to.match(
      /^__Host-ccs=ccs_[0-9a-f]{64}; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Strict$/,
    );
    return /=(ccs_[0-9a-f]+)/.exec(set)?.[1] ?? "";
  }

  describe("with a key", () => {
    for (const as of ["bearer", "cookie"]) {
      it(`with an Idempotency-Key as a ${as}: gives the token out once, and stores it nowhere`, async () => {
        const body = { ...(await bodyOf(alice)), as };
        const key = { "idempotency-key": `sign in as ${as}` };
        const first = await post("/v1/sessions", body, key);
        expect(first.status, JSON.stringify(first.document)).to.equal(201);
        const again = await post("/v1/sessions", body, key);
        expectProblem(again, 409, "answer_not_kept");
        expect(again.document["id"]).to.equal(first.document["id"]);
        expect(again.headers.has("set-cookie")).to.equal(false);
      });
    }

    it("with a session that ended: an Idempotency-Key answers nothing again", async () => {
      const { document } = await signedIn(alice, { as: "bearer" });
      const account = addressOf(bob);
      const headers = { ...bearer(document["token"]), "idempotency-key": "before the end" };
      const first = await post("/v1/acceptances", { account }, headers);
      const again = await post("/v1/acceptances", { account }, headers);
      expect(again.headers.get("idempotency-replayed")).to.equal("true");
      expect(again.document).to.deep.equal(first.document);
      await post("/v1/sessions/current/revocation", {}, bearer(document["token"]));
      const ended = await post("/v1/acceptances", { account }, headers);
      expectProblem(ended, 401, "unknown_session");
    });

    it("gives a token that is shown once and that names the wallet", async () => {
      const { wallet } = stack.as(alice);
      const asked = await post("/v1/sessions/nonce");
      expect(asked.headers.get("cache-control")).to.equal("no-store");
      const { nonce, chainId } = asked.document;
      expect(chainId).to.equal(31_337);
      const body = await signIn(wallet, {
        url: URL_OF_SERVER,
        nonce: String(nonce),
        chainId: Number(chainId),
      });
      const { status, document, headers } = await post("/v1/sessions", { ...body, label: "CLI" });
      expect(status).to.equal(201);
      expect(document["token"]).to.match(/^ccs_[0-9a-f]{64}$/);
      expect(document).to.deep.include({ address: addressOf(alice), label: "CLI" });
      expect(headers.get("set-cookie")).to.equal(null);
      const week = new Date(String(document["expiresAt"])).getTime() - Date.now();
      expect(week).to.be.within(604_700_000, 604_800_000);

      const listed = await stack.request("/v1/sessions", { headers: bearer(document["token"]) });
      const shown = listOf(listed.document["sessions"]).find(({ id }) => id === document["id"]);
      expect(shown).to.deep.include({ isCurrent: true, label: "CLI" });
      expect(JSON.stringify(listed.document)).not.to.include("ccs_");
    });

    it("ends when the message says so, if that is earlier", async () => {
      const expirationTime = new Date(Date.now() + 60_000);
      const { document } = await post("/v1/sessions", await bodyOf(alice, { expirationTime }));
      expect(document["expiresAt"]).to.equal(expirationTime.toISOString());
    });

    it("is refused for another's signature", async () => {
      const message = await messageOf(alice.account.address);
      const signature = await bob.account.signMessage({ message });
      expectProblem(await post("/v1/sessions", { message, signature }), 401, "invalid_signature");
      const junk = { message, signature: "0x00" };
      expectProblem(await post("/v1/sessions", junk), 401, "invalid_signature");
    });

    it("is refused for another domain, URI, chain or time, each by its name", async () => {
      const now = Date.now();
      const cases: readonly [Changes, string][] = [
        [{ domain: "evil.example" }, "domain"],
        [{ domain: "meter.example:8080" }, "domain"],
        [{ scheme: "http" }, "domain"],
        [{ uri: STRANGE_PAGE }, "uri"],
        [{ uri: "did:example:1" }, "uri"],
        [{ uri: URL_OF_SERVER.replace("://", "://evil.example@") }, "uri"],
        [{ chainId: 1 }, "chainId"],
        [{ issuedAt: new Date(now - (SIGN_IN_SECONDS + 1) * 1_000) }, "issuedAt"],
        [{ issuedAt: new Date(now + 120_000) }, "issuedAt"],
        [{ expirationTime: new Date(now - 1) }, "expirationTime"],
        [{ notBefore: new Date(now + 60_000) }, "notBefore"],
        [{ nonce: "a".repeat(72) }, "nonce"],
        [{ nonce: "abcdefgh" }, "nonce"],
      ];
      for (const [changes, field] of cases) {
        // oxlint-disable-next-line no-await-in-loop -- a few cases
        const answer = await post("/v1/sessions", await bodyOf(alice, changes));
        expectProblem(answer, 403, "sign_in_refused");
        expect(answer.document["field"], JSON.stringify(changes)).to.equal(field);
      }
    });

    it("is refused for a text that only contains a message", async () => {
      const message = await messageOf(alice.account.address);
      for (const text of [`${message}\nand more`, `I agree.\n${message}`, "x", "", "\u0000"]) {
        // oxlint-disable-next-line no-await-in-loop -- a few cases
        const signature = await alice.account.signMessage({ message: text });
        // oxlint-disable-next-line no-await-in-loop -- a few cases
        const answer = await post("/v1/sessions", { message: text, signature });
        expectProblem(answer, 400, "invalid_request");
      }
    });

    it("uses a nonce once, also if two servers get it at once", async () => {
      const body = await bodyOf(alice);
      const answers = await Promise.all([
        post("/v1/sessions", body),
        atSecond("/v1/sessions", { body }),
        post("/v1/sessions", body),
        atSecond("/v1/sessions", { body }),
      ]);
      const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
      expect(statuses).to.deep.equal([201, 409, 409, 409]);
      expectProblem(await post("/v1/sessions", body), 409, "nonce_used");
      // Another wallet cannot use it, either.
      const { message } = body;
      const [, nonce = ""] = /Nonce: (\w+)/.exec(message) ?? [];
      expectProblem(await post("/v1/sessions", await bodyOf(bob, { nonce })), 409, "nonce_used");
    });

    it("keeps the sessions of an address that were used last", async () => {
      const { sessions } = stack.context.callers;
      const first = await signedIn(bob);
      for (let count = 0; count < SESSIONS.perAddress; count++) {
        // oxlint-disable-next-line no-await-in-loop -- in this order
        await sessions.open({
          address: addressOf(bob),
          label: "",
          expiresAt: new Date(Date.now() + 60_000),
          nonce: `0x${count.toString(16).padStart(32, "b")}`,
          nonceExpiresAt: new Date(),
        });
      }
      expect(await sessions.ofAddress(addressOf(bob))).to.have.length(SESSIONS.perAddress);
      const answer = await stack.request("/v1/me", { headers: bearer(first.document["token"]) });
      expectProblem(answer, 401, "unknown_session");
      expect((await signedIn(bob)).status).to.equal(201);
    });
  });

  describe("with a contract wallet", () => {
    it("asks the wallet (ERC-1271)", async () => {
      const address = await deployWallet(stack.rpcUrl, bob);
      const answer = await signInAs(address, withByte);
      expect(answer.status).to.equal(201);
      expect(answer.document["address"]).to.equal(address);
      for (const mood of ["disowning", "reverting", "answeringJunk", "burningGas"] as const) {
        // oxlint-disable-next-line no-await-in-loop -- one wallet
        await run(address, moodCall(mood));
        // oxlint-disable-next-line no-await-in-loop -- one wallet
        expectProblem(await signInAs(address, withByte), 401, "invalid_signature");
      }
    });

    it("asks the code that a key delegated to (EIP-7702)", async () => {
      const code = await deployWallet(stack.rpcUrl, bob);
      const client = createTestClient({
        mode: "hardhat",
        transport: http(stack.rpcUrl),
        chain: hardhat,
      });
      const address = bob.account.address;
      await client.setCode({ address, bytecode: concat(["0xef0100", code]) });
      try {
        expect((await signInAs(addressOf(bob), withByte)).status).to.equal(201);
        expect((await signInAs(addressOf(bob), (byKey) => byKey)).status).to.equal(201);
      } finally {
        await client.setCode({ address, bytecode: "0x" });
      }
    });

    it("asks a wallet that is not deployed yet (ERC-6492), and again once it is", async () => {
      const { address, wrap, factory } = await undeployedWallet(stack.rpcUrl, bob);
      const { client } = stack.as(bob);
      const answer = await signInAs(address, wrap);
      expect(answer.status, JSON.stringify(answer.document)).to.equal(201);
      expect(answer.document["address"]).to.equal(address);
      expect(await client.getCode({ address })).to.equal(undefined);

      const strange = await undeployedWallet(stack.rpcUrl, alice);
      expectProblem(await signInAs(strange.address, strange.wrap), 401, "invalid_signature");
      // The factory makes bob's wallet, which is not at alice's address.
      expectProblem(await signInAs(addressOf(alice), wrap), 401, "invalid_signature");

      await run(factory.to, factory.data);
      expect((await signInAs(address, wrap)).status).to.equal(201);
      expect((await signInAs(address, withByte)).status).to.equal(201);
      await run(address, moodCall("disowning"));
      // How to deploy it may not bring a deployed wallet into another mood.
      expectProblem(await signInAs(address, wrap), 401, "invalid_signature");
    });
  });

  describe("from a page", () => {
    it("sets a cookie that no script reads, and forgets it with the session", async () => {
      const cookie = await cookieOf(alice);
      expect(await kindOf({ cookie: `${SECURE_COOKIE}=${cookie}` })).to.equal("session");
      // Another host of the domain could have set a cookie without the prefix.
      expect(await kindOf({ cookie: `ccs=${cookie}` })).to.equal("anyone");
      const ended = await post("/v1/sessions/current/revocation", {}, from(PAGE, cookie));
      expect(ended.status).to.equal(200);
      expect(ended.headers.get("set-cookie")).to.match(/^__Host-ccs=; .*Expires=Thu, 01 Jan 1970/);
      const after = await stack.request("/v1/me", { headers: from(PAGE, cookie) });
      expectProblem(after, 401, "unknown_session");
    });

    it("refuses a cookie that a foreign page sends, or one without its origin", async () => {
      const cookie = await cookieOf(alice);
      const path = "/v1/sessions/revocation";
      for (const origin of [STRANGE_PAGE, "null", "http://app.example", `${PAGE}:444`]) {
        // oxlint-disable-next-line no-await-in-loop -- a few origins
        expectProblem(await post(path, {}, from(origin, cookie)), 403, "foreign_origin");
      }
      const without = { cookie: `${SECURE_COOKIE}=${cookie}` };
      expectProblem(await post(path, {}, without), 403, "foreign_origin");
      expect(await kindOf(without)).to.equal("session");
      expect((await post(path, {}, from(URL_OF_SERVER, cookie))).status).to.equal(200);
    });

    it("refuses to sign in from a foreign page, or from another than the message names", async () => {
      const body = await bodyOf(alice);
      expectProblem(await post("/v1/sessions", body, from(STRANGE_PAGE)), 403, "foreign_origin");
      expectProblem(
        await post("/v1/sessions/nonce", {}, from(STRANGE_PAGE)),
        403,
        "foreign_origin",
      );
      const other = await post("/v1/sessions", body, from(PAGE));
      expectProblem(other, 403, "sign_in_refused");
      expect(other.document["field"]).to.equal("domain");
      const own = await bodyOf(alice, { domain: "app.example", uri: PAGE });
      expect((await post("/v1/sessions", own, from(PAGE))).status).to.equal(201);
    });

    it("signs in although the browser still has a cookie that ended", async () => {
      const headers = from(URL_OF_SERVER, `ccs_${"0".repeat(64)}`);
      expect((await post("/v1/sessions", await bodyOf(alice), headers)).status).to.equal(201);
    });
  });

  describe("ends", () => {
    it("at once on another server", async () => {
      const { document } = await signedIn(alice);
      const headers = bearer(document["token"]);
      expect((await atSecond("/v1/me", { headers })).status).to.equal(200);
      const path = `/v1/sessions/${String(document["id"])}/revocation`;
      expect((await post(path, {}, headers)).status).to.equal(200);
      expectProblem(await atSecond("/v1/me", { headers }), 401, "unknown_session");
    });

    it("for all of an address, and for no other", async () => {
      const [one, two, others] = [
        await signedIn(alice),
        await signedIn(alice),
        await signedIn(bob),
      ];
      const answer = await post("/v1/sessions/revocation", {}, bearer(one.document["token"]));
      expect(answer.status).to.equal(200);
      expect(answer.document["revoked"]).to.be.a("number").at.least(2);
      for (const { document } of [one, two]) {
        // oxlint-disable-next-line no-await-in-loop -- two sessions
        const again = await stack.request("/v1/me", { headers: bearer(document["token"]) });
        expectProblem(again, 401, "unknown_session");
      }
      expect(await kindOf(bearer(others.document["token"]))).to.equal("session");
    });

    it("only by its own address", async () => {
      const ofAlice = await signedIn(alice);
      const ofBob = bearer((await signedIn(bob)).document["token"]);
      const path = `/v1/sessions/${hexOf(ofAlice.document["id"])}/revocation`;
      expectProblem(await post(path, {}, ofBob), 404, "session_not_found");
      expectProblem(await post(path), 401, "missing_credentials");
      expectProblem(await post("/v1/sessions/0x1/revocation", {}, ofBob), 400, "invalid_request");
      expect(await kindOf(bearer(ofAlice.document["token"]))).to.equal("session");
      const listed = await stack.request("/v1/sessions", { headers: ofBob });
      const ids = listOf(listed.document["sessions"]).map(({ id }) => id);
      expect(ids).not.to.include(ofAlice.document["id"]);
    });

    it("not by a key", async () => {
      const key = await stack.registerIssuingKey(alice);
      expectProblem(await stack.request("/v1/sessions", { key }), 403, "session_needed");
      expectProblem(await post("/v1/sessions/revocation", {}, bearer(key)), 403, "session_needed");
      expectProblem(await stack.request("/v1/sessions"), 401, "missing_credentials");
    });
  });
});

describe("signing in to a server without a public URL", () => {
  let stack: MeteredStack;

  before(async () => {
    stack = await startMeteredStack("PGlite");
  });
  after(() => stack.stop());

  async function signInAt(url: string, headers: Record<string, string> = {}): Promise<Answer> {
    const { document } = await stack.request("/v1/sessions/nonce", { body: {}, headers });
    const { nonce, chainId } = document;
    const request = { url, nonce: String(nonce), chainId: Number(chainId) };
    const signed = await signIn(stack.as(alice).wallet, request);
    return await stack.request("/v1/sessions", { body: { ...signed, as: "cookie" }, headers });
  }

  it("works under the names of this machine and its port only", async () => {
    const { port } = new URL(stack.server.url);
    for (const url of [`http://127.0.0.1:${port}`, `http://localhost:${port}`]) {
      // oxlint-disable-next-line no-await-in-loop -- two names
      const answer = await signInAt(url, { origin: url });
      expect(answer.status, JSON.stringify(answer.document)).to.equal(201);
      const cookie = answer.headers.get("set-cookie") ?? "";
      expect(cookie).to.match(/^ccs=ccs_\w+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/);
    }
    for (const url of ["http://127.0.0.1:1", `https://127.0.0.1:${port}`, URL_OF_SERVER]) {
      // oxlint-disable-next-line no-await-in-loop -- a few names
      expectProblem(await signInAt(url), 403, "sign_in_refused");
    }
  });
});
