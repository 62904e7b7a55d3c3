import { expect } from "chai";
import { z } from "zod";

import { integer } from "@compute-credits/platform/process/environment";
import { settingsOf } from "@compute-credits/platform/process/settings";

describe("settings as the docs list them", () => {
  it("have the meaning, the default and the bounds of their schema", () => {
    const [port, folder, key] = settingsOf({
      PORT: integer(0, 65_535).default(8080).describe("Port that HTTP listens on."),
      FOLDER: z.string().default(".data").describe("Folder of the database."),
      KEY: z.string().optional().describe("Key that signs."),
    });
    expect(port).to.deep.equal({
      name: "PORT",
      meaning: "Port that HTTP listens on.",
      isRequired: false,
      fallback: "8080",
      bounds: "0 to 65535",
    });
    expect(folder).to.deep.include({ fallback: ".data", bounds: null });
    expect(key).to.deep.include({ isRequired: false, fallback: null });
  });

  it("are required if their schema accepts no absence", () => {
    const [url] = settingsOf({ RPC_URL: z.string().describe("Endpoint of the chain.") });
    expect(url).to.deep.include({ isRequired: true, fallback: null });
  });

  it("are refused without a meaning", () => {
    expect(() => settingsOf({ PORT: integer(0, 1) })).to.throw("PORT has no description");
  });
});
