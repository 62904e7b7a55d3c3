import { expect } from "chai";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { signMeterKey } from "@compute-credits/client/wallet/meterKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { createHttpLedger } from "../../../meter/lease/httpLedger.ts";
import { createSignSeen } from "../../../meter/lease/signSeen.ts";
import { wallets } from "../../../scripts/local/wallets.ts";
import { type MeteredStack, addressOf, startMeteredStack } from "../../fixtures/meteredStack.ts";

const { alice, provider } = wallets;
const SEEN = { utilisation_percent: "97", energy_millijoules: "123456789012" };

describe("the meter agent's evidence", () => {
  let stack: MeteredStack;
  let key: string;
  const apiKey = createApiKey();
  const parties = { provider: addressOf(provider), spender: apiKeySpender(apiKey) };

  before(async () => {
    stack = await startMeteredStack("PGlite");
    key = await stack.registerProvider(provider);
    await stack.buyAndWait(alice, 100_000_000n);
    await stack.postAccepted(await stack.sign(alice, { spender: parties.spender }));
  });
  after(() => stack.stop());

  /** A ledger that signs with a key, which may be registered. */
  async function ledgerWith({ isRegistered }: { readonly isRegistered: boolean }) {
    const meter = generatePrivateKey();
    const meterKey = privateKeyToAddress(meter);
    if (isRegistered) {
      const { wallet } = stack.as(provider);
      const body = await signMeterKey(wallet, stack.deployment, meterKey);
      expect((await stack.request("/v1/meter-keys", { body })).status).to.equal(201);
    }
    const said: string[] = [];
    const server = stack.server.url;
    const signSeen = createSignSeen(server, meter);
    const say = (line: string) => said.push(line);
    const payer = { apiKey };
    const ledger = createHttpLedger({ server, key, payer, timeoutMs: 10_000, signSeen, say });
    return { ledger, said, meterKey: meterKey.toLowerCase() };
  }

  async function explained(eventId: string): Promise<unknown> {
    const path = `/v1/debits/${parties.provider}/explain?eventId=${eventId}`;
    const { document } = await stack.request(path, { headers: await stack.readAs(alice) });
    return document["evidence"];
  }

  const line = { id: "gpu", meter: "requests", dimensions: {}, quantity: 5n };

  it("is signed with the meter's own key, in captures and in late reports", async () => {
    const { ledger, said, meterKey } = await ledgerWith({ isRegistered: true });
    await ledger.open({ id: "lease/1", ttlSeconds: 60, lines: [line] });
    const usedUpTo = new Date().toISOString();
    const part = { eventId: "lease-1-1", quantity: 2n, seen: SEEN };
    const capture = { hold: "lease/1", lines: { gpu: part }, isFinal: true, usedUpTo, parties };
    expect((await ledger.capture(capture)).is).to.equal("done");
    // Once more after a crash: the content is frozen, so it is the same evidence.
    expect((await ledger.capture(capture)).is).to.equal("done");
    const content = '{"utilisationBps":9700,"energyCounterMillijoules":"123456789012"}';
    expect(await explained("lease-1-1")).to.include({ meterKey, content });

    const { meter, dimensions } = line;
    const late = { id: "lease-1-2", time: usedUpTo, meter, dimensions, quantity: 1n, seen: SEEN };
    expect((await ledger.report([late], parties)).is).to.equal("done");
    expect(await explained("lease-1-2")).to.include({ meterKey, content });
    expect(said).to.deep.equal([]);
  });

  it("that the server refuses keeps no charge back", async () => {
    const { ledger, said } = await ledgerWith({ isRegistered: false });
    await ledger.open({ id: "lease/2", ttlSeconds: 60, lines: [line] });
    const usedUpTo = new Date().toISOString();
    const part = { eventId: "lease-2-1", quantity: 2n, seen: SEEN };
    const capture = { hold: "lease/2", lines: { gpu: part }, isFinal: true, usedUpTo, parties };
    expect((await ledger.capture(capture)).is).to.equal("done");
    const { meter, dimensions } = line;
    const late = { id: "lease-2-2", time: usedUpTo, meter, dimensions, quantity: 1n, seen: SEEN };
    expect((await ledger.report([late], parties)).is).to.equal("done");
    expect(said).to.have.length(2);
    expect(said[0]).to.include("charged without evidence");
    expect(await explained("lease-2-1")).to.equal(null);
  });

  it("of a machine that shows nothing: none", async () => {
    const { ledger } = await ledgerWith({ isRegistered: true });
    await ledger.open({ id: "lease/3", ttlSeconds: 60, lines: [line] });
    const part = { eventId: "lease-3-1", quantity: 2n };
    const usedUpTo = new Date().toISOString();
    const capture = { hold: "lease/3", lines: { gpu: part }, isFinal: true, usedUpTo, parties };
    expect((await ledger.capture(capture)).is).to.equal("done");
    expect(await explained("lease-3-1")).to.equal(null);
  });
});
