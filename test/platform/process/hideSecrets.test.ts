import { expect } from "chai";

import { hideSecrets, hideUrls } from "@compute-credits/platform/process/hideSecrets";
import { publicSummary } from "@compute-credits/platform/process/health";

const KEY = `0x${"aB".repeat(32)}`;

describe("hideSecrets", () => {
  const hide = hideSecrets({
    keys: [KEY],
    urls: [
      "https://user1234:pass%2F1234@rpc.example.com/v3/abcdef0123456789?token=secretToken",
      "postgres://meter:databasePassword@db.example.com/credits_database",
    ],
  });

  for (const [what, secret] of [
    ["a private key", KEY],
    ["a private key in upper case without 0x", KEY.slice(2).toUpperCase()],
    ["a user of a URL", "user1234"],
    ["a password as it is meant", "pass/1234"],
    ["a password as it is written", "pass%2F1234"],
    ["user and password as they are sent", Buffer.from("user1234:pass/1234").toString("base64")],
    ["a part of a path", "abcdef0123456789"],
    ["a value of a query", "secretToken"],
    ["a database's password", "databasePassword"],
  ] as const) {
    it(`hides ${what}`, () => {
      expect(hide(`{"err":"refused: ${secret} is unknown"}`)).not.to.include(
        secret.replace(/^0x/, ""),
      );
    });
  }

  it("leaves a database's name and hosts readable", () => {
    const text = "credits_database on db.example.com";
    expect(hide(text)).to.equal(text);
  });
});

describe("hideSecrets with public URLs", () => {
  const hide = hideSecrets({
    keys: ["cck_the-only-copy"],
    urls: [],
    publicUrls: ["https://gpu.example/v1", "https://gpu.example/cck_the-only-copy"],
  });

  it("shows them whole, and no longer ones", () => {
    expect(hide('"https://gpu.example/v1", https://gpu.example/v1/key.')).to.equal(
      '"https://gpu.example/v1", https://gpu.example/[hidden].',
    );
  });

  it("hides a secret in them", () => {
    expect(hide("https://gpu.example/cck_the-only-copy")).to.equal("https://gpu.example/[hidden]");
  });
});

describe("hideUrls", () => {
  for (const [url, shown] of [
    ["https://rpc.example.com/v3/k", "https://rpc.example.com/[hidden]"],
    ["https://u:p@rpc.example.com", "https://rpc.example.com/[hidden]"],
    ["https://rpc.example.com/?k=1", "https://rpc.example.com/[hidden]"],
    ["HTTPS://RPC.example.com/v3/k", "https://rpc.example.com/[hidden]"],
    ["http://127.0.0.1:8545", "http://127.0.0.1:8545"],
    ["http://127.0.0.1:8545/", "http://127.0.0.1:8545/"],
    ["https://[::1/key", "[hidden]"],
  ] as const) {
    it(`shows ${shown} for ${url}`, () => {
      expect(hideUrls(`URL: "${url}"\n`)).to.equal(`URL: "${shown}"\n`);
    });
  }

  it("leaves the punctuation after a URL", () => {
    expect(hideUrls("(at http://127.0.0.1:1). Is http://a.b/c, or http://a.b/d?")).to.equal(
      "(at http://127.0.0.1:1). Is http://a.b/[hidden], or http://a.b/[hidden]?",
    );
  });
});

describe("publicSummary", () => {
  it("is the first line, without what a URL holds", () => {
    const error = new Error("no answer of https://rpc.example.com/v3/key\nURL: https://x.y/z");
    expect(publicSummary(error)).to.equal("no answer of https://rpc.example.com/[hidden]");
  });
});
