import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc: { compile(input: string, callbacks: { import: typeof contentsOf }): string } =
  createRequire(import.meta.url)("solc");

/** One change of one place. It is active while the chain's coinbase equals its id. */
export interface Mutant {
  readonly id: number;
  readonly kind: "branch" | "deleted require" | "deleted statement" | "operator";
  readonly file: string;
  readonly line: number;
  readonly change: string;
}

export interface MutatedFile {
  readonly path: string;
  readonly text: string;
}

interface Node {
  readonly nodeType: string;
  readonly src: string;
  readonly [field: string]: unknown;
}

/** A place that is rewritten. `inner` renders a part of it, with the places inside that part. */
interface Site {
  readonly start: number;
  readonly end: number;
  readonly build: (inner: (part: Range) => string) => string;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

const FLIPS: Readonly<Record<string, string>> = {
  ">=": ">",
  ">": ">=",
  "<=": "<",
  "<": "<=",
  "==": "!=",
  "!=": "==",
  "&&": "||",
  "||": "&&",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "/",
  "+=": "-=",
  "-=": "+=",
};

/**
 * Returns all mutants of some files in one program. Each place asks whether its mutant is active,
 * so that the slow compiler runs once for all of them.
 */
export function mutantsOf(files: readonly string[]): { mutants: Mutant[]; mutated: MutatedFile[] } {
  const trees = parse(files);
  const mutants: Mutant[] = [];
  const mutated = files.map((path) => {
    const source = new Source(path);
    const root = trees[path]?.ast;
    if (root === undefined) throw new Error(`${path} has no syntax tree`);
    const sites: Site[] = [];
    visit(root, source, sites, (mutant) => {
      const id = mutants.length + 1;
      mutants.push({ ...mutant, id, file: path });
      return id;
    });
    return { path, text: withImport(render(source, sites)) };
  });
  return { mutants, mutated };
}

/** Replaces `pure` by `view`, because a mutant reads the chain's coinbase. */
export function withoutPure(text: string): string {
  return text.replaceAll(/^((?!\s*(?:\/\/|\*)).*\)?.*)\bpure\b/gm, "$1view");
}

function parse(files: readonly string[]): Record<string, { ast: Node } | undefined> {
  const sources = Object.fromEntries(
    files.map((path) => [path, { content: contentsOf(path).contents }]),
  );
  const settings = { outputSelection: { "*": { "": ["ast"] } } };
  const input = JSON.stringify({ language: "Solidity", sources, settings });
  const output: { sources: Record<string, { ast: Node }> } = JSON.parse(
    solc.compile(input, { import: contentsOf }),
  );
  return output.sources;
}

function contentsOf(path: string): { contents: string } {
  return {
    contents: readFileSync(path.startsWith("@") ? `node_modules/${path}` : path, "utf8"),
  };
}

/** A file by byte offsets, as the compiler counts them. */
class Source {
  readonly #bytes: Buffer;

  constructor(path: string) {
    this.#bytes = readFileSync(path);
  }

  get length(): number {
    return this.#bytes.length;
  }

  text({ start, end }: Range): string {
    return this.#bytes.toString("utf8", start, end);
  }

  line(start: number): number {
    return this.text({ start: 0, end: start }).split("\n").length;
  }

  /** The offset behind the semicolon that ends a statement. */
  behindSemicolon(end: number): number {
    return this.#bytes.indexOf(";", end) + 1;
  }
}

