import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { expect } from "chai";
import { z } from "zod";

import { ROUTES } from "@compute-credits/api/table";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { courtAbi } from "@compute-credits/protocol/abi/court";
import { SignedReceiptJson } from "@compute-credits/protocol/json/receipt";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { earningsReceiptTypedData } from "@compute-credits/protocol/messages/earningsReceipt";
import { VERBS } from "../../../scripts/credits/verbs.ts";
import { mintDollars } from "../../../scripts/local/mintDollars.ts";
import { eventually } from "../../../scripts/local/eventually.ts";
import { LOCAL_WINDOWS } from "../../../scripts/local/deployLocal.ts";
import { wallets } from "../../../scripts/local/wallets.ts";
import { type Ran, type RunOptions, credits } from "../../fixtures/creditsCommand.ts";
import { type MeteredStack, addressOf, startMeteredStack } from "../../fixtures/meteredStack.ts";

/** The route of a request: the first that fits, as the server takes it. */
function routeOf({ method, url }: Request): string | undefined {
  const { pathname } = new URL(url);
  return ROUTES.find(
    (route) =>
      route.method === method.toLowerCase() &&
      new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(pathname),
  )?.id;
}

const HASH = /^0x[0-9a-f]{64}$/;

/** Seconds: no checkpoint becomes final while a test looks at a pending one. */
const WINDOW = 600;
const TERMS = {
  disputeWindowSeconds: WINDOW,
  answerWindowSeconds: WINDOW,
  refundWindowSeconds: 12 * WINDOW,
  counterGraceSeconds: 13 * WINDOW,
  signerDelaySeconds: 27 * WINDOW,
};

/** Routes that no verb asks, and why. */
const WITHOUT_VERB: Readonly<Record<string, string>> = {
  getLiveness: "for what restarts a process; status asks whether the server can work",
  revokeProviderKey: "keys revoke does it with a session",
  addCheckpointSignature: "the auditor's program signs what it has recomputed",
  addReceiptSignature: "the auditor's program signs what it has recomputed",
  explainEvent: "explain asks with the id in the query, where no URL loses it",
};

