import { expect } from "chai";

import {
  ApiProblem,
  CreditsError,
  DEFAULT_RETRIES,
  createApiKey,
  watch,
} from "@compute-credits/client";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { postgres } from "../../fixtures/databases.ts";
import { type Ledger, openLedger, party } from "../../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../../fixtures/ledgerServer.ts";

const AT_ONCE = { ...DEFAULT_RETRIES, firstWaitMs: 1, longestWaitMs: 5 };

describe("watch", () => {
  const [payer, provider] = [party(1), party(2)];
  const apiKey = createApiKey();
  const spender = apiKeySpender(apiKey);
  let ledger: Ledger;
  let server: LedgerServer;
  let events = 0;

  before(async () => {
    ledger = await openLedger(await postgres.open());
    server = await serveLedger(ledger);
    await ledger.purchase(payer, "1");
    await ledger.allow(payer, { spender });
    await ledger.grantAccess(spender, provider);
  });

  after(async () => {
    await server.stop();
    await ledger.database.close();
  });

  async function debit(): Promise<string> {
    const id = `event ${events++}`;
    const usage = { provider, id, spender, meter: "units", quantity: 1n, dimensions: {} };
    await ledger.usage.record([{ ...usage, occurredAt: new Date() }]);
    return id;
  }

  it("gives typed events, and goes on where it was after the server ended the stream", async () => {
    const first = await serveLedger(ledger);
    const second = await serveLedger(ledger);
    const { port } = new URL(first.url);
    const url = new URL(first.url);
    // The second server takes over under the name of the first.
    const send = globalThis.fetch;
    let isSecond = false;
    globalThis.fetch = (input, init) => {
      const to = new URL(input instanceof Request ? input.url : input);
      if (isSecond && to.port === port) to.port = new URL(second.url).port;
      return send(to, init);
    };
    try {
      const stream = watch(url.href, { account: payer }, { key: await first.sessionOf(payer) });
      const balance = await nextOf(stream);
      expect(balance.event).to.equal("balance");
      expect(balance.data).to.include({ account: payer, purchasedMicros: 1_000_000n });
      isSecond = true;
      await first.stop();
      const eventId = await debit();
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- events in order
        const { event, data } = await nextOf(stream);
        expect(event).to.not.equal("reset");
        if (event === "debit") {
          expect(data).to.include({ eventId, amountMicros: 1n });
          expect(data.recordedAt).to.be.instanceOf(Date);
          break;
        }
      }
      await stream.return();
    } finally {
      globalThis.fetch = send;
      await second.stop();
    }
  });

  it("goes on after an event that another program was given", async () => {
    const options = { key: apiKey, kinds: ["debit"] as const };
    const one = watch(server.url, { spender }, options);
    const missed: string[] = [];
    const state = { isTold: false };
    const next = nextOf(one).finally(() => (state.isTold = true));
    // Debits until the stream has begun: what came before it is not told.
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    while (!state.isTold) missed.push(await debit());
    const { id, event, data } = await next;
    if (event !== "debit") throw new Error(event);
    await one.return();
    const other = watch(server.url, { spender }, { ...options, lastEventId: id });
    const expected = missed.slice(missed.indexOf(data.eventId) + 1);
    expected.push(await debit());
    for (const eventId of expected) {
      // oxlint-disable-next-line no-await-in-loop -- events in order
      expect((await nextOf(other)).data).to.include({ eventId });
    }
    await other.return();
  });

  it("rejects with the server's refusal", async () => {
    const refused = await errorOf(watch(server.url, { account: payer }, { key: apiKey }).next());
    expect(refused).to.be.instanceOf(ApiProblem);
    expect(refused).to.include({ reason: "not_permitted", status: 403 });
  });

  it("rejects if no server answers, after as many tries as it may", async () => {
    let tries = 0;
    const retries = { ...AT_ONCE, tries: 3, random: () => (tries++, 0) };
    const refused = await errorOf(
      watch("http://127.0.0.1:1", { checkpoints: true }, { retries }).next(),
    );
    expect(refused).to.be.instanceOf(CreditsError);
    expect(refused).to.include({ reason: "server_unreachable" });
    expect(tries).to.equal(2);
  });

  it("ends with the signal's reason", async () => {
    const stopping = new AbortController();
    const stream = watch(server.url, { spender }, { key: apiKey, signal: stopping.signal });
    const next = errorOf(stream.next());
    stopping.abort(new Error("enough"));
    expect(await next).to.have.property("message", "enough");
  });
});

async function nextOf<Event>(stream: AsyncGenerator<Event, void>): Promise<Event> {
  const { done, value } = await stream.next();
  if (done === true) throw new Error("the stream ended");
  return value;
}

async function errorOf(attempt: Promise<unknown>): Promise<unknown> {
  return await attempt.then(
    () => null,
    (error: unknown) => error,
  );
}
