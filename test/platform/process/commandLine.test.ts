import { expect } from "chai";

import {
  closest,
  httpUrl,
  readOptions,
  UsageError,
  wholeNumber,
} from "@compute-credits/platform/process/commandLine";

const OPTIONS = {
  port: { type: "string", default: "8080" },
  "rpc-port": { type: "string", default: "8545" },
  help: { type: "boolean", default: false },
} as const;

function read(...args: string[]) {
  return readOptions({ args, options: OPTIONS });
}

describe("the commands' options", () => {
  it("are read, with defaults for those that are missing", () => {
    expect({ ...read("--port", "9000").values }).to.deep.equal({
      port: "9000",
      "rpc-port": "8545",
      help: false,
    });
  });

  for (const [args, answer] of [
    [
      ["--prot", "9000"],
      "There is no option --prot. Did you mean --port? --help lists the options.",
    ],
    [
      ["--chain-port", "1"],
      "There is no option --chain-port. Did you mean --rpc-port? --help lists the options.",
    ],
    [["--verbose"], "There is no option --verbose. --help lists the options."],
    [["-p", "1"], "There is no option -p. Did you mean --port? --help lists the options."],
    [["--port"], "--port needs a value after it. --help lists the options."],
    [["--port", "--help"], "--port needs a value after it. --help lists the options."],
    [["--help=yes"], "--help takes no value."],
    [["9000"], '"9000" is not understood. --help lists the options.'],
  ] as const) {
    it(`${args.join(" ")} is answered in one line`, () => {
      expect(() => read(...args)).to.throw(UsageError, answer);
    });
  }

  it("that npm took for its own are named, with the -- that was missing", () => {
    process.env["npm_config_rpc_port"] = "9000";
    try {
      expect(() => read()).to.throw(UsageError, /^npm took --rpc-port .* -- … --rpc-port …$/);
    } finally {
      delete process.env["npm_config_rpc_port"];
    }
  });

  it("that share a name with a setting of npm are read in spite of the user's .npmrc", () => {
    const before = process.env["npm_config_audit"];
    process.env["npm_config_audit"] = "false";
    try {
      const options = { audit: { type: "boolean", default: false } } as const;
      expect(readOptions({ args: ["--audit"], options }).values.audit).to.equal(true);
    } finally {
      if (before === undefined) delete process.env["npm_config_audit"];
      else process.env["npm_config_audit"] = before;
    }
  });

  it("that are addresses take http and https only", () => {
    expect(httpUrl("--rpc", "https://rpc.example/key")).to.equal("https://rpc.example/key");
    for (const text of ["", "nonsense", "127.0.0.1:8545", "ws://127.0.0.1:8545", "http://"]) {
      expect(() => httpUrl("--rpc", text), text).to.throw(
        UsageError,
        `--rpc is an address like http://127.0.0.1:8080, not "${text}".`,
      );
    }
  });

  it("that are numbers keep their bounds", () => {
    const bounds = { least: 1, most: 65_535 };
    expect(wholeNumber("--port", "1", bounds)).to.equal(1);
    expect(wholeNumber("--port", "65535", bounds)).to.equal(65_535);
    for (const text of ["0", "65536", "-1", "1.5", "1e3", "", " 1", "abc", "9".repeat(30)]) {
      expect(() => wholeNumber("--port", text, bounds), text).to.throw(
        UsageError,
        `--port is a whole number from 1 to 65535, not "${text}".`,
      );
    }
  });

  it("suggest the closest name, and none that is far", () => {
    expect(closest("bui", ["buy", "work"])).to.equal("buy");
    expect(closest("Alice", ["alice", "bob"])).to.equal("alice");
    expect(closest("rpc", ["port", "rpc-port"])).to.equal("rpc-port");
    expect(closest("carol", ["alice", "bob", "provider"])).to.equal(null);
  });
});
