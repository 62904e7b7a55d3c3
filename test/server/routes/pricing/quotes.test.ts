import { expect } from "chai";
import { verifyTypedData } from "ethers";
import type { Address, Hex } from "viem";

import { jsonText } from "@compute-credits/protocol/jsonText";
import { signingDomain } from "@compute-credits/protocol/messages/domain";
import { QUOTE_TYPES } from "@compute-credits/protocol/messages/quote";
import { createQuoteStore } from "../../../../server/stores/pricing/signedQuotes.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, deployment, openLedger, party } from "../../../fixtures/ledger.ts";
import { type LedgerServer, QUOTE_KEY, serveLedger } from "../../../fixtures/ledgerServer.ts";

const provider = party(5_000);
let accountCount = 5_100;

interface SignedQuote {
  readonly message: Readonly<Record<string, string>>;
  readonly signature: Hex;
  readonly signer: Address;
}

for (const { name, open } of databaseKinds) {
  describe(`quotes on ${name}`, () => {
    let ledger: Ledger;
    let server: LedgerServer;
    let key: string;
    let account: Address;
    let spender: Hex;
    let holdCount = 0;

    before(async () => {
      ledger = await openLedger(await open());
      server = await serveLedger(ledger);
      key = await server.keyOf(provider);
    });
    after(async () => {
      await server.stop();
      await ledger.database.close();
    });

    beforeEach(async () => {
      account = party(accountCount++);
      await ledger.purchase(account, "10");
      ({
        message: { spender },
      } = await ledger.allow(account));
      await ledger.grantAccess(spender, provider);
    });

    const post = (path: string, body: unknown) => server.request(path, { body, key });

    async function quote(changes: object = {}): Promise<SignedQuote> {
      const asked = { provider, account, meter: "units", quantity: 1_000, ...changes };
      const { status, document } = await post("/v1/quotes", asked);
      expect(status).to.equal(201);
      return JSON.parse(JSON.stringify(document));
    }

    function hold({ message, signature }: SignedQuote, changes: object = {}) {
      const asked = {
        id: `quoted-${holdCount++}`,
        spender,
        meter: "units",
        quantity: 1_000,
        ttlSeconds: 60,
      };
      return post("/v1/holds", { ...asked, quote: { message, signature }, ...changes });
    }

    it("is signed by the ledger: anyone can check it", async () => {
      const { message, signature, signer } = await quote();
      expect(message["costMicros"]).to.equal("1000");
      const recovered = verifyTypedData(
        signingDomain(deployment),
        { Quote: [...QUOTE_TYPES.Quote] },
        message,
        signature,
      );
      expect(recovered.toLowerCase()).to.equal(signer);
    });

    for (const [what, changes] of [
      ["more than was quoted", { quantity: 1_001 }],
      ["another meter", { meter: "other" }],
      ["other dimensions", { dimensions: { gpu: "H100" } }],
    ] as const) {
      it(`refuses ${what}, and holds nothing`, async () => {
        const { status, document } = await hold(await quote(), changes);
        expect([status, document["reason"]]).to.deep.equal([422, "quote_mismatch"]);
        expect((await ledger.accounts.balance(account)).held).to.equal(0n);
      });
    }

    it("refuses a quote for an account that does not pay", async () => {
      const { status, document } = await hold(await quote({ account: party(1) }));
      expect([status, document["reason"]]).to.deep.equal([422, "quote_mismatch"]);
    });

    it("refuses a quote that was tampered with", async () => {
      const quoted = await quote();
      const cheaper = {
        ...quoted,
        message: { ...quoted.message, rate: quoted.message["rate"]?.replace('"1"', '"0"') ?? "" },
      };
      const { status, document } = await hold(cheaper);
      expect([status, document["reason"]]).to.deep.equal([403, "invalid_quote"]);
    });

    it("refuses a quote that is over, by the database's clock", async () => {
      const late = createQuoteStore(deployment, QUOTE_KEY, {
        prices: ledger.prices,
        now: () => Promise.resolve(new Date(Date.now() - 61_000)),
      });
      const quoted = await late.make({
        provider,
        account,
        meter: "units",
        dimensions: {},
        quantity: 1_000n,
        ttlSeconds: 60,
      });
      if ("refusal" in quoted) throw new Error(quoted.refusal);
      const { status, document } = await hold(
        JSON.parse(jsonText({ ...quoted, signer: late.signer })),
      );
      expect([status, document["reason"]]).to.deep.equal([422, "quote_expired"]);
    });

    it("refuses one that would last too long", async () => {
      const { status, document } = await post("/v1/quotes", {
        provider,
        account,
        meter: "units",
        quantity: 1,
        ttlSeconds: 3_601,
      });
      expect([status, document["reason"]]).to.deep.equal([422, "quote_too_long"]);
    });

    // The last of the suite: the ledger's prices are others from here on.
    it("is honoured by a hold when the card has changed since", async () => {
      const quoted = await quote();
      await ledger.database.query(
        "insert into rate_cards (version, effective_from, card) values ($1, clock_timestamp(), $2)",
        [2, JSON.stringify([{ meter: "units", dimensions: {}, microCredits: "7", perUnits: "1" }])],
      );
      const today = await post("/v1/holds", {
        id: "at-the-price-of-today",
        spender,
        meter: "units",
        quantity: 1_000,
        ttlSeconds: 60,
      });
      expect(today.document["heldMicros"]).to.equal("7000");
      const atQuote = await hold(quoted);
      expect([atQuote.status, atQuote.document["heldMicros"]]).to.deep.equal([201, "1000"]);
    });
  });
}
