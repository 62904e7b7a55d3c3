import { expect } from "chai";

import { SIGN_IN_SECONDS } from "@compute-credits/rules/sessions/signIn";
import { createNonces } from "../../../server/http/nonces.ts";

const SECRET = `0x${"11".repeat(32)}` as const;
const START = 1_800_000_000_000;

describe("nonces for signing in", () => {
  it("are read by every server with the secret, until they end", () => {
    let time = START;
    const issued = createNonces(SECRET, () => time).issue();
    const other = createNonces(SECRET, () => time);
    expect(issued.nonce).to.match(/^[0-9a-f]{72}$/);
    expect(issued.expiresAt.getTime()).to.equal(START + SIGN_IN_SECONDS * 1_000);
    expect(other.read(issued.nonce)).to.deep.equal({
      id: `0x${issued.nonce.slice(0, 32)}`,
      expiresAt: issued.expiresAt,
    });
    time = issued.expiresAt.getTime() - 1;
    expect(other.read(issued.nonce)).not.to.equal(null);
    time = issued.expiresAt.getTime();
    expect(other.read(issued.nonce)).to.equal(null);
  });

  it("are refused if any digit is another, or the secret is", () => {
    const nonces = createNonces(SECRET, () => START);
    const { nonce } = nonces.issue();
    for (let index = 0; index < nonce.length; index++) {
      const digit = nonce[index] === "0" ? "1" : "0";
      const changed = nonce.slice(0, index) + digit + nonce.slice(index + 1);
      expect(nonces.read(changed), `${index}`).to.equal(null);
    }
    expect(nonces.read(`${nonce}0`)).to.equal(null);
    expect(nonces.read(nonce.toUpperCase())).to.equal(null);
    expect(createNonces(`0x${"12".repeat(32)}`, () => START).read(nonce)).to.equal(null);
    expect(nonces.issue().nonce).not.to.equal(nonce);
  });
});