function visit(
  node: Node,
  source: Source,
  sites: Site[],
  add: (mutant: Omit<Mutant, "id" | "file">) => number,
): void {
  const text = (part: Range): string => source.text(part).replaceAll(/\s+/g, " ").trim();
  const short = (part: Range): string => text(part).slice(0, 100);
  const place = (range: Range): { line: number } => ({ line: source.line(range.start) });

  if (node.nodeType === "FunctionCall" && nameOf(node["expression"]) === "require") {
    const condition = rangeOf(first(node["arguments"]));
    const call = rangeOf(node);
    const gone = add({
      kind: "deleted require",
      ...place(call),
      change: `${short(call)} → (nothing)`,
    });
    const failing = add({ kind: "branch", ...place(call), change: `${short(call)} → fails` });
    sites.push({ ...condition, build: (inner) => forced(inner(condition), gone, failing) });
  }
  if (node.nodeType === "IfStatement" || node.nodeType === "Conditional") {
    const condition = rangeOf(node["condition"]);
    const yes = add({
      kind: "branch",
      ...place(condition),
      change: `if (${short(condition)}) → true`,
    });
    const no = add({
      kind: "branch",
      ...place(condition),
      change: `if (${short(condition)}) → false`,
    });
    sites.push({ ...condition, build: (inner) => forced(inner(condition), yes, no) });
  }
  if (isDeletable(node)) {
    const range = rangeOf(node);
    const end = source.behindSemicolon(range.end);
    const id = add({
      kind: "deleted statement",
      ...place(range),
      change: `${short(range)} → (nothing)`,
    });
    sites.push({
      start: range.start,
      end,
      build: (inner) => `{ if (!Mutants.on(${id})) { ${inner(range)}; } }`,
    });
  }
  const operator = String(node["operator"]);
  const flipped = FLIPS[operator];
  if (
    flipped !== undefined &&
    (node.nodeType === "BinaryOperation" || node.nodeType === "Assignment")
  ) {
    const range = rangeOf(node);
    const left = rangeOf(node["leftExpression"] ?? node["leftHandSide"]);
    const right = rangeOf(node["rightExpression"] ?? node["rightHandSide"]);
    const change = `${short(range)}: ${operator} → ${flipped} (${text(right).slice(0, 40)})`;
    const id = add({ kind: "operator", ...place(range), change });
    sites.push({
      ...range,
      build: (inner) => {
        const [a, b] = [inner(left), inner(right)];
        // The text outside the operands may hold brackets of either.
        const [open, close] = [
          source.text({ start: range.start, end: left.start }),
          source.text({ start: right.end, end: range.end }),
        ];
        const applied = (sign: string): string => `(${open}${a}) ${sign} (${b}${close})`;
        return `(Mutants.on(${id}) ? ${applied(flipped)} : ${applied(operator)})`;
      },
    });
  }

  for (const [field, value] of Object.entries(node)) {
    // A mutated loop step never ends, and a constant is no code that runs.
    if (node.nodeType === "ForStatement" && field !== "body" && field !== "condition") continue;
    if (node.nodeType === "VariableDeclaration" && node["constant"] === true) continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) visit(child, source, sites, add);
    }
  }
}

/** True whenever mutant `yes` is active, and false whenever mutant `no` is. */
function forced(condition: string, yes: number, no: number): string {
  return `(Mutants.on(${yes}) || ((${condition}) && !Mutants.on(${no})))`;
}

function isDeletable(node: Node): boolean {
  if (node.nodeType === "EmitStatement") return true;
  if (node.nodeType !== "ExpressionStatement") return false;
  const expression = node["expression"];
  return isNode(expression) && nameOf(expression["expression"]) !== "require";
}

/** Renders a file with all its places. The list has outer places before inner ones. */
function render(source: Source, sites: readonly Site[]): string {
  const part = (range: Range, from: number): string => {
    let text = "";
    let at = range.start;
    while (at < range.end) {
      const index = nextSite(sites, from, at, range.end);
      const site = sites[index];
      if (site === undefined) break;
      text += source.text({ start: at, end: site.start });
      text += site.build((inner) => part(inner, index + 1));
      at = site.end;
    }
    return text + source.text({ start: at, end: range.end });
  };
  return part({ start: 0, end: source.length }, 0);
}

/** The index of the outermost place that begins first, or −1. */
function nextSite(sites: readonly Site[], from: number, start: number, end: number): number {
  let best = -1;
  for (let i = from; i < sites.length; i += 1) {
    const site = sites[i];
    if (site === undefined || site.start < start || site.end > end) continue;
    const chosen = sites[best];
    if (chosen === undefined || site.start < chosen.start) best = i;
    else if (site.start === chosen.start && site.end > chosen.end) best = i;
  }
  return best;
}

function withImport(text: string): string {
  return text.replace(/^pragma .*$/m, '$&\n\nimport {Mutants} from "../Mutants.sol";');
}

function rangeOf(node: unknown): Range {
  if (!isNode(node)) throw new Error("the syntax tree has another shape");
  const [start = 0, length = 0] = node.src.split(":").map(Number);
  return { start, end: start + length };
}

function nameOf(node: unknown): unknown {
  return isNode(node) ? node["name"] : undefined;
}

function first(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "nodeType" in value && "src" in value;
}
