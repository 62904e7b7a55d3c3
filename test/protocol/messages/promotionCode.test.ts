import { expect } from "chai";

import { promotionCodeHash } from "@compute-credits/protocol/messages/promotionCode";

describe("promotionCodeHash", () => {
  const hash = promotionCodeHash("7K2M-9XQ4-W1ZB-8HTN");

  for (const [what, typed] of [
    ["in lower case", "7k2m-9xq4-w1zb-8htn"],
    ["without dashes", "7K2M9XQ4W1ZB8HTN"],
    ["with spaces", " 7K2M 9XQ4 W1ZB\u00a08HTN\n"],
    ["with en dashes", "7K2M\u20139XQ4\u2013W1ZB\u20138HTN"],
    ["with minus signs", "7K2M\u22129XQ4\u2212W1ZB\u22128HTN"],
    ["in full-width letters", "７Ｋ２Ｍ－９ＸＱ４－Ｗ１ＺＢ－８ＨＴＮ"],
    ["with soft hyphens and zero-width spaces", "7K2M\u00ad-9XQ4\u200b-W1ZB-8HTN"],
  ] as const) {
    it(`of a code ${what}: is the code's`, () => {
      expect(promotionCodeHash(typed)).to.equal(hash);
    });
  }

  it("of a code in NFD: is that in NFC", () => {
    expect(promotionCodeHash("CAFE\u0301-2026")).to.equal(promotionCodeHash("CAF\u00c9-2026"));
  });

  it("of another code: is another", () => {
    expect(promotionCodeHash("7K2M-9XQ4-W1ZB-8HTM")).not.to.equal(hash);
  });
});
