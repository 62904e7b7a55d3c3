/** `npm run mutate`: breaks the contracts in one place at a time and checks that a test fails. */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  readOptions,
  run,
  UsageError,
  wholeNumber,
} from "@compute-credits/platform/process/commandLine";
import { type Mutant, mutantsOf, withoutPure } from "./mutate/mutants.ts";

const HELP = `npm run mutate -- [options]      deletes each require and each statement,
                                forces each branch both ways,
                                flips each comparison, boolean and arithmetic operator

  --sample NUMBER   tries that many mutants only, spread evenly (all)
  --offset NUMBER   begins the sample there (0)
  --file TEXT       only in files whose path contains it
  --name TEXT       only those whose name contains it
  --kind TEXT       only kinds that contain it: branch, deleted require, deleted statement, operator
  --folder PATH     keeps the compiled project there, so that the next run compiles only changes
  --list            names the mutants and stops
  --help            this text

All mutants are compiled into one program, once. The chain's coinbase selects the active one, so
that a mutant costs one run of the tests. scripts/mutants.explained.json explains equivalent
survivors.`;

/** A mutant whose tests take longer counts as killed: it loops for ever. */
const TIMEOUT_MS = 120_000;

/** More than the contracts have. */
const MOST_MUTANTS = 100_000;

interface MutateOptions {
  /** how many mutants are tried, at most */
  readonly sample: number;
  readonly offset: number;
  readonly file: string;
  readonly name: string;
  readonly kind: string;
  /** where the compiled project stays; a temporary folder if undefined */
  readonly folder: string | undefined;
  readonly listOnly: boolean;
}

await run(async () => {
  const { values } = readOptions({
    options: {
      sample: { type: "string", default: `${MOST_MUTANTS}` },
      offset: { type: "string", default: "0" },
      file: { type: "string", default: "" },
      name: { type: "string", default: "" },
      kind: { type: "string", default: "" },
      folder: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const { file, name, kind, folder, list } = values;
  mutate({
    sample: wholeNumber("--sample", values.sample, { least: 1, most: MOST_MUTANTS }),
    offset: wholeNumber("--offset", values.offset, { least: 0, most: MOST_MUTANTS }),
    file,
    name,
    kind,
    folder,
    listOnly: list,
  });
});

function mutate(options: MutateOptions): void {
  const files = globSync("contracts/{vault,court,deposits,lens,libraries}/*.sol").toSorted();
  const { mutants, mutated } = mutantsOf(files);
  const wanted = mutants
    .filter(({ file, kind }) => file.includes(options.file) && kind.includes(options.kind))
    .filter((mutant) => nameOf(mutant).includes(options.name));
  if (wanted.length === 0) {
    throw new UsageError("No mutant has that --file, --name and --kind. --list names them.");
  }
  const step = Math.max(1, Math.floor(wanted.length / options.sample));
  const chosen = wanted.filter((_, i) => i % step === options.offset % step);
  console.log(`${chosen.length} of ${mutants.length} mutants`);
  if (options.listOnly) {
    for (const mutant of chosen) console.log(`${mutant.kind}: ${nameOf(mutant)}`);
    return;
  }
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "mutants-"));
  try {
    prepare(folder);
    for (const { path, text } of mutated) writeFileSync(join(folder, path), text);
    for (const path of globSync(
      [
        "contracts/{interfaces,vault,court,deposits,lens,libraries}/*.sol",
        "test/contracts/**/*.sol",
      ],
      { cwd: folder },
    )) {
      const file = join(folder, path);
      writeFileSync(file, withoutPure(readFileSync(file, "utf8")));
    }
    tryMutants(folder, chosen, mutants.length + 1);
  } finally {
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** Copies the contracts and the tests into a project of its own, and adds the library `Mutants`. */
function prepare(folder: string): void {
  for (const path of ["contracts", "test/contracts", "foundry.toml", "scripts/solc.cjs"]) {
    cpSync(path, join(folder, path), { recursive: true });
  }
  const modules = join(folder, "node_modules");
  if (!existsSync(modules)) symlinkSync(join(process.cwd(), "node_modules"), modules);
  // The stateful invariants take long and find little beyond the unit tests. The proofs need pure
  // functions.
  for (const path of globSync("test/contracts/*Invariant*.t.sol", { cwd: folder })) {
    rmSync(join(folder, path));
  }
  rmSync(join(folder, "test/contracts/proofs"), { recursive: true });
  writeFileSync(
    join(folder, "contracts/Mutants.sol"),
    `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

library Mutants {
    function on(uint256 id) internal view returns (bool) {
        return uint160(address(block.coinbase)) == id;
    }
}
`,
  );
}

function tryMutants(folder: string, mutants: readonly Mutant[], unusedId: number): void {
  const explained: Record<string, string> = JSON.parse(
    readFileSync("scripts/mutants.explained.json", "utf8"),
  );
  const tally = { killed: 0, explained: 0, survived: 0 };
  // The first run compiles, which takes minutes.
  if (!passes(folder, unusedId, undefined)) throw new Error("the tests fail without any mutant");
  for (const mutant of mutants) {
    const name = nameOf(mutant);
    const reason = explained[keyOf(mutant)];
    const outcome = passes(folder, mutant.id, TIMEOUT_MS) ? "survived" : "killed";
    if (outcome === "survived" && reason !== undefined) {
      tally.explained += 1;
      console.log(`explained  ${name}: ${reason}`);
    } else {
      tally[outcome] += 1;
      console.log(`${outcome.padEnd(10)} ${name}`);
    }
  }
  console.log(tally);
  if (tally.survived > 0) process.exitCode = 1;
}

function passes(folder: string, id: number, timeout: number | undefined): boolean {
  const coinbase = `0x${id.toString(16).padStart(40, "0")}`;
  const limits = "--fail-fast --fuzz-runs 32 --code-size-limit 1000000".split(" ");
  const forge = join(process.cwd(), "node_modules/.bin/forge");
  const result = spawnSync(forge, ["test", ...limits, "--block-coinbase", coinbase], {
    cwd: folder,
    encoding: "utf8",
    ...(timeout !== undefined && { timeout }),
  });
  if (timeout === undefined && result.status !== 0) console.error(result.stdout, result.stderr);
  return result.status === 0;
}

function nameOf({ file, line, change }: Mutant): string {
  return `${file}:${line} ${change}`;
}

/** Leaves the line out, so that an explanation stays valid if lines move. */
function keyOf({ file, change }: Mutant): string {
  return `${file} ${change}`;
}
