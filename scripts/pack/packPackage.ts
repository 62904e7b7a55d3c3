import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The manifest of a package in this repository. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: object;
}

export interface PackOptions {
  /** of packages/, and of the modules that its own name leads to */
  readonly folder: string;
  /** the folders of packages/ whose modules are in it */
  readonly contains: readonly string[];
  /** what an import of another package here becomes; `up` leads to the folder of `contains` */
  readonly linked: (imported: { folder: string; rest: string; up: string }) => string;
  readonly manifest: (own: Manifest) => object;
  /** where the file goes */
  readonly out: string;
}

/** Builds a package as it is published, and packs it. Returns the name of the file. */
export async function packPackage(options: PackOptions): Promise<string> {
  const { folder, contains, linked, manifest, out } = options;
  const source = path.join(ROOT, "packages", folder);
  const staging = await mkdtemp(path.join(tmpdir(), `compute-credits-${folder}-`));
  try {
    const dist = path.join(staging, "dist");
    const compiler = path.join(ROOT, "node_modules/typescript/bin/tsc");
    const config = path.join(source, "tsconfig.published.json");
    run(process.execPath, [compiler, "-p", config, "--outDir", dist], ROOT);
    // The compiler also writes what is imported.
    const others = (await readdir(dist)).filter((name) => !contains.includes(name));
    await Promise.all(
      others.map(async (name) => await rm(path.join(dist, name), { recursive: true })),
    );
    await linkPackages(dist, linked);
    const own: Manifest = JSON.parse(await readFile(path.join(source, "package.json"), "utf8"));
    const { name, version, description, license } = own;
    const written = {
      name,
      version,
      description,
      license,
      type: "module",
      sideEffects: false,
      files: ["dist"],
      ...manifest(own),
    };
    await writeFile(path.join(staging, "package.json"), `${JSON.stringify(written, null, 2)}\n`);
    await cp(path.join(source, "README.md"), path.join(staging, "README.md"));
    await cp(path.join(ROOT, "LICENSE"), path.join(staging, "LICENSE"));
    return run("npm", ["pack", "--silent", "--pack-destination", path.resolve(out)], staging);
  } finally {
    await rm(staging, { recursive: true });
  }
}

/** Replaces the names of packages in the modules and their types. */
async function linkPackages(dist: string, linked: PackOptions["linked"]): Promise<void> {
  const files = await readdir(dist, { recursive: true });
  await Promise.all(
    files
      .filter((name) => name.endsWith(".js") || name.endsWith(".d.ts"))
      .map(async (name) => {
        const file = path.join(dist, name);
        const text = await readFile(file, "utf8");
        const up = path.posix.relative(path.posix.dirname(name), ".") || ".";
        const replaced = text.replaceAll(
          /"@compute-credits\/(\w+)\/([\w/]+)"/g,
          (_, folder: string, rest: string) => `"${linked({ folder, rest, up })}"`,
        );
        await writeFile(file, replaced);
      }),
  );
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} failed:\n${stdout}${stderr}`);
  return stdout.trim();
}
