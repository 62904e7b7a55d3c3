/** A block of a page that the tests run: commands of a shell, or a program. */
export interface RunBlock {
  readonly kind: "sh" | "ts";
  /** of the page, where the block begins */
  readonly line: number;
  readonly text: string;
  /** under which name readers save a program that a later command runs; `null`: it runs at once */
  readonly file: string | null;
  /** what the page says that it prints; `null` if the page does not say it */
  readonly printed: string | null;
}

/** What a page has in its blocks. */
export interface Blocks {
  readonly runs: readonly RunBlock[];
  /** why each block that cannot run here does not; readers see these sentences, too */
  readonly notRun: readonly string[];
}

/** Readers see it above a block. */
const NOT_RUN = /^_Not run by the tests: (.+)_$/;

/** Readers see it above a program: the last sentence names a file. */
const SAVED = /Save (?:it|this) as `([\w.-]+\.ts)`[.:]$/;

/** Blocks that are neither run nor printed: pictures, data, and text that is no command. */
const LISTINGS = new Set(["mermaid", "text", "json", "solidity"]);

/** Of a listing, a line that readers may type. */
const COMMAND = /^(?:\$ |(?:[A-Z_]+=\S* )*(?:npm|npx|node|curl|git) )/m;

interface Fence {
  readonly language: string;
  readonly line: number;
  readonly text: string;
  /** the lines between the block before and this one */
  readonly before: string;
}

/**
 * Sorts a page's blocks: `sh` and `ts` run, and a block without a language right below one of them is
 * what it prints. Everything else must be marked by a sentence above it. Throws for a block that is
 * none of these, so that none is left out unnoticed.
 */
export function blocksOf(page: string): Blocks {
  const runs: RunBlock[] = [];
  const notRun: string[] = [];
  let last: "run" | "notRun" | "other" = "other";
  for (const { language, line, text, before } of fencesOf(page)) {
    const [, reason] = NOT_RUN.exec(lastParagraph(before)) ?? [];
    const isBelow = before.trim() === "";
    if (reason !== undefined) {
      notRun.push(reason);
      last = "notRun";
    } else if (language === "sh" || language === "ts") {
      const [, file = null] = SAVED.exec(lastParagraph(before)) ?? [];
      runs.push({ kind: language, line, text, file, printed: null });
      last = "run";
    } else if (language === "" && isBelow && last === "run") {
      const run = runs.pop();
      if (run !== undefined) runs.push({ ...run, printed: text });
      last = "other";
    } else if (language === "" && isBelow && last === "notRun") {
      last = "other";
    } else if (LISTINGS.has(language)) {
      if (COMMAND.test(text)) {
        throw new Error(`the block in line ${line} has a command: let it be sh, so that it runs`);
      }
      last = "other";
    } else {
      throw new Error(
        `the block in line ${line} is neither run, nor what one prints, nor marked as not run`,
      );
    }
  }
  return { runs, notRun };
}

function fencesOf(page: string): readonly Fence[] {
  const found: Fence[] = [];
  let end = 0;
  for (const match of page.matchAll(/^```([^\n`]*)\n([^]*?)^```$/gm)) {
    const [whole, language = "", text = ""] = match;
    const line = page.slice(0, match.index).split("\n").length;
    found.push({ language: language.trim(), line, text, before: page.slice(end, match.index) });
    end = match.index + whole.length;
  }
  return found;
}

/** On one line, as it is read. */
function lastParagraph(text: string): string {
  const paragraph =
    text
      .trim()
      .split(/\n\s*\n/)
      .at(-1) ?? "";
  return paragraph.replace(/\s+/g, " ").trim();
}
