/** `npm run mutate`: breaks the contracts in one place at a time and sees whether a test goes red. */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const HELP = `npm run mutate -- [options]      deletes each require, flips each comparison and arithmetic operator

  --sample NUMBER   tries that many mutants only, spread evenly (all)
  --offset NUMBER   begins the sample there (0)
  --file TEXT       only in files whose path contains it
  --list            names the mutants and stops
  --help            this text

About 25 seconds a mutant. Survivors that are equivalent are explained in scripts/mutants.explained.json.`;

interface Mutant {
  readonly file: string;
  readonly line: number;
  readonly change: string;
  readonly text: string;
}

const FLIPS: readonly (readonly [RegExp, string])[] = [
  [/ >= /g, " > "],
  [/ > /g, " >= "],
  [/ <= /g, " < "],
  [/ < /g, " <= "],
  [/ == /g, " != "],
  [/ != /g, " == "],
  [/ && /g, " || "],
  [/ \|\| /g, " && "],
  [/ \+ /g, " - "],
  [/ - /g, " + "],
  [/ \* /g, " / "],
  [/ \/ /g, " * "],
  [/ % /g, " / "],
  [/ \+= /g, " -= "],
  [/ -= /g, " += "],
];

const { values } = parseArgs({
  options: {
    sample: { type: "string" },
    offset: { type: "string", default: "0" },
    file: { type: "string", default: "" },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else main();

function main(): void {
  const all = globSync("contracts/{parts,court,libraries}/*.sol")
    .toSorted()
    .filter((file) => file.includes(values.file))
    .flatMap(mutantsOf);
  const step =
    values.sample === undefined ? 1 : Math.max(1, Math.floor(all.length / Number(values.sample)));
  const chosen = all.filter((_, i) => i % step === Number(values.offset) % step);
  console.log(`${chosen.length} of ${all.length} mutants`);
  if (values.list) {
    for (const mutant of chosen) console.log(nameOf(mutant));
    return;
  }
  run(chosen);
}

function run(mutants: readonly Mutant[]): void {
  const explained: Record<string, string> = JSON.parse(
    readFileSync("scripts/mutants.explained.json", "utf8"),
  );
  const folder = mkdtempSync(join(tmpdir(), "mutants-"));
  for (const path of ["contracts", "test/contracts", "hardhat.config.ts", "package.json"]) {
    cpSync(path, join(folder, path), { recursive: true });
  }
  symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
  // The stateful invariants take long, and find little that the unit tests of a mutated line do not.
  rmSync(join(folder, "test/contracts/Invariants.t.sol"));
  const tally = { killed: 0, uncompilable: 0, explained: 0, survived: 0 };
  try {
    if (outcomeOf(folder) !== "survived") throw new Error("the tests fail without any mutant");
    for (const mutant of mutants) {
      const original = readFileSync(mutant.file, "utf8");
      writeFileSync(join(folder, mutant.file), mutant.text);
      const outcome = outcomeOf(folder);
      writeFileSync(join(folder, mutant.file), original);
      const name = nameOf(mutant);
      const reason = explained[name.replace(/:\d+ /, " ")];
      if (outcome === "survived" && reason !== undefined) {
        tally.explained += 1;
        console.log(`explained  ${name}: ${reason}`);
      } else {
        tally[outcome] += 1;
        console.log(`${outcome.padEnd(10)} ${name}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(tally);
  if (tally.survived > 0) process.exitCode = 1;
}

function outcomeOf(folder: string): "killed" | "uncompilable" | "survived" {
  const options = { cwd: folder, encoding: "utf8" } as const;
  const build = spawnSync("npx", ["hardhat", "build", "--quiet", "--no-tests"], options);
  if (build.status !== 0) return "uncompilable";
  return spawnSync("npx", ["hardhat", "test", "solidity"], options).status === 0
    ? "survived"
    : "killed";
}

function mutantsOf(file: string): Mutant[] {
  const text = readFileSync(file, "utf8");
  const mutants: Mutant[] = [];
  const add = (start: number, end: number, replacement: string): void => {
    const before = text.slice(start, end).replace(/\s+/g, " ").trim();
    mutants.push({
      file,
      line: text.slice(0, start).split("\n").length,
      change: `${contextOf(text, start, end)}: ${before} → ${replacement.trim() || "(nothing)"}`,
      text: text.slice(0, start) + replacement + text.slice(end),
    });
  };
  for (const match of text.matchAll(/^ +require\([\s\S]*?\);\n/gm)) {
    add(match.index, match.index + match[0].length, "");
  }
  for (const [pattern, replacement] of FLIPS) {
    for (const match of text.matchAll(pattern)) {
      if (isCode(text, match.index)) add(match.index, match.index + match[0].length, replacement);
    }
  }
  return mutants;
}

/** Not in a comment, an import, or a loop's head (a loop that never ends kills nothing but time). */
function isCode(text: string, index: number): boolean {
  const start = text.lastIndexOf("\n", index) + 1;
  const line = text.slice(start, text.indexOf("\n", index)).trim();
  return !/^(\/\/|\*|import|pragma|for \(|"|keccak256)/.test(line);
}

/** The code around a change, so that a name outlives a move of lines. */
function contextOf(text: string, start: number, end: number): string {
  const from = text.lastIndexOf("\n", start) + 1;
  const to = text.indexOf("\n", end);
  return text
    .slice(from, to === -1 ? text.length : to)
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 90);
}

function nameOf({ file, line, change }: Mutant): string {
  return `${file}:${line} ${change}`;
}
