import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type RequestListener, createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { UnsecuredJWT, exportSPKI, generateKeyPair } from "jose";

import { attestationNonce } from "@compute-credits/protocol/messages/usageEvidence";
import { type AttestationHook, openAttestationHook } from "../../server/attestation.ts";
import { ISSUER, openAttester } from "../fixtures/attestations.ts";

const EVENT = {
  provider: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
  eventId: "job-4711/gpu",
} as const;

/** Opens a hook on a server that answers so. */
async function withServer(
  answer: RequestListener,
  work: (remote: AttestationHook, asked: () => number) => Promise<void>,
): Promise<void> {
  let count = 0;
  const server = createServer((req, res) => {
    count++;
    answer(req, res);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const jwks = `http://127.0.0.1:${address.port}/jwks.json`;
  try {
    await work(await openAttestationHook({ jwks, issuer: ISSUER }), () => count);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("the hook for attestation tokens", () => {
  let folder: string;
  let attester: Awaited<ReturnType<typeof openAttester>>;
  let hook: AttestationHook;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-test-"));
    attester = await openAttester();
    const path = join(folder, "jwks.json");
    await writeFile(path, JSON.stringify(attester.jwks));
    hook = await openAttestationHook({ jwks: path, issuer: ISSUER });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("takes a token of the issuer, and says whether it was made for the event", async () => {
    expect(await hook.check(await attester.token(), EVENT)).to.deep.include({
      verified: true,
      issuer: ISSUER,
      nonceIsOfEvent: false,
    });
    const nonce = attestationNonce(EVENT).slice(2);
    const bound = await attester.token({ eat_nonce: nonce });
    expect(await hook.check(bound, EVENT)).to.include({ nonceIsOfEvent: true });
    const other = { ...EVENT, eventId: "job-4711/other" };
    expect(await hook.check(bound, other)).to.include({ verified: true, nonceIsOfEvent: false });
  });

  const refused: readonly (readonly [what: string, make: () => Promise<string>])[] = [
    ["another key", async () => (await openAttester()).token()],
    ["a key of another name", async () => (await openAttester("another")).token()],
    ["another issuer", () => attester.token({}, { issuer: "https://evil.example" })],
    ["an end in the past", () => attester.token({}, { lifeSeconds: -120 })],
    ["a beginning in the future", () => attester.token({ nbf: Date.now() / 1_000 + 600 })],
    ["a bad result", () => attester.token({ "x-nvidia-overall-att-result": false })],
    ["no result", () => attester.token({ "x-nvidia-overall-att-result": undefined })],
    ["a result in words", () => attester.token({ "x-nvidia-overall-att-result": "true" })],
    [
      "the algorithm none",
      () =>
        Promise.resolve(
          new UnsecuredJWT({ "x-nvidia-overall-att-result": true })
            .setIssuer(ISSUER)
            .setIssuedAt()
            .setExpirationTime("1h")
            .encode(),
        ),
    ],
    [
      "the public key as a secret (HS384)",
      async () => {
        const secret = new TextEncoder().encode(await exportSPKI(attester.publicKey));
        return await attester.token({}, { key: secret, alg: "HS384" });
      },
    ],
    [
      "another algorithm (ES256)",
      async () => {
        const { privateKey } = await generateKeyPair("ES256");
        return await attester.token({}, { key: privateKey, alg: "ES256" });
      },
    ],
    [
      "a changed payload",
      async () => (await attester.token()).replace(/\.(.)/, (_, a) => `.${a === "e" ? "f" : "e"}`),
    ],
    ["no token at all", () => Promise.resolve("a.b.c")],
  ];
  for (const [what, make] of refused) {
    it(`refuses ${what}`, async () => {
      expect(await hook.check(await make(), EVENT)).to.equal("refused");
    });
  }

  it("refuses a file that is none of keys, when it opens", async () => {
    const path = join(folder, "none.json");
    await writeFile(path, "{}");
    for (const jwks of [path, join(folder, "missing.json")]) {
      // oxlint-disable-next-line no-await-in-loop -- two files
      const said = await openAttestationHook({ jwks, issuer: ISSUER }).catch(String);
      expect(said).to.include("is no file of keys");
    }
  });

  describe("with the keys at a URL", () => {
    it("reads them once for many tokens, also for a token that names another key", async () => {
      await withServer(
        (_req, res) => res.end(JSON.stringify(attester.jwks)),
        async (remote, asked) => {
          const token = await attester.token();
          for (let round = 0; round < 3; round++) {
            // oxlint-disable-next-line no-await-in-loop -- one after the other
            expect(await remote.check(token, EVENT)).to.include({ verified: true });
          }
          const unknown = await (await openAttester("another")).token();
          expect(await remote.check(unknown, EVENT)).to.equal("refused");
          expect(asked()).to.equal(1);
        },
      );
    });

    const unavailable: readonly (readonly [what: string, answer: RequestListener])[] = [
      ["an error", (_req, res) => res.writeHead(500).end("{}")],
      ["a redirect", (_req, res) => res.writeHead(302, { location: "http://127.0.0.1:1/" }).end()],
      ["no JSON", (_req, res) => res.end("<html>")],
      ["other JSON", (_req, res) => res.end('{"keys": 1}')],
      ["an endless answer", (_req, res) => res.end(`"${"a".repeat(300_000)}"`)],
      ["a broken connection", (req) => req.socket.destroy()],
    ];
    for (const [what, answer] of unavailable) {
      it(`answered with ${what}: knows nothing, and refuses nothing`, async () => {
        await withServer(answer, async (remote) => {
          expect(await remote.check(await attester.token(), EVENT)).to.deep.equal({
            verified: false,
            issuer: null,
            nonceIsOfEvent: false,
            expiresAt: null,
          });
        });
      });
    }
  });
});
