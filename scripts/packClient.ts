/**
 * `npm run pack:client -- FOLDER`: builds the SDK as it is published and packs it into FOLDER.
 * Decision 0128 says what is in it. Prints the name of the file.
 */
import { packCommand } from "./pack/packCommand.ts";

await packCommand(
  "pack:client",
  { what: "the SDK", install: "FOLDER/NAME viem" },
  {
    folder: "client",
    // The packages that are built in are reached by paths.
    contains: ["client", "api", "protocol"],
    linked: ({ folder, rest, up }) => `${up}/${folder}/${rest}.js`,
    // viem is a peer, because programs pass its clients in.
    manifest: ({ dependencies: { zod, viem } }) => ({
      exports: {
        ".": "./dist/client/index.js",
        "./api/*": "./dist/api/*.js",
        "./protocol/*": "./dist/protocol/*.js",
        "./*": "./dist/client/*.js",
      },
      dependencies: { zod },
      peerDependencies: { viem: `^${viem}` },
    }),
  },
);
