/**
 * `npm run pack:client -- FOLDER`: builds the SDK as it is published and packs it into FOLDER.
 * Decision 0128 says what is in it. Prints the name of the file.
 */
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const CLIENT = path.join(ROOT, "packages/client");

const [out = "."] = process.argv.slice(2);
const staging = await mkdtemp(path.join(tmpdir(), "compute-credits-client-"));
try {
  const dist = path.join(staging, "dist");
  const compiler = path.join(ROOT, "node_modules/typescript/bin/tsc");
  const config = path.join(CLIENT, "tsconfig.published.json");
  run(process.execPath, [compiler, "-p", config, "--outDir", dist], ROOT);
  await linkPackages(dist);
  const manifest = await publishedManifest();
  await writeFile(path.join(staging, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await cp(path.join(CLIENT, "README.md"), path.join(staging, "README.md"));
  await cp(path.join(ROOT, "LICENSE"), path.join(staging, "LICENSE"));
  console.log(run("npm", ["pack", "--silent", "--pack-destination", path.resolve(out)], staging));
} finally {
  await rm(staging, { recursive: true });
}

/** Replaces the names of the packages that are built in by paths to them. */
async function linkPackages(dist: string): Promise<void> {
  const files = await readdir(dist, { recursive: true });
  await Promise.all(
    files
      .filter((name) => name.endsWith(".js") || name.endsWith(".d.ts"))
      .map(async (name) => {
        const file = path.join(dist, name);
        const text = await readFile(file, "utf8");
        const up = path.posix.relative(path.posix.dirname(name), ".") || ".";
        const linked = text.replaceAll(
          /"@compute-credits\/(protocol|api)\/([\w/]+)"/g,
          (_, folder: string, rest: string) => `"${up}/${folder}/${rest}.js"`,
        );
        await writeFile(file, linked);
      }),
  );
}

/** viem is a peer, because programs pass its clients in. */
async function publishedManifest(): Promise<object> {
  const { name, version, description, license, dependencies } = JSON.parse(
    await readFile(path.join(CLIENT, "package.json"), "utf8"),
  );
  return {
    name,
    version,
    description,
    license,
    type: "module",
    sideEffects: false,
    exports: {
      ".": "./dist/client/index.js",
      "./api/*": "./dist/api/*.js",
      "./protocol/*": "./dist/protocol/*.js",
      "./*": "./dist/client/*.js",
    },
    files: ["dist"],
    dependencies: { zod: dependencies.zod },
    peerDependencies: { viem: `^${dependencies.viem}` },
  };
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} failed:\n${stdout}${stderr}`);
  return stdout.trim();
}
