import { once } from "node:events";
import { type Server, type ServerResponse, createServer } from "node:http";
import type { LookupFunction } from "node:net";

import { expect } from "chai";

import { createGuardedPost } from "@compute-credits/platform/process/guardedPost";
import { isPublicAddress } from "@compute-credits/platform/process/publicAddress";

const REQUEST = { headers: {}, body: "{}" };

/** Answers names as a resolver would that an attacker runs. */
const resolvingTo =
  (...addresses: readonly string[]): LookupFunction =>
  (_name, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );

describe("isPublicAddress", () => {
  for (const address of [
    "127.0.0.1",
    "10.1.2.3",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::a9fe:a9fe",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "",
    "localhost",
  ]) {
    it(`is false of ${address}`, () => expect(isPublicAddress(address)).to.equal(false));
  }

  for (const address of ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"]) {
    it(`is true of ${address}`, () => expect(isPublicAddress(address)).to.equal(true));
  }
});

describe("a guarded post", () => {
  let server: Server;
  let url: string;
  let requests = 0;
  let answer: (res: ServerResponse) => void;

  before(async () => {
    server = createServer((req, res) => {
      requests++;
      req.resume();
      answer(res);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    url = `http://127.0.0.1:${address.port}`;
  });
  beforeEach(() => {
    requests = 0;
    answer = (res) => res.writeHead(204).end();
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const { signal } = new AbortController();
  const open = createGuardedPost({ networks: ["127.0.0.0/8"], timeoutMs: 5_000 });
  const strict = createGuardedPost({ networks: [], timeoutMs: 5_000 });

  const refusalOf = async (post: typeof open, target: string): Promise<string> => {
    try {
      await post.post(target, REQUEST, signal);
    } catch (error) {
      return String(error);
    }
    return "sent";
  };

  for (const target of [
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://0x7f.1/",
    "https://127.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://169.254.169.254/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    // The cloud's metadata service, in all spellings that resolvers or URLs take.
    "https://169.254.169.254./",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://0xa9.0xfe.0xa9.0xfe/",
    "https://0251.0376.0251.0376/",
    "https://0251.254.43518/",
    "https://169.16689662/",
    "https://%31%36%39.254.169.254/",
    "https://１６９.２５４.１６９.２５４/",
    "https://169。254。169。254/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[0:0:0:0:0:ffff:a9fe:a9fe]/",
    "https://[::169.254.169.254]/",
    "https://[64:ff9b::169.254.169.254]/",
    "https://[2002:a9fe:a9fe::1]/",
    "https://[fd00:ec2::254]/",
    "https://0.0.0.0/",
    "https://0/",
    "https://0x0/",
    "https://[::]/",
    "https://127.0.0.1./",
    "https://10.0.0.1/",
    "http://8.8.8.8/",
    "http://receiver.example/",
    "https://user:password@receiver.example/",
    "ftp://receiver.example/",
    "receiver.example",
  ]) {
    it(`refuses ${target} before it is stored`, async () => {
      expect(strict.refusalOf(target)).to.be.a("string");
      expect(await refusalOf(strict, target)).to.match(/nothing is sent there/);
    });
  }

  it("refuses a name that resolves to private addresses, when it connects", async () => {
    for (const address of ["127.0.0.1", "::1", "::ffff:10.0.0.1", "169.254.169.254"]) {
      const post = createGuardedPost({
        networks: [],
        timeoutMs: 5_000,
        lookup: resolvingTo(address),
      });
      expect(post.refusalOf("https://receiver.example/")).to.equal(null);
      // oxlint-disable-next-line no-await-in-loop -- a failure names its address
      const refusal = await refusalOf(post, "https://receiver.example/");
      expect(refusal, address).to.match(/its address is not public/);
    }
  });

  it("connects to the very address that it checked, and looks the name up once", async () => {
    let lookups = 0;
    const post = createGuardedPost({
      networks: ["127.0.0.0/8"],
      timeoutMs: 5_000,
      // The second answer would be another address, as in DNS rebinding.
      lookup: (name, options, callback) =>
        resolvingTo(lookups++ === 0 ? "127.0.0.1" : "169.254.169.254")(name, options, callback),
    });
    const target = url.replace("127.0.0.1", "receiver.example");
    expect((await post.post(target, REQUEST, signal)).status).to.equal(204);
    expect([requests, lookups]).to.deep.equal([1, 1]);
  });

  it("leaves out the private ones of several addresses", async () => {
    const post = createGuardedPost({
      networks: ["127.0.0.1"],
      timeoutMs: 5_000,
      lookup: resolvingTo("169.254.169.254", "10.0.0.1", "127.0.0.1"),
    });
    const target = url.replace("127.0.0.1", "receiver.example");
    expect((await post.post(target, REQUEST, signal)).status).to.equal(204);
  });

  it("reaches only the networks that the operator named, besides public ones", async () => {
    expect(open.refusalOf("http://127.0.0.1/")).to.equal(null);
    expect(open.refusalOf("http://10.0.0.1/")).to.be.a("string");
    expect(open.refusalOf("http://8.8.8.8/")).to.equal("it is not https");
  });

  it("refuses the metadata service's names, whatever is in front of or behind the dot", async () => {
    const post = createGuardedPost({
      networks: [],
      timeoutMs: 5_000,
      lookup: resolvingTo("169.254.169.254", "fd00:ec2::254"),
    });
    for (const host of ["metadata.google.internal", "metadata.google.internal.", "localhost."]) {
      // oxlint-disable-next-line no-await-in-loop -- a failure names its host
      expect(await refusalOf(post, `https://${host}/`), host).to.match(/is not public/);
    }
  });

  it("follows no redirect to the metadata service, whatever its status", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      answer = (res) => res.writeHead(status, { location: "http://169.254.169.254/" }).end();
      // oxlint-disable-next-line no-await-in-loop -- a failure names its status
      expect((await open.post(url, REQUEST, signal)).status).to.equal(status);
    }
    expect(requests).to.equal(5);
  });

  it("checks each post anew: a name that moved to a private address is refused", async () => {
    let address = "127.0.0.1";
    const post = createGuardedPost({
      networks: ["127.0.0.1"],
      timeoutMs: 5_000,
      lookup: (name, options, callback) => resolvingTo(address)(name, options, callback),
    });
    const target = url.replace("127.0.0.1", "receiver.example");
    expect((await post.post(target, REQUEST, signal)).status).to.equal(204);
    address = "169.254.169.254";
    expect(await refusalOf(post, target)).to.match(/its address is not public/);
    expect(requests).to.equal(1);
  });

  it("follows no redirect", async () => {
    answer = (res) => res.writeHead(302, { location: `${url}/elsewhere` }).end();
    expect((await open.post(url, REQUEST, signal)).status).to.equal(302);
    expect(requests).to.equal(1);
  });

  it("reads a bounded part of an answer that does not end", async () => {
    const chunk = "x".repeat(10_000);
    answer = (res) => {
      const fill = () => {
        while (res.writable && res.write(chunk));
      };
      res.on("drain", fill);
      fill();
    };
    expect((await open.post(url, REQUEST, signal)).status).to.equal(200);
  });

  it("ends when its time is over, also in the middle of an answer", async () => {
    const impatient = createGuardedPost({ networks: ["127.0.0.0/8"], timeoutMs: 100 });
    answer = () => undefined;
    expect(await refusalOf(impatient, url)).to.match(/Timeout|abort/i);
    answer = (res) => res.writeHead(200).write("x");
    expect(await refusalOf(impatient, url)).to.match(/Timeout|abort/i);
  });
});
