import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { signMeterKey, signMeterKeyRevocation } from "@compute-credits/client/wallet/meterKey";
import { type MeterEvidence, signEvidence } from "@compute-credits/client/wallet/usageEvidence";
import type { SignedEvidence } from "@compute-credits/protocol/json/evidence";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { attestationNonce } from "@compute-credits/protocol/messages/usageEvidence";
import { type TestWallet, wallets } from "../../../../scripts/local/wallets.ts";
import { openAttester } from "../../../fixtures/attestations.ts";
import { type Answer, expectProblem } from "../../../fixtures/http.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  startMeteredStack,
} from "../../../fixtures/meteredStack.ts";

const { alice, bob, operator, provider, signer } = wallets;
const SEEN = { utilisationBps: 9_300, energyMillijoules: 31_500_000n };

describe("evidence", () => {
  let stack: MeteredStack;
  let folder: string;
  let attester: Awaited<ReturnType<typeof openAttester>>;
  let key: string;
  const apiKey = createApiKey();
  const spender = apiKeySpender(apiKey);
  const meter = privateKeyToAccount(generatePrivateKey());
  const source = addressOf(provider);
  /** of all events, so that a repetition is one */
  const time = new Date().toISOString();
  let events = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-test-"));
    attester = await openAttester();
    const jwks = join(folder, "jwks.json");
    await writeFile(jwks, JSON.stringify(attester.jwks));
    stack = await startMeteredStack("PGlite", { environment: { ATTESTATION_JWKS: jwks } });
    key = await stack.registerProvider(provider);
    await stack.buyAndWait(alice, 100_000_000n);
    await stack.postAccepted(await stack.sign(alice, { spender }));
    await stack.request("/v1/provider-access", { body: { apiKey }, key });
    await register(meter.address);
  });
  after(async () => {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function register(meterKey: `0x${string}`, by: TestWallet = provider): Promise<Answer> {
    const body = await signMeterKey(stack.as(by).wallet, stack.deployment, meterKey);
    return await stack.request("/v1/meter-keys", { body });
  }

  const sign = (
    eventId: string,
    {
      quantity = 1n,
      by = meter,
      seen = SEEN,
    }: { quantity?: bigint; by?: typeof meter; seen?: MeterEvidence } = {},
  ) => signEvidence(by, stack.deployment, { provider: source, eventId, quantity }, seen);

  const newId = () => `event-${++events}`;

  function plain(id: string, quantity = 1) {
    return { ...cloudEvent(spender, { quantity }), id, time };
  }
  function eventOf(id: string, evidence: unknown, quantity = 1) {
    const event = plain(id, quantity);
    return { ...event, data: { ...event.data, evidence } };
  }
  const report = (body: object) => stack.request("/v1/usage", { body, key });

  async function explain(id: string, headers: Readonly<Record<string, string>>): Promise<unknown> {
    const path = `/v1/debits/${source}/explain?eventId=${encodeURIComponent(id)}`;
    const { document } = await stack.request(path, { headers });
    return document["evidence"];
  }

  it("of an event: is recorded beside it, and explained to payer and auditor only", async () => {
    const id = newId();
    const evidence = await sign(id);
    const { status, document } = await report(eventOf(id, evidence));
    expect([status, document["evidence"]]).to.deep.equal([201, "recorded"]);

    for (const reader of [alice, signer]) {
      // oxlint-disable-next-line no-await-in-loop -- a failure names its reader
      const shown = await explain(id, await stack.readAs(reader));
      expect(shown).to.deep.include({ ...evidence, meterKeyRevokedAt: null, attested: null });
    }
    const view = await stack.viewKeyOf(addressOf(alice));
    expect(await explain(id, { authorization: `Bearer ${view}` })).to.deep.include(evidence);
    expect(await explain(id, { authorization: `Bearer ${key}` })).to.equal(null);
    expect(await explain(id, { authorization: `Bearer ${apiKey}` })).to.equal(null);
    expect(await explain(id, await stack.readAs(provider))).to.equal(null);
    const { status: stranger } = await stack.request(`/v1/debits/${source}/explain?eventId=${id}`, {
      headers: await stack.readAs(bob),
    });
    expect(stranger).to.equal(404);
  });

  it("an event without evidence: has none in its answer, and `null` in its explanation", async () => {
    const id = newId();
    const { document } = await report(plain(id));
    expect(document).not.to.have.property("evidence");
    expect(await explain(id, await stack.readAs(alice))).to.equal(null);
  });

  it("a repetition with other evidence: the charge's first outcome, and the first evidence stays", async () => {
    const id = newId();
    const evidence = await sign(id);
    const first = await report(eventOf(id, evidence));
    const other = await sign(id, { seen: { utilisationBps: 1 } });
    const again = await report(eventOf(id, other));
    expect(again.status).to.equal(200);
    expect(again.document).to.deep.equal({
      ...first.document,
      repeated: true,
      evidence: "other_on_record",
    });
    expect((await report(eventOf(id, evidence))).document["evidence"]).to.equal("recorded");
    expect(await explain(id, await stack.readAs(alice))).to.deep.include(evidence);
  });

  it("a repetition with evidence, of an event that has none: records it", async () => {
    const id = newId();
    await report(plain(id));
    const event = eventOf(id, await sign(id));
    const { status, document } = await report(event);
    expect([status, document["evidence"]]).to.deep.equal([200, "recorded"]);
  });

  it("the price is the same, with or without evidence", async () => {
    const [one, two] = [newId(), newId()];
    const bare = await report(plain(one, 7));
    const shown = await report(eventOf(two, await sign(two, { quantity: 7n }), 7));
    expect(shown.document["costMicros"]).to.equal(bare.document["costMicros"]);
  });

  const bad: readonly (readonly [
    what: string,
    reason: string,
    make: (id: string) => Promise<unknown>,
  ])[] = [
    [
      "a forged signature",
      "forged_evidence",
      async (id) => ({ ...(await sign(id)), signature: `0x${"12".repeat(64)}1b` }),
    ],
    [
      "a signature that is none",
      "forged_evidence",
      async (id) => ({ ...(await sign(id)), signature: `0x${"00".repeat(65)}` }),
    ],
    [
      "another registered key's name",
      "forged_evidence",
      async (id) => {
        const other = privateKeyToAccount(generatePrivateKey());
        await register(other.address);
        return { ...(await sign(id)), meterKey: other.address };
      },
    ],
    [
      "a key that nobody registered",
      "unknown_meter_key",
      (id) => sign(id, { by: privateKeyToAccount(generatePrivateKey()) }),
    ],
    ["another event's evidence", "forged_evidence", () => sign("another-event")],
    ["another quantity", "forged_evidence", (id) => sign(id, { quantity: 2n })],
    [
      "a changed content",
      "forged_evidence",
      async (id) => ({ ...(await sign(id)), content: '{"utilisationBps":1}' }),
    ],
    ["an empty content", "invalid_evidence", (id) => sign(id, { seen: {} })],
    [
      "an unknown field",
      "invalid_evidence",
      async (id) => ({ ...(await sign(id)), content: '{"utilisationBps":1,"price":1}' }),
    ],
    [
      "a content that is no JSON",
      "invalid_evidence",
      async (id) => ({ ...(await sign(id)), content: "<b>" }),
    ],
    [
      "a utilisation above all",
      "invalid_evidence",
      (id) => sign(id, { seen: { utilisationBps: 10_001 } }),
    ],
    [
      "a field that stands twice",
      "invalid_evidence",
      async (id) => ({ ...(await sign(id)), content: '{"utilisationBps":1,"utilisationBps":2}' }),
    ],
    [
      "a hidden field",
      "invalid_evidence",
      async (id) => ({ ...(await sign(id)), content: '{"utilisationBps":1,"__proto__":{"a":1}}' }),
    ],
    [
      "space between the fields",
      "invalid_evidence",
      async (id) => ({ ...(await sign(id)), content: '{"utilisationBps": 1}' }),
    ],
    [
      "an oversize content",
      "invalid_event",
      async (id) => ({ ...(await sign(id)), content: "é".repeat(8_200) }),
    ],
    ["a text in place of it", "invalid_event", () => Promise.resolve("evidence")],
    ["another field beside it", "invalid_event", async (id) => ({ ...(await sign(id)), price: 1 })],
  ];
  for (const [what, reason, make] of bad) {
    it(`with ${what}: ${reason}, and nothing is charged`, async () => {
      const id = newId();
      const before = await stack.balances();
      const { status, document } = await report(eventOf(id, await make(id)));
      expect(status).to.be.within(400, 499);
      expect(document["reason"]).to.equal(reason);
      expect(await stack.balances()).to.deep.equal(before);
      // The id is free: the event can be sent again without it.
      expect((await report(plain(id))).status).to.equal(201);
    });
  }

  it("in a batch: a bad one is refused by itself, and with its group", async () => {
    const ids = Array.from({ length: 4 }, newId);
    const [good = "", wrong = "", inGroup = "", alsoInGroup = ""] = ids;
    const batch = [
      eventOf(good, await sign(good)),
      eventOf(wrong, await sign("another")),
      { ...eventOf(inGroup, await sign("another")), group: "g" },
      { ...plain(alsoInGroup), group: "g" },
    ];
    const { document } = await report(batch);
    expect(document).to.include({ debited: 1, refused: 3 });
    expect(document).to.have.nested.property("outcomes[0].evidence", "recorded");
    expect(document).to.have.nested.property("outcomes[1].problem.reason", "forged_evidence");
    expect(document).to.have.nested.property("outcomes[2].problem.reason", "forged_evidence");
    expect(document).to.have.nested.property("outcomes[3].problem.reason", "group_refused");
  });

  it("of one event that stands twice in a batch: the first is recorded, and the other told so", async () => {
    const id = newId();
    const other = await sign(id, { seen: { utilisationBps: 1 } });
    const { document } = await report([eventOf(id, await sign(id)), eventOf(id, other)]);
    expect(document).to.have.nested.property("outcomes[0].evidence", "recorded");
    expect(document).to.have.nested.property("outcomes[1].evidence", "other_on_record");
    expect(document).to.have.nested.property("outcomes[1].repeated", true);
  });

  it("of more than a hundred events in a request: refused, and nothing is charged", async () => {
    const evidence = await sign("one");
    const batch = Array.from({ length: 101 }, () => eventOf(newId(), evidence));
    const before = await stack.balances();
    expectProblem(await report(batch), 413, "too_much_evidence");
    expect(await stack.balances()).to.deep.equal(before);
  });

  it("of a capture, of one line and of several: is recorded, once", async () => {
    const hold = { spender, ttlSeconds: 60 };
    const one = { ...hold, id: "hold-1", meter: "requests", quantity: 5 };
    expect((await stack.request("/v1/holds", { body: one, key })).status).to.equal(201);
    const eventId = newId();
    const body = {
      eventId,
      quantity: "2",
      evidence: await sign(eventId, { quantity: 2n }),
      final: false,
    };
    const path = "/v1/holds/hold-1/captures";
    const first = await stack.request(path, { body, key });
    expect(first.document).to.have.nested.property("lines[0].evidence", "recorded");
    const other = {
      ...body,
      evidence: await sign(eventId, { quantity: 2n, seen: { utilisationBps: 5 } }),
    };
    const again = await stack.request(path, { body: other, key });
    expect([again.status, again.document["repeated"]]).to.deep.equal([200, true]);
    expect(again.document).to.have.nested.property("lines[0].evidence", "other_on_record");
    expect(await explain(eventId, await stack.readAs(alice))).to.deep.include(body.evidence);

    const wrong = { eventId: newId(), quantity: "1", evidence: await sign("another") };
    expectProblem(await stack.request(path, { body: wrong, key }), 422, "forged_evidence");

    const [a, b] = [newId(), newId()];
    const line = { meter: "requests", quantity: 5 };
    const lines = {
      ...hold,
      id: "hold-2",
      lines: [
        { id: "a", ...line },
        { id: "b", ...line },
      ],
    };
    expect((await stack.request("/v1/holds", { body: lines, key })).status).to.equal(201);
    const captured = await stack.request("/v1/holds/hold-2/captures", {
      body: {
        lines: [
          { id: "a", eventId: a, quantity: "1", evidence: await sign(a) },
          { id: "b", eventId: b, quantity: "1" },
        ],
      },
      key,
    });
    expect(captured.document).to.have.nested.property("lines[0].evidence", "recorded");
    expect(captured.document).not.to.have.nested.property("lines[1].evidence");
  });

  it("a revoked key signs nothing more, and what it signed shows that it is revoked", async () => {
    const old = privateKeyToAccount(generatePrivateKey());
    expect((await register(old.address)).status).to.equal(201);
    const id = newId();
    expect((await report(eventOf(id, await sign(id, { by: old })))).status).to.equal(201);

    const revoke = async (by: TestWallet) => {
      const body = await signMeterKeyRevocation(stack.as(by).wallet, stack.deployment, old.address);
      return await stack.request(`/v1/meter-keys/${old.address}/revocation`, { body });
    };
    expectProblem(await revoke(bob), 404, "key_not_found");
    const revoked = await revoke(provider);
    expect(revoked.status).to.equal(200);
    expect((await revoke(provider)).document).to.deep.equal(revoked.document);
    const next = newId();
    const late = await report(eventOf(next, await sign(next, { by: old })));
    expectProblem(late, 422, "meter_key_revoked");
    expectProblem(await register(old.address), 409, "key_revoked");
    const shown = await explain(id, await stack.readAs(alice));
    expect(shown).to.include({ meterKeyRevokedAt: revoked.document["revokedAt"] });
    const { document } = await stack.request(`/v1/meter-keys/${source}`);
    expect(JSON.stringify(document)).to.include(old.address.toLowerCase());
  });

  it("another provider's key does not count for this one", async () => {
    await stack.registerProvider(bob);
    const theirs = privateKeyToAccount(generatePrivateKey());
    expect((await register(theirs.address, bob)).status).to.equal(201);
    const id = newId();
    const answer = await report(eventOf(id, await sign(id, { by: theirs })));
    expectProblem(answer, 422, "unknown_meter_key");
  });

  it("an attestation token: is checked, and its verdict is shown", async () => {
    const id = newId();
    const nonce = attestationNonce({ provider: source, eventId: id }).slice(2);
    const attestation = await attester.token({ eat_nonce: nonce });
    const evidence: SignedEvidence = await sign(id, { seen: { ...SEEN, attestation } });
    expect((await report(eventOf(id, evidence))).status).to.equal(201);
    expect(await explain(id, await stack.readAs(alice))).to.have.deep.nested.include({
      "attested.verified": true,
      "attested.nonceIsOfEvent": true,
    });
    const next = newId();
    const foreign = await attester.token({}, { issuer: "https://evil.example" });
    const refused = await sign(next, { seen: { attestation: foreign } });
    expectProblem(await report(eventOf(next, refused)), 422, "attestation_refused");
  });

  it("records each registration and revocation as an act", async () => {
    const headers = await stack.readAs(provider);
    const { document } = await stack.request(`/v1/acts?provider=${source}&limit=1000`, { headers });
    const text = JSON.stringify(document).toLowerCase();
    expect(text).to.include("registermeterkey").and.to.include("revokemeterkey");
    expect(text).to.include(meter.address.toLowerCase());
    expect(addressOf(operator)).to.not.equal(source);
  });
});
