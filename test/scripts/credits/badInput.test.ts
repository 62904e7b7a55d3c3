import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { z } from "zod";

import { RULE_KINDS } from "@compute-credits/protocol/json/ruleKinds";
import { createProgress } from "../../../scripts/credits/context/progress.ts";
import { SENT_WORDS, SIGNED_WORDS } from "../../../scripts/credits/context/plainWords.ts";
import { factsOf, typedName } from "../../../scripts/credits/frame/options.ts";
import { ASKS, type Verb } from "../../../scripts/credits/frame/verb.ts";
import { VERBS } from "../../../scripts/credits/verbs.ts";
import { wallets } from "../../../scripts/local/wallets.ts";
import { type RunOptions, credits } from "../../fixtures/creditsCommand.ts";
import { send } from "../../fixtures/http.ts";
import { type MeteredStack, startMeteredStack } from "../../fixtures/meteredStack.ts";

/** Nothing listens there: it is not for ordinary users. */
const NOWHERE = "http://127.0.0.1:1";
const ADDRESS = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
const WRONG_CHECKSUM = "0x70997970c51812dc3A010C7d01b50e0d17dc79C8";

/** What a run without a terminal says on the error stream, and its exit code. */
async function said(args: string | readonly string[], options?: RunOptions) {
  const { code, err, out } = await credits(args, options);
  return { code, err: err.trimEnd(), out };
}

const mistake = (err: string) => ({ code: 2, err, out: "" });

function wordsOf(verb: Verb): readonly string[] {
  return verb.name.split(" ");
}