describe("npm run credits", () => {
  const provider = addressOf(wallets.provider);
  const alice = addressOf(wallets.alice);
  let stack: MeteredStack;
  let folder: string;
  let at: string;
  /** of Alice, with a rule */
  let campaign: string;
  /** the verbs that were done, and the routes that were asked */
  const ran = new Set<string>();
  const asked = new Set<string>();
  const { fetch: realFetch } = globalThis;

  before(async () => {
    globalThis.fetch = async (input, init) => {
      asked.add(routeOf(new Request(input, init)) ?? "");
      return await realFetch(input, init);
    };
    folder = await mkdtemp(join(tmpdir(), "compute-credits-test-"));
    stack = await startMeteredStack("PGlite", {
      terms: TERMS,
      environment: {
        OPERATORS: addressOf(wallets.operator),
        WEBHOOK_NETWORKS: "127.0.0.0/8",
      },
    });
    await mkdir(file("copies"));
    at = `--server ${stack.server.url} --rpc ${stack.rpcUrl}`;
  });
  after(async () => {
    globalThis.fetch = realFetch;
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const file = (name: string) => join(folder, name);

  /** Runs a verb, and remembers it if it is done. */
  async function tried(line: string, options?: RunOptions): Promise<Ran> {
    const result = await credits(line, options);
    const names = VERBS.map(({ name }) => name).filter((name) => `${line} `.startsWith(`${name} `));
    if (result.code === 0) for (const name of names) ran.add(name);
    return result;
  }

  /** Runs a verb on the stack, and expects that it is done. `{name}` is a file of this test. */
  async function done(line: string, options?: RunOptions): Promise<Ran> {
    const args = `${line} ${at}`.replaceAll(/\{([\w.]+)\}/g, (_, name: string) => file(name));
    const result = await tried(args, options);
    expect(result.code, `${line}: ${result.err}`).to.equal(0);
    return result;
  }

  /** As `done`, and returns the document of `--json`. */
  async function document(line: string, options?: RunOptions) {
    const { json } = await done(`${line} --json`, options);
    expect(json()["server"]).to.equal(stack.server.url);
    return json();
  }

  async function pendingCheckpoint(): Promise<void> {
    await eventually("a pending checkpoint", async () => {
      const { checkpoints } = await document("checkpoints list");
      return JSON.stringify(checkpoints).includes('"pending"');
    });
  }

  describe("for wallet users", () => {
    it("buy and balance: the first line names the server; what is signed is shown with its hash", async () => {
      const { out, err } = await done("buy --credits 1000 --wallet alice");
      expect(out).to.match(/^bought 1000 credits for 10 dollars \(gas \d+\)$/m);
      expect(err).to.match(
        /^Signature ReceiveWithAuthorization: pays 10000000 units of the token to 0x\w+, for this/m,
      );
      expect(err).to.match(/^ {2}EIP-712 hash {2}0x[0-9a-f]{64}$/m);
      expect(err).to.match(/^Transaction buyWithAuthorization to 0x\w+: buys 1000 credits for 0x/m);
      expect((await done("balance --wallet alice")).out).to.equal(
        [
          `Asked ${stack.server.url}`,
          "purchased 1000",
          "spent     0",
          "held      0",
          "refunding 0",
          "refunded  0",
          "available 1000",
          "earned    0",
          "",
        ].join("\n"),
      );
    });

    it("buys for a wallet that is to leave without a proof", async () => {
      await done("buy --credits 10 --wallet bob");
    });

    /** A wallet that no other test here uses. */
    const { secondAuditor: newcomer } = wallets;
    const byNewcomer = { environment: { CREDITS_PRIVATE_KEY: newcomer.privateKey } };

    it("deposits: what arrives becomes credits, by anyone or by the server, or is taken out", async () => {
      const account = addressOf(newcomer);
      const shown = await document("deposits show", byNewcomer);
      expect(shown).to.include({ watch: null, tokenAmount: "0" });
      const to = z.templateLiteral(["0x", z.string()]).parse(shown["depositAddress"]);
      const arrive = (tokenAmount: bigint) =>
        mintDollars(stack.as(newcomer), {
          token: stack.token,
          by: newcomer.account,
          to,
          tokenAmount,
        });
      await arrive(500_000n);
      const swept = await document(`deposits sweep --account ${account} --yes`, byNewcomer);
      expect(swept).to.include({ account, creditMicros: "50000000" });
      await arrive(5n);
      expect(await document("deposits withdraw --yes", byNewcomer)).to.include({ amount: "5" });
      await document("deposits show --watch", byNewcomer);
      await arrive(500_000n);
      await eventually("the server sweeps it", async () => {
        const balance = await document("balance", byNewcomer);
        return balance["purchasedMicros"] === "100000000";
      });
    });

    it("top-ups: a policy is added, used by the keeper, listed, stopped and revoked", async () => {
      const expires = new Date(Date.now() + 86_400_000).toISOString();
      const to = addressOf(newcomer);
      const by = newcomer.account;
      await mintDollars(stack.as(newcomer), { token: stack.token, by, to, tokenAmount: 10n ** 6n });
      // It has 100 credits.
      const added = await document(
        `top-ups add --credits 5 --below 102 --target 112 --most 50 --expires ${expires} --approve --yes`,
        byNewcomer,
      );
      expect(added).to.include({ stoppedAt: null, creditMicrosPerTopUp: "5000000" });
      await eventually("the keeper tops up to the target", async () => {
        const balance = await document("balance", byNewcomer);
        return balance["purchasedMicros"] === "110000000";
      });
      const { policies } = await document("top-ups list", byNewcomer);
      expect(policies).to.have.length(1);
      const id = String(added["id"]);
      expect(await document(`top-ups stop --policy ${id} --yes`, byNewcomer)).to.include({
        stoppedAs: "owner",
      });
      expect(await document(`top-ups revoke --policy ${id} --yes`, byNewcomer)).to.include({
        policy: id,
      });
    });

    it("--json: one document, amounts in micro-credits as text", async () => {
      const balance = await document("balance --wallet alice");
      expect(balance["availableMicros"]).to.equal("1000000000");
      const onChain = await document("balance --wallet alice --on-chain");
      expect(onChain["purchased"]).to.equal("1000000000");
    });

    it("a key file, a variable and an unlocked account are the same wallet", async () => {
      await writeFile(file("alice.key"), `${wallets.alice.privateKey}\n`, { mode: 0o600 });
      const environment = { CREDITS_PRIVATE_KEY: wallets.alice.privateKey };
      const same = await Promise.all([
        document("balance --key-file {alice.key}"),
        document("balance", { environment }),
        document(`balance --from ${alice}`),
      ]);
      expect(new Set(same.map(({ account }) => account))).to.deep.equal(new Set([alice]));
    });

    it("allow makes a key that may spend at once, in a file that only its owner may read", async () => {
      const allowed = await done(
        "allow --credits 50 --months 1 --out {agent.key} --wallet alice --copies {copies}",
      );
      expect(allowed.err).to.match(
        /^Signature Allowance: lets the holder of the API key with the hash 0x\w+ spend up to 50 credits a month of 0x/m,
      );
      const key = (await readFile(file("agent.key"), "utf8")).trim();
      expect(key).to.match(/^cck_/);
      expect((await stat(file("agent.key"))).mode & 0o777).to.equal(0o600);
      expect(allowed.out + allowed.err).to.not.include(key);

      const { out } = await done("allowances --wallet alice");
      expect(out).to.match(/^ {2}id +spender +limit +spent +remaining +period +expires +accepted/m);
      expect(out).to.match(/ 50 +0 +50 +1 months +never +true +-$/m);
      expect((await done("budgets --bearer-file {agent.key}")).out).to.match(
        / in_force +50 +0 +50/,
      );
      expect((await done("me --bearer-file {agent.key}")).out).to.match(/^kind +spenderKey$/m);
      const id = /^allowance (0x\w+):/m.exec(allowed.out)?.[1] ?? "";
      expect((await document(`allowances --id ${id} --bearer-file {agent.key}`))["id"]).to.equal(
        id,
      );
      expect((await document("budgets --wallet alice"))["budgets"]).to.have.length(1);
      const copy = file(`copies/${id}`);
      expect((await stat(copy)).mode & 0o777).to.equal(0o600);
      expect(await readFile(copy, "utf8")).to.include('"kind":"allowance"');
    });

    it("watch shows what happens, a line each, until Ctrl-C", async () => {
      const first = await done("watch --count 1 --wallet alice");
      expect(first.out).to.equal(
        `Asked ${stack.server.url}\nbalance    available 1000, held 0, spent 0, refunding 0\n`,
      );
      const ended = new AbortController();
      const lines: string[] = [];
      const onLine = (line: string) => {
        lines.push(line);
        ended.abort();
      };
      const line = "watch --kind balance --json --bearer-file {agent.key} --of spender";
      await done(line.replace("balance", "budget"), { interrupted: AbortSignal.abort(), onLine });
      expect(lines).to.deep.equal([]);
      await done("watch --json --wallet alice", { interrupted: ended.signal, onLine });
      const [shown] = lines.map((text) => JSON.parse(text));
      expect(lines).to.have.length(1);
      expect(shown).to.include({ server: stack.server.url, event: "balance" });
      expect(shown.data.availableMicros).to.equal("1000000000");
      const wrong = await credits(`watch --of provider --kind balance --wallet alice ${at}`);
      expect(wrong).to.include({
        code: 2,
        err: "--of provider has the kinds debit, void, hold, and not balance.\n",
      });
    });

    it("watch, as a program of its own: Ctrl-C ends it with exit code 0", async () => {
      const program = fileURLToPath(new URL("../../../scripts/credits.ts", import.meta.url));
      const args = ["watch", "--of", "account", "--wallet", "alice", ...at.split(" ")];
      const child = spawn(process.execPath, [program, ...args]);
      let err = "";
      child.stderr.on("data", (text) => (err += String(text)));
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      expect((await lines.next()).value).to.equal(`Asked ${stack.server.url}`);
      expect((await lines.next()).value).to.match(/^balance /);
      child.kill("SIGINT");
      const [code] = await once(child, "close");
      expect(code).to.equal(0);
      expect(err).to.match(/^Signature LogAccess: .*\n$/);
    });

    it("a wallet that is allowed accepts, declines, and revokes nothing of others", async () => {
      const bob = addressOf(wallets.bob);
      const { allowance } = await document(`allow --credits 5 --spender ${bob} --wallet alice`);
      expect((await document("offers --wallet bob"))["offers"]).to.have.length(1);
      await done(`accept --account ${alice} --wallet bob`);
      expect((await document("acceptances --wallet bob"))["acceptances"]).to.have.length(1);
      await done(`decline --account ${alice} --wallet bob`);
      const revoked = await document(`revoke --allowance ${String(allowance)} --wallet alice`);
      expect(revoked["revokedAt"]).to.be.a("string");
    });

    it("an account that the node holds signs and sends, too", async () => {
      const bob = addressOf(wallets.bob);
      const line = `allow --credits 1 --spender ${bob} --expires 2100-01-01 --from ${alice} --yes`;
      expect((await document(line))["account"]).to.equal(alice);
      await done(`buy --credits 1 --from ${alice} --for ${bob} --by approval --yes`).then(
        () => expect.fail("alice has no dollars left"),
        (error: unknown) => expect(String(error)).to.include("ERC20InsufficientBalance"),
      );
    });

    it("codes: made by an issuing key, redeemed by another key", async () => {
      const { allowance } = await document(
        "allow --credits 20 --out {campaign.key} --wallet alice",
      );
      const id = String(allowance);
      await done(`issuing-keys create --campaign ${id} --out {issuing.key} --wallet alice`);
      expect((await document("issuing-keys list --wallet alice"))["issuingKeys"]).to.have.length(1);
      await done(
        `codes add --campaign ${id} --credits 2 --out {codes.txt} --bearer-file {issuing.key} --yes`,
      );
      const code = (await readFile(file("codes.txt"), "utf8")).trim();
      await writeFile(file("new.key"), "cck_a-key-of-a-customer-that-redeems", { mode: 0o600 });
      const grant = await done(`redeem --campaign ${id} --code ${code} --bearer-file {new.key}`);
      expect(grant.out).to.match(/^limit +2$/m);
      await done(
        `grants issue --campaign ${id} --id g1 --spender ${provider} --credits 1 --wallet alice`,
      );
      expect(
        (await document(`grants list --campaign ${id} --wallet alice`))["grants"],
      ).to.have.length(2);
      const rule = `--kind first_day --at-least 2 --credits 1 --accounts 9 --valid-days 30`;
      await done(`rules set --campaign ${id} ${rule} --bearer-file {issuing.key} --yes`);
      expect(await document(`rules show --campaign ${id}`)).to.include({ validSeconds: "2592000" });
      const claim = `claim-grant --campaign ${id} --sponsor ${alice} --wallet bob ${at}`;
      expect((await credits(claim)).err).to.include("(rule_not_met)");
      await done(`rules close --campaign ${id} --wallet alice --yes`);
      const { codes } = await document(`codes list --campaign ${id} --wallet alice`);
      expect(codes).to.have.nested.property("[0].redemptions", "1");
      const { codeHash } = Object(codes)[0];
      const closed = await document(
        `codes close --campaign ${id} --code-hash ${codeHash} --bearer-file {issuing.key} --yes`,
      );
      expect(closed["closedAt"]).to.be.a("string");
      expect((await document("grants list --wallet alice"))["grants"]).to.have.length(2);
      const { issuingKeys } = await document("issuing-keys list --wallet alice");
      const { keyHash } = Object(issuingKeys)[0];
      const ended = await document(
        `issuing-keys revoke --key-hash ${keyHash} --with-grants --wallet alice`,
      );
      // What the wallet gave stays.
      expect(ended["revokedGrants"]).to.equal(1);
    });
  });

  describe("for providers", () => {
    it("a campaign has a rule for a provider's first paid job", async () => {
      const { allowance } = await document("allow --credits 1 --out {jobs.key} --wallet alice");
      campaign = String(allowance);
      const rule = "--kind first_paid_job --at-least 0.01 --credits 0.5 --accounts 1";
      await done(`rules set --campaign ${campaign} ${rule} --wallet alice --yes`);
    });

    it("register: refused before an operator has approved, and leaves no file", async () => {
      const refused = await credits(`register --out ${file("early.key")} --wallet provider ${at}`);
      expect(refused.err).to.match(/^The metering server refuses: .*\(provider_not_approved\)$/m);
      expect(refused.code).to.equal(1);
      await readFile(file("early.key")).then(
        () => expect.fail("the file is there"),
        () => undefined,
      );
    });

    it("approve, register, and a card", async () => {
      const approved = await document(`approve --provider ${provider} --wallet operator`);
      expect(approved["approved"]).to.equal(true);
      expect((await document("approval --wallet provider"))["approved"]).to.equal(true);
      await done("register --out {provider.key} --wallet provider");
      const price = { dimensions: {}, microCredits: "500", perUnits: "1" };
      const rates = [
        { meter: "gpu.seconds", ...price },
        { meter: "gpu.busy", kind: "dynamic", ...price, multiplier: MULTIPLIER },
      ];
      await writeFile(file("card.json"), JSON.stringify({ rates }));
      const preview = await done("card preview --file {card.json} --bearer-file {provider.key}");
      expect(preview.out).to.include("it would be the first card of this provider");
      const card = await document(
        "card publish --file {card.json} --bearer-file {provider.key} --yes",
      );
      expect(card["provider"]).to.equal(provider);
      expect((await document(`card list --provider ${provider}`))["rateCards"]).to.have.length(1);
      expect(await document(`card list --version ${String(card["version"])}`)).to.deep.include(
        card,
      );
    });

    it("utilisation moves a dynamic rate, by one step", async () => {
      const { dynamicRates } = await document(`dynamic-rates --provider ${provider}`);
      const { rateKey } = Object(dynamicRates)[0];
      const moved = await document(
        "utilisation --meter gpu.busy --bps 9000 --bearer-file {provider.key} --yes",
      );
      const { steps } = await document(
        `dynamic-rates --provider ${provider} --rate-key ${rateKey}`,
      );
      expect(steps).to.have.nested.property("[0].multiplierAfterBps", moved["multiplierBps"]);
    });

    it("a wallet that spends gives a provider access, and ends it", async () => {
      await done(`access give --provider ${provider} --out {access.json} --wallet bob`);
      await done("access claim --access {access.json} --bearer-file {provider.key}");
      const ended = await document(`access revoke --provider ${provider} --wallet bob`);
      expect(ended["revokedAt"]).to.be.a("string");
      const late = `access claim --access ${file("access.json")} --bearer-file ${file("provider.key")}`;
      expect((await credits(`${late} ${at}`)).err).to.match(/\(access_revoked\)$/m);
    });

    it("charge, once per id; the payer sees and explains it; void gives it back", async () => {
      const work = `--meter requests --quantity 5 --id job-1 --time ${new Date().toISOString()}`;
      const line = `charge ${work} --customer-key-file {agent.key} --bearer-file {provider.key} --yes`;
      await done("access claim --customer-key-file {agent.key} --bearer-file {provider.key}");
      const first = await document(line);
      expect(first["result"]).to.equal("debited");
      expect((await document(line))["repeated"]).to.equal(true);

      expect((await document("debits --wallet alice"))["debits"]).to.have.length(1);
      expect(
        (await document("debits --of spender --bearer-file {agent.key}"))["debits"],
      ).to.have.length(1);
      const sold = await document("debits --of provider --bearer-file {provider.key}");
      expect(sold["debits"]).to.have.length(1);
      const earned = await document("statement --of provider --bearer-file {provider.key}");
      expect(earned["reconciles"]).to.equal(true);
      const live = "watch --of provider --kind void --bearer-file {provider.key}";
      await done(live, { interrupted: AbortSignal.abort() });
      const explained = await done(`explain --provider ${provider} --event job-1 --wallet alice`);
      expect(explained.out).to.match(/^ {2}formula /m);
      expect((await document("usage --wallet alice"))["amountMicros"]).to.equal(
        first["costMicros"],
      );
      expect((await document("earnings --bearer-file {provider.key}"))["amountMicros"]).to.equal(
        first["costMicros"],
      );
      const csv = await done("usage --csv --wallet alice");
      expect(csv.out.split("\n")[0]).to.match(/^\w+(,\w+)+\r?$/);
      expect(csv.err).to.include(`Asked ${stack.server.url}`);
    });

    it("void takes back what no checkpoint counts yet", async () => {
      // Until it is final, no other checkpoint is cut.
      await pendingCheckpoint();
      const line =
        "charge --meter requests --quantity 5 --id job-2 --customer-key-file {agent.key}";
      const charged = await document(`${line} --bearer-file {provider.key} --yes`);
      const voided = await document("void --event job-2 --bearer-file {provider.key} --yes");
      expect(voided["amountMicros"]).to.equal(charged["costMicros"]);
    });

    it("prices, preview and quote charge nothing; a hold honours the quote; capture and release", async () => {
      const work = `--provider ${provider} --meter requests --quantity 5`;
      expect((await document(`prices ${work}`))["prices"]).to.have.length(1);
      expect((await document(`preview ${work} --bearer-file {agent.key}`))["payable"]).to.equal(1);
      await done(`quote ${work} --out {quote.json} --wallet alice`);
      const hold =
        "hold --meter requests --quantity 5 --ttl 60 --customer-key-file {agent.key} --bearer-file {provider.key} --yes";
      await done(`${hold} --id h1 --quote {quote.json}`);
      expect(
        (await document("holds show --id h1 --bearer-file {provider.key}"))["status"],
      ).to.equal("open");
      const listed = await document("holds list --bearer-file {provider.key}");
      expect(listed["holds"]).to.have.length(1).and.to.have.nested.property("0.id", "h1");
      const extended = await document(
        "extend --id h1 --extension more --ttl 90 --quantity 2 --bearer-file {provider.key} --yes",
      );
      expect(extended["quantity"]).to.equal("7");
      const captured = await document(
        "capture --id h1 --event h1/1 --quantity 3 --bearer-file {provider.key} --yes",
      );
      expect(captured["result"]).to.equal("debited");
      await done(`${hold} --id h2`);
      const released = await document("release --id h2 --bearer-file {provider.key} --yes");
      expect(released["status"]).to.equal("released");
    });

    it("several kinds of work are held and charged together", async () => {
      const [meter, as] = ["requests", "--bearer-file {provider.key} --yes"];
      const held = ["in", "out"].map((id) => ({ id, meter, quantity: "5" }));
      await writeFile(file("lines.json"), JSON.stringify(held));
      await done(
        `holds open --id h3 --lines {lines.json} --ttl 60 --customer-key-file {agent.key} ${as}`,
      );
      const used = ["in", "out"].map((id) => ({ id, eventId: `h3/${id}`, quantity: "2" }));
      await writeFile(file("used.json"), JSON.stringify(used));
      const captured = await document(`holds capture --id h3 --lines {used.json} ${as}`);
      expect(captured["lines"]).to.have.length(2);
      expect(captured["hold"]).to.include({ status: "captured" });

      await writeFile(file("lines.json"), JSON.stringify([...held, ...held]));
      const lines = file("lines.json");
      const twice = await tried(`holds open --id h4 --lines ${lines} --ttl 60 --yes ${at}`);
      expect(twice.code).to.equal(2);
      expect(twice.err).to.include("must have lines with different ids");
    });

    it("a challenge stakes ether, and is answered by the server", async () => {
      const cap = await document("cap-proof --wallet alice");
      expect(cap).to.have.nested.property("allowance.account", alice);
      const shown = await document(`challenge row --party ${alice} --wallet bob`);
      expect(shown["party"]).to.equal(alice);
      const court = await stack.client.readContract({
        address: stack.contract,
        abi: computeCreditsAbi,
        functionName: "court",
      });
      await eventually("the answer", async () => {
        const { deadline } = await stack.client.readContract({
          address: court,
          abi: courtAbi,
          functionName: "challengeOf",
          args: [alice, wallets.bob.account.address],
        });
        return deadline === 0;
      });
    });

    it("receipts: issued into a file, and the same one again", async () => {
      const issued = await document(
        "receipts issue --out {receipt.json} --bearer-file {provider.key}",
      );
      expect(issued["isEnforceable"]).to.equal(true);
      const latest = await document("receipts latest --bearer-file {provider.key}");
      expect(latest["receipt"]).to.deep.equal(issued["receipt"]);
    });

    it("keys: listed, labelled, replaced and revoked by the wallet", async () => {
      await done("register --out {second.key} --wallet provider");
      const { keys } = await document("keys list --wallet provider");
      expect(keys).to.have.length(2);
      const [newer, older] = [0, 1].map((place) => Object(keys)[place].keyHash);
      await done(`keys label --key-hash ${newer} --label node --wallet provider`);
      await done(`keys replace --key-hash ${older} --by ${newer} --overlap 3600 --wallet provider`);
      await done(`keys revoke --key-hash ${newer} --wallet provider`);
      expect((await document("me --bearer-file {provider.key}"))["provider"]).to.equal(provider);
    });

    it("work: a test provider does a job for a key", async () => {
      expect((await document("work --wallet alice"))["job"]).to.have.property("costMicros");
    });
  });

  describe("sessions and view keys", () => {
    it("sign-in keeps the token in a file; sessions are listed and end", async () => {
      const signedIn = await done("sign-in --out {session.key} --wallet bob");
      const token = (await readFile(file("session.key"), "utf8")).trim();
      expect(token).to.match(/^ccs_/);
      expect(signedIn.out + signedIn.err).to.not.include(token);
      expect((await document("me --bearer-file {session.key}"))["kind"]).to.equal("session");
      const { sessions } = await document("sessions list --bearer-file {session.key}");
      expect(sessions).to.have.length(1);
      await done("sessions revoke --bearer-file {session.key} --yes");
      const ended = await credits(`me --bearer-file ${file("session.key")} ${at}`);
      expect(ended.code).to.equal(1);
      expect((await document("sessions revoke-all --wallet bob"))["revoked"]).to.equal(1);
    });

    it("a view key reads, is listed, and is revoked", async () => {
      const expires = new Date(Date.now() + 86_400_000).toISOString();
      const made = await document(
        `view-keys create --expires ${expires} --out {view.key} --wallet alice`,
      );
      expect(made["keyHash"]).to.match(HASH);
      expect((await document("statement --bearer-file {view.key}"))["reconciles"]).to.equal(true);
      const csv = await done("statement --csv --bearer-file {view.key}");
      expect(csv.out.split("\n")[0]).to.match(/^\w+(,\w+)+\r?$/);
      expect((await done("runway --bearer-file {view.key}")).out).to.match(/^windows$/m);
      expect((await document("view-keys list --wallet alice"))["viewKeys"]).to.have.length(1);
      await done(`view-keys revoke --key-hash ${String(made["keyHash"])} --wallet alice`);
      const ended = await credits(`balance --bearer-file ${file("view.key")} ${at}`);
      expect(ended.code).to.equal(1);
    });
  });

  describe("webhooks", () => {
    it("are made with a secret in a file, listed, changed, tested and deleted", async () => {
      // Nothing listens there.
      const url = "http://127.0.0.1:1/hooks";
      const line = `webhooks create --url ${url} --event balance.low --below 5 --out {hook.key}`;
      const made = await document(`${line} --wallet alice`);
      const id = String(Object(made["webhook"]).id);
      const secret = (await readFile(file("hook.key"), "utf8")).trim();
      expect(secret).to.match(/^whsec_/);
      expect(JSON.stringify(made)).to.not.include(secret);
      expect((await document("webhooks list --wallet alice"))["webhooks"]).to.have.length(1);
      const paused = await document(`webhooks update --id ${id} --enabled no --wallet alice`);
      expect(paused).to.have.nested.property("webhook.disabledAs", "owner");
      await done(`webhooks update --id ${id} --enabled yes --wallet alice`);
      await done(`webhooks rotate --id ${id} --out {hook2.key} --wallet alice`);
      const { eventId } = await document(`webhooks test --id ${id} --wallet alice`);
      await eventually("the delivery", async () => {
        const { deliveries } = await document(`webhooks deliveries --id ${id} --wallet alice`);
        return JSON.stringify(deliveries).includes(String(eventId));
      });
      await done(`webhooks replay --id ${id} --event ${String(eventId)} --wallet alice`);
      await done(`webhooks delete --id ${id} --wallet alice`);
    });
  });

  describe("settlement, and for operators", () => {
    it("settle pays the provider by a final checkpoint, verify finds that all holds", async () => {
      await eventually("a final row of the provider", async () => {
        await stack.passTime(WINDOW + 1);
        return (await tried(`settle --wallet provider ${at}`)).code === 0;
      });
      expect(await stack.dollarsOf(wallets.provider.account.address)).to.be.greaterThan(0n);
      const claimed = await document(
        `claim-grant --campaign ${campaign} --sponsor ${alice} --wallet provider`,
      );
      expect(claimed).to.have.nested.property("allowance.limit", "500000");
      const proven = await document("proof --wallet provider");
      expect(proven).to.have.nested.property("row.party", provider);
      const verified = await done("verify --wallet alice --copies {copies}");
      expect(verified.out).to.match(/^✔ /m);
    });

    it("meter-keys create, list and revoke", async () => {
      const { meterKey } = await document("meter-keys create --out {meter.key} --wallet provider");
      const { meterKeys } = await document(`meter-keys list --provider ${provider}`);
      expect(meterKeys).to.have.nested.property("[0].meterKey", meterKey);
      const ended = await document(
        `meter-keys revoke --meter-key ${String(meterKey)} --wallet provider`,
      );
      expect(ended).to.have.property("revokedAt");
    });

    it("profile publish and show, and market", async () => {
      const said = { name: "North GPU", endpoints: ["https://gpu.example/v1"] };
      await writeFile(file("profile.json"), JSON.stringify(said));
      const published = await document("profile publish --file {profile.json} --wallet provider");
      expect(published).to.deep.include({ ...said, listed: true });
      const shown = await document(`profile show --provider ${provider}`);
      expect(shown).to.deep.include(said);
      const rows = (await done("market --meter requests --quantity 100")).out;
      expect(rows).to.match(/North GPU +0x[0-9a-f]{40} .*https:\/\/gpu\.example\/v1$/m);
      await writeFile(file("basket.json"), '[{"meter": "requests", "quantity": "1"}]');
      const { offers } = await document("market --basket {basket.json} --any-rate");
      expect(offers).to.have.nested.property("[0].totalMicros");
      expect((await document("market --gpu none"))["offers"]).to.deep.equal([]);
    });

    it("status, alarms, vault, report and the log", async () => {
      expect((await done("status")).out).to.match(/^status +ready$/m);
      expect((await done("alarms")).out).to.include("no alarms");
      expect((await document("vault"))["paused"]).to.equal(false);
      expect((await document("report --wallet operator"))["reconciled"]).to.equal(true);
      expect((await document("checkpoints show --epoch 1"))["signatures"]).to.have.length(1);
      expect((await document("checkpoints show --epoch 1 --rows"))["rows"]).to.not.have.length(0);
      await writeFile(file("signer.key"), wallets.signer.privateKey, { mode: 0o600 });
      const csv = await done("report --csv --wallet operator");
      expect(csv.out).to.include(",");
      for (const part of ["metering", "chain"]) {
        // oxlint-disable-next-line no-await-in-loop -- two reads
        expect((await document(`status --part ${part}`))["status"]).to.equal("ready");
      }
      const { acts } = await document("acts --all --limit 1000 --wallet operator");
      const all = JSON.stringify(acts);
      expect(all).to.include("decideProviderApproval").and.to.include("addAllowance");
      const now = new Date().toISOString();
      const then = await document(`liability --as-of ${now} --wallet operator`);
      expect(then).to.include({ asOf: now, reconciled: true });
      expect(await document("duties --wallet operator")).to.have.property("challengeCount", 0);
      expect((await done("liability --csv --wallet operator")).out).to.include(",");
      expect((await done("watch --of checkpoints --count 1")).out).to.match(
        /\ncheckpoint epoch \d+ is /,
      );
      for (const [verb, list] of [
        ["log entries", "entries"],
        ["log cuts", "cuts"],
        ["log segments", "segments"],
      ] as const) {
        // oxlint-disable-next-line no-await-in-loop -- three reads
        expect((await document(`${verb} --key-file {signer.key}`))[list]).to.be.an("array");
      }
    });
  });

  describe("disputes", () => {
    const bob = addressOf(wallets.bob);
    let court: `0x${string}`;
    const deadlineOf = async (account: `0x${string}`) =>
      (
        await stack.client.readContract({
          address: court,
          abi: courtAbi,
          functionName: "challengeOf",
          args: [account, bob],
        })
      ).deadline;

    before(async () => {
      court = await stack.client.readContract({
        address: stack.contract,
        abi: computeCreditsAbi,
        functionName: "court",
      });
      const work = "--meter requests --quantity 5 --customer-key-file {agent.key}";
      await done(`charge ${work} --bearer-file {provider.key} --yes`);
      await pendingCheckpoint();
    });

    it("a receipt is recorded; a checkpoint that pays it answers its challenge", async () => {
      await done("receipts register --receipt {receipt.json} --wallet provider");
      await done("challenge earnings --receipt {receipt.json} --wallet bob");
      await eventually("the answer", async () => (await deadlineOf(provider)) === 0);
    });

    it("a final row that is there answers a challenge of its omission", async () => {
      await done(`challenge omission --party ${alice} --wallet bob`);
      await eventually("the answer", async () => (await deadlineOf(alice)) === 0);
    });

    it("anyone may answer in place of a server that does not", async () => {
      const { disputes } = stack.context;
      const before = { ...disputes };
      Object.assign(disputes, { openChallenges: async () => [] });
      try {
        await done(`challenge row --party ${alice} --wallet bob`);
        await done(`challenge answer --account ${alice} --challenger ${bob} --wallet operator`);
        expect(await deadlineOf(alice)).to.equal(0);
      } finally {
        Object.assign(disputes, before);
      }
    });

    it("a checkpoint that breaks a promise is dropped, and the stake is paid out", async () => {
      const issued = SignedReceiptJson.parse(
        JSON.parse(await readFile(file("receipt.json"), "utf8")),
      );
      const receipt = { ...issued.receipt, earned: issued.receipt.earned + 1_000_000n };
      const signature = await wallets.signer.account.signTypedData(
        earningsReceiptTypedData(stack.deployment, receipt),
      );
      const signatures = [{ signer: addressOf(wallets.signer), signature }];
      await writeFile(file("promise.json"), jsonText({ ...issued, receipt, signatures }));
      await done("challenge earnings --receipt {promise.json} --wallet bob");
      await stack.passTime(WINDOW + 1);
      await done(`challenge drop --account ${provider} --challenger ${bob} --wallet bob`);
      const ether = await stack.client.getBalance({ address: bob });
      await done("challenge withdraw --wallet bob");
      expect((await stack.client.getBalance({ address: bob })) > ether).to.equal(true);
    });
  });

  describe("leaving", () => {
    it("refund asks for credits; revoke-all ends what was signed", async () => {
      const refund = await document("refund --credits 100 --wallet alice");
      expect(refund["creditMicros"]).to.equal("100000000");
      await done("revoke-all --wallet bob");
    });

    it("freeze and exit: what is unspent comes out of a vault whose refund is overdue", async () => {
      const early = await credits(`freeze --account ${alice} --wallet bob ${at}`);
      expect(early.code).to.equal(1);
      // No checkpoint that gives the refund back becomes final meanwhile.
      await stack.passTime(TERMS.refundWindowSeconds + 1);
      await done(`freeze --account ${alice} --wallet bob`);
      const before = await stack.dollarsOf(wallets.alice.account.address);
      // The server follows: until then its proof is of an older checkpoint.
      await eventually(
        "the exit",
        async () => (await credits(`exit --wallet alice ${at}`)).code === 0,
      );
      expect(await stack.dollarsOf(wallets.alice.account.address)).to.be.greaterThan(before);
    });

    it("exit without a proof, after the grace, takes what is unspent", async () => {
      const early = await credits(`exit --without-proof --wallet bob ${at}`);
      expect(early.code).to.equal(1);
      await stack.passTime(LOCAL_WINDOWS.exitGraceSeconds + 1);
      const before = await stack.dollarsOf(wallets.bob.account.address);
      await done("exit --without-proof --wallet bob");
      expect(await stack.dollarsOf(wallets.bob.account.address)).to.equal(before + 100_000n);
    });
  });

  // Last: it looks at what all of the above did.
  describe("all of them", () => {
    it("each verb was done here, and asked each route between them", () => {
      expect(VERBS.map(({ name }) => name).filter((name) => !ran.has(name))).to.deep.equal([]);
      const silent = ROUTES.map(({ id }) => id).filter((id) => !asked.has(id));
      expect(silent.toSorted()).to.deep.equal(Object.keys(WITHOUT_VERB).toSorted());
    });
  });
});

/** Basis points: a rate that moves by a quarter of what its utilisation is above the target. */
const MULTIPLIER = {
  targetBps: "5000",
  startBps: "10000",
  minBps: "5000",
  maxBps: "20000",
  maxStepBps: "1250",
  denominator: "8",
  stepSeconds: 60,
};
