/**
 * `npm run pack:express -- FOLDER`: builds the middleware as it is published and packs it into
 * FOLDER. It needs the SDK of the same version (`npm run pack:client`). Prints the name of the file.
 */
import { packCommand } from "./pack/packCommand.ts";

await packCommand(
  "pack:express",
  { what: "the middleware", install: "FOLDER/NAME, with the SDK of pack:client and viem" },
  {
    folder: "express",
    contains: ["express"],
    // The published SDK has the other packages in it.
    linked: ({ folder, rest }) =>
      `@compute-credits/client/${folder === "client" ? "" : `${folder}/`}${rest}`,
    manifest: ({ version, dependencies, peerDependencies = {}, peerDependenciesMeta = {} }) => ({
      exports: { ".": "./dist/express/index.js", "./*": "./dist/express/*.js" },
      dependencies: {
        "@compute-credits/client": version,
        "@slicekit/erc8128": dependencies["@slicekit/erc8128"],
      },
      peerDependencies: {
        viem: `^${dependencies["viem"]}`,
        ...Object.fromEntries(
          Object.entries(peerDependencies).map(([name, needed]) => [name, `^${needed}`]),
        ),
      },
      peerDependenciesMeta,
    }),
  },
);