describe("npm run credits, mistyped or refused", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-test-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("no verb, and one that there is not: names the closest", async () => {
    const lists = "npm run credits -- --help lists the verbs.";
    expect(await said([])).to.deep.equal(mistake(`A verb is missing. ${lists}`));
    expect(await said("balnce")).to.deep.equal(
      mistake(`There is no verb "balnce". Did you mean "balance"? ${lists}`),
    );
    expect(await said("view-keys lst")).to.deep.equal(
      mistake(`There is no verb "view-keys lst". Did you mean "view-keys list"? ${lists}`),
    );
    expect(await said("view-keys")).to.deep.equal(mistake(`A verb is missing. ${lists}`));
    expect(await said("zzzzzz")).to.deep.equal(mistake(`There is no verb "zzzzzz". ${lists}`));
  });

  it("each verb: --help has its examples; an unknown option is named, with the closest", async () => {
    for (const verb of VERBS) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other reads better when it fails
      const help = await said([...wordsOf(verb), "--help"]);
      expect(help.code).to.equal(0);
      expect(help.out).to.include(`npm run credits -- ${verb.examples[0]}`);
      // oxlint-disable-next-line no-await-in-loop -- as above
      expect(await said([...wordsOf(verb), "--jsn"])).to.deep.equal(
        mistake(
          `There is no option --jsn. Did you mean --json? See npm run credits -- ${verb.name} --help`,
        ),
      );
      for (const example of verb.examples) expect(example.startsWith(verb.name)).to.equal(true);
    }
  });

  it("each verb: the first option that is required and missing is named", async () => {
    const strict = VERBS.filter(({ options }) =>
      Object.values(options).some((option) => factsOf(option).isRequired),
    );
    expect(strict).to.have.length.greaterThan(30);
    for (const verb of strict) {
      const [missing = ""] = Object.entries(verb.options)
        .filter(([, option]) => factsOf(option).isRequired)
        .map(([name]) => name);
      // oxlint-disable-next-line no-await-in-loop -- as above
      expect(await said(verb.name)).to.deep.equal(
        mistake(`--${typedName(missing)} is missing. See npm run credits -- ${verb.name} --help`),
      );
    }
  });

  const WRONG: Readonly<Record<string, readonly [typed: string, says: string]>> = {
    AMOUNT: [
      "1.1234567",
      'is an amount like 100 or 12.5, with at most six decimals and at most 9223372036854.775807, not "1.1234567"',
    ],
    ADDRESS: [
      WRONG_CHECKSUM,
      `is an address: 0x and 40 hex digits, in lower case or with the right checksum, not "${WRONG_CHECKSUM}"`,
    ],
    ID: ["0x12", 'is 32 bytes: 0x and 64 hex digits, not "0x12"'],
    SPENDER: [
      "bob",
      `is a spender: a wallet's address, or the hash of an API key (0x and 64 hex digits), not "bob"`,
    ],
    TIME: [
      "tomorrow",
      'is a day or a time with its zone, like 2026-01-31 or 2026-01-31T12:00:00Z, not "tomorrow"',
    ],
    UUID: ["12", 'is an id like 4be0643f-1d98-473b-97cd-ca98a65347dd, not "12"'],
    "NAME=VALUE": ["gpu", 'is a pair like gpu=H100, not "gpu"'],
  };

  it("each option of each verb: a wrong value is refused with its form", async () => {
    const seen = new Set<string>();
    for (const verb of VERBS) {
      for (const [name, option] of Object.entries(verb.options)) {
        const { placeholder } = factsOf(option);
        const [typed, says] = WRONG[placeholder ?? ""] ?? [];
        if (typed === undefined || placeholder === null) continue;
        seen.add(placeholder);
        const args = [...wordsOf(verb), ...neededArgs(verb, name), `--${typedName(name)}`, typed];
        // oxlint-disable-next-line no-await-in-loop -- as above
        expect(await said(args)).to.deep.equal(
          mistake(`--${typedName(name)} ${says}. See npm run credits -- ${verb.name} --help`),
        );
      }
    }
    expect([...seen].toSorted()).to.deep.equal(Object.keys(WRONG).toSorted());
  });

  /** A right value for each required option, but for `without`. */
  function neededArgs(verb: Verb, without: string | null = null): readonly string[] {
    return Object.entries(verb.options)
      .filter(([name, option]) => name !== without && factsOf(option).isRequired)
      .flatMap(([name, option]) => [
        `--${typedName(name)}`,
        RIGHT[factsOf(option).placeholder ?? ""] ?? "text",
      ]);
  }

  const RIGHT: Readonly<Record<string, string>> = {
    AMOUNT: "1",
    ADDRESS,
    ID: `0x${"12".repeat(32)}`,
    SPENDER: ADDRESS,
    NUMBER: "1",
    TIME: "2027-01-01",
    URL: "https://receiver.example/hooks",
    UUID: "4be0643f-1d98-473b-97cd-ca98a65347dd",
    [RULE_KINDS.join("|")]: RULE_KINDS[0],
  };

  it("each verb that moves, permits or cannot be taken back: needs --yes without a terminal", async () => {
    const asking = VERBS.flatMap((verb) => (verb.asks === null ? [] : [{ verb, asks: verb.asks }]));
    expect(asking.map(({ verb }) => verb.name)).to.include.members(["refund", "exit", "revoke"]);
    for (const { verb, asks } of asking) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      expect(await said([...wordsOf(verb), ...neededArgs(verb)])).to.deep.equal(
        mistake(
          `"${verb.name}" ${ASKS[asks]}, and no one is at a terminal to be asked. Give --yes.`,
        ),
      );
    }
  });

  it("each verb, when no server answers: says where it looked, with exit code 1 and no stack", async () => {
    const environment = {
      CREDITS_PRIVATE_KEY: wallets.bob.privateKey,
      CREDITS_CUSTOMER_KEY: "cck_the-key-of-a-customer",
    };
    const where = ["--server", NOWHERE, "--rpc", NOWHERE, "--yes"];
    await Promise.all(
      VERBS.map(async (verb, at) => {
        const args = neededArgs(verb).map((arg, place, all) =>
          all[place - 1] === "--out" ? join(folder, `out-${at}`) : arg,
        );
        // These read a file before they ask anyone, and work is of test wallets.
        const isFirst = ["--file", "--lines", "--receipt"].some((option) => args.includes(option));
        if (isFirst || verb.name === "work") return;
        const more = MORE[verb.name] ?? [];
        const ran = await said([...wordsOf(verb), ...args, ...more, ...where], { environment });
        const err = ran.err.replaceAll(/^(?:Charges|…) .*\n/gm, "");
        expect({ ...ran, err }, verb.name).to.deep.equal({
          code: 1,
          err: `No metering server answers at ${NOWHERE}.\nStart one with npm start, or name another with --server.`,
          out: "",
        });
      }),
    );
  });

  /** What some verbs need that their schema does not say. */
  const MORE: Readonly<Record<string, readonly string[]>> = {
    allow: ["--spender", ADDRESS],
    charge: ["--meter", "requests", "--quantity", "1"],
    "claim-grant": ["--sponsor", ADDRESS],
    redeem: ["--account", ADDRESS],
    "webhooks create": ["--event", "balance.low"],
    "webhooks replay": ["--since", "2026-01-01"],
  };

  describe("keys", () => {
    it("a file that others may read is refused, whatever is in it", async () => {
      const path = join(folder, "open.key");
      await writeFile(path, wallets.bob.privateKey, { mode: 0o644 });
      expect(await said(["balance", "--key-file", path])).to.deep.equal(
        mistake(`--key-file ${path} may be used by others (mode 644). Run: chmod 600 ${path}`),
      );
      expect(await said(["balance", "--bearer-file", path])).to.deep.equal(
        mistake(`--bearer-file ${path} may be used by others (mode 644). Run: chmod 600 ${path}`),
      );
    });

    it("a wrong key is never shown", async () => {
      const path = join(folder, "long.key");
      const long = `${wallets.bob.privateKey}00`;
      await writeFile(path, long, { mode: 0o600 });
      expect(await said(["balance", "--key-file", path])).to.deep.equal(
        mistake(`--key-file ${path} must hold a private key: 0x and 64 hex digits.`),
      );
      const environment = { CREDITS_PRIVATE_KEY: long };
      expect(await said("balance", { environment })).to.deep.equal(
        mistake("CREDITS_PRIVATE_KEY must hold a private key: 0x and 64 hex digits."),
      );
    });

    it("no key is an argument: one that is typed is not shown again", async () => {
      const { privateKey } = wallets.bob;
      const apiKey = "cck_0123456789";
      for (const line of [
        `balance --private-key ${privateKey}`,
        `balance --private-key=${privateKey}`,
        `balance --account ${privateKey}`,
        `balance ${privateKey}`,
        privateKey,
        `budgets --spender ${apiKey}`,
        apiKey,
      ]) {
        // oxlint-disable-next-line no-await-in-loop -- as above
        const { code, err, out } = await said(line);
        expect(code, line).to.equal(2);
        expect(err + out)
          .to.not.include(privateKey.slice(2))
          .and.not.include(apiKey);
      }
    });

    it("a command has one wallet", async () => {
      expect(await said(`balance --wallet alice --from ${ADDRESS}`)).to.deep.equal(
        mistake("Give one of --key-file, --from and --wallet: a command has one wallet."),
      );
      expect(await said(`balance --server ${NOWHERE}`)).to.deep.equal(
        mistake(
          "A wallet is missing. Give --key-file FILE, set CREDITS_PRIVATE_KEY, or give --from ADDRESS " +
            "with the --rpc URL of a node that holds it unlocked.",
        ),
      );
    });

    it("a new key never takes the place of a file", async () => {
      const path = join(folder, "there.key");
      await writeFile(path, "something", { mode: 0o600 });
      const options = { environment: { CREDITS_PRIVATE_KEY: wallets.bob.privateKey } };
      const line = `allow --credits 1 --out ${path} --yes --server ${NOWHERE}`;
      expect(await said(line, options)).to.deep.equal(
        mistake(`--out ${path} exists already. Name a new file: no key is overwritten.`),
      );
    });

    it("a server's address with a password is refused without showing it", async () => {
      expect((await said("balance --server http://user:secret@127.0.0.1:1")).err).to.equal(
        "--server takes no user and no password: give a key with --bearer-file.",
      );
    });
  });

  describe("servers and chains", () => {
    let stack: MeteredStack;
    let close: () => void;
    let other: (change: object) => Promise<string>;

    before(async () => {
      stack = await startMeteredStack("PGlite");
      const servers: ReturnType<typeof createServer>[] = [];
      close = () => servers.forEach((server) => server.close());
      const { document } = await send(`${stack.server.url}/v1/deployment`);
      const { domain } = z.object({ domain: z.object({}).loose() }).parse(document);
      /** A server that names another chain or contract. */
      other = async (change) => {
        const body = JSON.stringify({ ...document, domain: { ...domain, ...change } });
        const server = createServer((_, res) => res.end(body)).listen(0, "127.0.0.1");
        servers.push(server);
        await once(server, "listening");
        const address = server.address();
        return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
      };
    });
    after(async () => {
      close();
      await stack.stop();
    });

    it("a server of another chain: the wallet signs nothing, and test wallets are refused", async () => {
      const server = await other({ chainId: 1 });
      const where = `--server ${server} --rpc ${stack.rpcUrl}`;
      const environment = { CREDITS_PRIVATE_KEY: wallets.bob.privateKey };
      for (const line of [
        "buy --credits 1",
        `allow --credits 1 --spender ${ADDRESS}`,
        "revoke-all",
      ]) {
        // oxlint-disable-next-line no-await-in-loop -- as above
        expect(await said(`${line} --yes ${where}`, { environment })).to.deep.equal({
          code: 1,
          err:
            `The chain at ${stack.rpcUrl} is 31337, and the server at ${server} works on 1.\n` +
            "Name an endpoint of chain 1 with --rpc.",
          out: "",
        });
      }
      expect(await said(`balance --wallet alice ${where}`)).to.deep.equal(
        mistake(
          "--wallet alice is a test wallet of the local chain 31337, whose key everyone knows. " +
            `The server at ${server} works on chain 1: give --key-file FILE.`,
        ),
      );
    });

    it("another instance's server: the vault that it names is not on this chain", async () => {
      const contract = "0x00000000000000000000000000000000000000ff";
      for (const named of [contract, stack.token.toLowerCase()]) {
        // oxlint-disable-next-line no-await-in-loop -- as above
        const server = await other({ verifyingContract: named });
        const where = `--server ${server} --rpc ${stack.rpcUrl}`;
        // oxlint-disable-next-line no-await-in-loop -- as above
        expect(await said(`refund --credits 1 --wallet alice ${where}`)).to.deep.equal({
          code: 1,
          err:
            `The chain at ${stack.rpcUrl} does not have the vault ${named}, which the server at ${server} names.\n` +
            "Let --server and --rpc name one and the same system.",
          out: "",
        });
      }
    });

    it("a chain that does not answer, and an account that the node does not hold", async () => {
      const { url } = stack.server;
      expect(
        await said(`refund --credits 1 --wallet alice --server ${url} --rpc ${NOWHERE}`),
      ).to.deep.equal({
        code: 1,
        err: `No chain answers at ${NOWHERE}.\nStart one with npm start, or name another with --rpc.`,
        out: "",
      });
      const line = `balance --from 0x00000000000000000000000000000000000000ff`;
      const refused = await said(`${line} --server ${url} --rpc ${stack.rpcUrl}`);
      expect(refused.code).to.equal(1);
      expect(refused.err).to.match(
        /^The node at \S+ does not hold 0x0{38}ff unlocked\.\nIt holds \d+ accounts \(eth_accounts\)/,
      );
    });

    it("a key that a server repeats in its answer is hidden", async () => {
      const key = "ccvk_0123456789abcdef0123456789abcdef";
      const echo = createServer(({ headers }, res) => {
        const detail = `unknown: ${headers.authorization}`;
        res.writeHead(401).end(JSON.stringify({ reason: "unauthorized", detail }));
      }).listen(0, "127.0.0.1");
      await once(echo, "listening");
      const address = echo.address();
      const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
      const ran = await said(`me --json --server ${url}`, { environment: { CREDITS_BEARER: key } });
      echo.close();
      expect(ran.err).to.include("unknown: Bearer [hidden]");
      expect(ran.err + ran.out).to.not.include("0123456789abcdef");
    });

    it("an endpoint's key, in its path or its query, is hidden", async () => {
      const environment = {
        CREDITS_RPC_URL: `${NOWHERE}/v3/0123456789abcdef?key=fedcba9876543210`,
      };
      const { err, code } = await said(`vault --server ${stack.server.url}`, { environment });
      expect(code).to.equal(1);
      expect(err.split("\n")[0]).to.equal(`No chain answers at ${NOWHERE}/[hidden].`);
      expect(err).to.not.match(/0123456789|fedcba/);
    });

    it("a refusal of the server or the contract: a line, and what to do; --json has it too", async () => {
      const at = `--server ${stack.server.url} --rpc ${stack.rpcUrl}`;
      const refused = await credits(`balance --account ${ADDRESS} --wallet bob --json ${at}`);
      expect(refused.code).to.equal(1);
      expect(refused.json()).to.have.nested.property("error.reason", "not_permitted");
      expect(refused.json()["server"]).to.equal(stack.server.url);
      const reverted = await said(`refund --credits 1 --wallet bob ${at}`);
      expect(reverted.err).to.match(
        /^The contract refuses: the wallet has fewer credits on chain \(InsufficientCredits\(.*\)\)\nAsk for at most the credits that are unspent on chain\.$/m,
      );
      const frozen = await said(`exit --without-proof --wallet bob ${at}`);
      expect(frozen.err).to.match(
        /^The contract refuses: the vault is not frozen \(NotFrozen\(\)\)$/m,
      );
    });

    it("a person who declines: nothing is signed or sent", async () => {
      const at = `--server ${stack.server.url} --rpc ${stack.rpcUrl}`;
      const environment = { CREDITS_PRIVATE_KEY: wallets.bob.privateKey };
      const ran = await credits(`revoke-all ${at}`, { environment, answers: false });
      expect(ran.code).to.equal(1);
      expect(ran.err).to.match(/Stopped\. What was not confirmed was neither signed nor sent\.\n$/);
      const allowed = `allow --credits 1 --spender ${ADDRESS} ${at}`;
      const declined = await credits(allowed, { environment, answers: false });
      expect(declined.err).to.match(/^Stopped\. What was not confirmed/m);
      const { account } = wallets.bob;
      expect(await stack.client.getTransactionCount({ address: account.address })).to.equal(0);
      expect((await credits(`revoke-all ${at}`, { environment, answers: true })).code).to.equal(0);
    });
  });

  it("progress is told while work goes on", async () => {
    const told = Promise.withResolvers<string>();
    const progress = createProgress(told.resolve, 0);
    expect(await progress("waiting for it", told.promise)).to.equal("… waiting for it (0 s)");
  });

  it("every type that wallets sign, and every transaction, has words", () => {
    expect(Object.keys(SIGNED_WORDS)).to.have.length(20);
    expect(Object.keys(SENT_WORDS)).to.have.length.greaterThan(12);
  });
});
