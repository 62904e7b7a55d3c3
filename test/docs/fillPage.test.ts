import { expect } from "chai";

import { fillPage, table } from "../../scripts/docs/fillPage.ts";

const tables = new Map([["sizes", table(["name", "size"], [["one", "1"]])]]);

describe("generated blocks of the docs", () => {
  it("hold the table of their name, whatever they held before", async () => {
    const page = "# Page\n\n<!-- generated: sizes -->\nstale\n<!-- /generated -->\n\nEnd.\n";
    expect(await fillPage(page, tables)).to.equal(
      "# Page\n\n<!-- generated: sizes -->\n\n| name | size |\n| ---- | ---- |\n| one  | 1    |\n\n" +
        "<!-- /generated -->\n\nEnd.\n",
    );
  });

  it("stay as they are once they are filled", async () => {
    const page = await fillPage("<!-- generated: sizes -->\n<!-- /generated -->\n", tables);
    expect(await fillPage(page, tables)).to.equal(page);
  });

  it("are refused if no table has their name", async () => {
    const page = "<!-- generated: weights -->\n<!-- /generated -->\n";
    const error = await fillPage(page, tables).catch((thrown: unknown) => thrown);
    expect(String(error)).to.match(/no generated table weights/);
  });
});
