import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

import { expect } from "chai";
import { z } from "zod";

import { sampled } from "../fixtures/effort.ts";

const run = promisify(execFile);

/** Nothing answers at port 1 of this machine. */
const UNREACHABLE = {
  RPC_URL: "http://127.0.0.1:1",
  CONTRACT_ADDRESS: "0x00000000000000000000000000000000000000c0",
};

/** The npm commands that a user may call with options, and their files. */
const COMMANDS = Object.entries(
  z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")))
    .scripts,
).flatMap(([name, line]) => {
  const [, file] = /^exec node (\S+\.ts)$/.exec(line) ?? [];
  return file === undefined || name.startsWith("bench:") ? [] : [{ name, file }];
});

async function command(file: string, args: readonly string[], environment = {}) {
  const env = { ...process.env, ...environment };
  return await run(process.execPath, [file, ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      stdout,
      stderr,
    }),
  );
}

describe("the npm commands", () => {
  it("are at least the thirteen that the documentation names", () => {
    expect(COMMANDS).to.have.length.at.least(13);
  });

  for (const { name, file } of sampled(COMMANDS, 4)) {
    it(`${name}: --help explains it`, async () => {
      const { code, stdout } = await command(file, ["--help"]);
      expect(code).to.equal(0);
      expect(stdout)
        .to.match(new RegExp(`^npm (run )?${name}\\b`))
        .and.include("--help");
    });
  }

  // They share what reads options: readOptions.
  for (const { name, file } of sampled(COMMANDS, 1)) {
    it(`${name}: a wrong option is answered in one line`, async () => {
      expect(await command(file, ["--nonsense"])).to.deep.equal({
        code: name === "credits" ? 2 : 1,
        stdout: "",
        stderr: "There is no option --nonsense. --help lists the options.\n",
      });
    });
  }

  it("server, when no chain answers: says so in one line, without a stack", async () => {
    const { code, stderr } = await command("server/main.ts", [], UNREACHABLE);
    expect(code).to.equal(1);
    expect(stderr).to.equal(
      "cannot reach the chain that RPC_URL names: start its node, or set another endpoint\n",
    );
  });

  it("mirror, with a folder that cannot be made: ends with an error that names it", async () => {
    const { code, stderr } = await command("scripts/mirror.ts", ["--folder", "/proc/x", "--once"], {
      ...UNREACHABLE,
      SERVER_URL: "http://127.0.0.1:1",
      AUDITOR_PRIVATE_KEY: `0x${"11".repeat(32)}`,
    });
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^\/proc\/x cannot hold the copy \(ENOENT.*\): choose another folder\n$/,
    );
  });

  it("verify, when no chain answers: names the option to check", async () => {
    const { code, stderr } = await command("scripts/verify.ts", [
      "--account",
      UNREACHABLE.CONTRACT_ADDRESS,
      "--contract",
      UNREACHABLE.CONTRACT_ADDRESS,
      "--rpc",
      UNREACHABLE.RPC_URL,
    ]);
    expect(code).to.equal(1);
    expect(stderr).to.equal("No chain answers at http://127.0.0.1:1. Check --rpc.\n");
  });

  const WRONG_CHECKSUM = "0x70997970c51812dc3A010C7d01b50e0d17dc79C8";
  const LOWER_CASE = WRONG_CHECKSUM.toLowerCase();
  const FORM = "an address: 0x and 40 hex digits, in lower case or with the right checksum";
  const addressOptions: readonly (readonly [string, string, readonly string[]])[] = [
    ["scripts/verify.ts", "--account", ["--contract", LOWER_CASE]],
    ["scripts/verify.ts", "--contract", ["--account", LOWER_CASE]],
    ["scripts/rebuild.ts", "--contract", ["--file", "none", "--rpc", UNREACHABLE.RPC_URL]],
    ["scripts/deploy.ts", "--token", []],
    ["scripts/deploy.ts", "--owner", []],
    ["scripts/deploy.ts", "--guardian", []],
    ["scripts/deploy.ts", "--fee-recipient", []],
    ["scripts/deploy.ts", "--signers", []],
  ];
  for (const [file, option, others] of sampled(addressOptions, 4)) {
    it(`${file} ${option} with a wrong checksum: is refused, never mended`, async () => {
      const { code, stderr } = await command(file, [...others, option, WRONG_CHECKSUM]);
      expect(code).to.equal(1);
      expect(stderr).to.include(option).and.include(WRONG_CHECKSUM).and.include(FORM);
    });
  }

  for (const file of ["server/main.ts", "auditor/main.ts"]) {
    it(`${file} with a wrong checksum in its environment: is refused`, async () => {
      const { code, stderr } = await command(file, [], {
        ...UNREACHABLE,
        CONTRACT_ADDRESS: WRONG_CHECKSUM,
      });
      expect(code).to.equal(1);
      expect(stderr).to.include(`CONTRACT_ADDRESS must be ${FORM}`);
    });
  }

  it("deploy, without its terms: lists each that is missing", async () => {
    const { code, stderr } = await command("scripts/deploy.ts", ["--threshold", "2"]);
    expect(code).to.equal(1);
    expect(stderr).to.include("--token: is missing\n").and.include("DEPLOYER_PRIVATE_KEY");
    expect(stderr).to.not.include("--threshold");
  });
});
