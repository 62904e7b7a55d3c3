/** What a page may refer to. Paths are relative to the repository's root. */
export interface Facts {
  readonly files: ReadonlySet<string>;
  /** headings of each page, as GitHub turns them into anchors */
  readonly anchors: ReadonlyMap<string, ReadonlySet<string>>;
  readonly npmScripts: ReadonlySet<string>;
  readonly settings: ReadonlySet<string>;
}

/**
 * Longer pages are split, except the changelog, which grows. Generated tables are looked up, not
 * read, so that their lines do not count.
 */
const MOST_LINES = 200;
const CHANGELOG = "CHANGELOG.md";
/** Longer cells become text below the table. */
const MOST_WORDS = 11;

const FOLDERS = "auditor|bench|config|contracts|docs|packages|scripts|server|simulation|test";
const PATH = new RegExp(String.raw`^(?:${FOLDERS})/[\w./-]*\w\/?$`);
/** Also in examples, where a path is not marked as one. */
const FILE = new RegExp(
  String.raw`(?<![\w/.@-])(?:${FOLDERS})/[\w./-]+\.(?:ts|sol|sql|json|md)\b`,
  "g",
);

/** Everything on a page that does not exist, or that is too long. A line per mistake. */
export function mistakesOf(page: string, text: string, facts: Facts): readonly string[] {
  const prose = text.replace(/^```[^]*?^```/gm, "");
  return [
    ...(page !== CHANGELOG && writtenLinesOf(text) > MOST_LINES
      ? [`more than ${MOST_LINES} lines`]
      : []),
    ...linksOf(prose)
      .filter((link) => !leadsSomewhere(page, link, facts))
      .map((link) => `no such place: ${link}`),
    ...new Set(
      [...codesOf(prose).filter((code) => PATH.test(code)), ...(text.match(FILE) ?? [])]
        .filter((path) => !facts.files.has(path.replace(/\/$/, "")))
        .map((path) => `no such file: ${path}`),
    ),
    ...codesOf(prose)
      .filter((code) => /^[A-Z]+(_[A-Z]+)+$/.test(code) && !facts.settings.has(code))
      .map((name) => `no such setting: ${name}`),
    ...[...text.matchAll(/npm run ([\w:]+)/g)]
      .filter(([, name = ""]) => !facts.npmScripts.has(name))
      .map(([command]) => `no such command: ${command}`),
    ...cellsOf(prose)
      .filter((cell) => cell.split(/\s+/).length > MOST_WORDS)
      .map((cell) => `a cell of more than ${MOST_WORDS} words: ${cell}`),
  ];
}

/** The anchors of a page's headings. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\s-]/g, "")
        .trim()
        .replace(/\s/g, "-"),
    ),
  );
}

/** The lines without those between the marks of generated parts. */
function writtenLinesOf(text: string): number {
  const written = text.replace(/^<!-- generated: [^]*?^<!-- \/generated -->$/gm, "");
  return written.split("\n").length - 1;
}

function linksOf(text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^https?:/.test(target));
}

function leadsSomewhere(page: string, link: string, { files, anchors }: Facts): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : resolved(page, path);
  if (!files.has(target)) return false;
  return anchor === undefined || anchors.get(target)?.has(anchor) === true;
}

/** The path that a page at `page` means by `path`. */
function resolved(page: string, path: string): string {
  const base = new URL(page, "file:///");
  return new URL(path, base).pathname.slice(1).replace(/\/$/, "");
}

function codesOf(text: string): readonly string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

function cellsOf(text: string): readonly string[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^\|[\s|:-]+$/.test(line))
    .flatMap((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    .map((cell) =>
      cell
        .replace(/\]\([^)]*\)/g, "]")
        .replace(/`[^`]*`/g, "code")
        .trim(),
    );
}
