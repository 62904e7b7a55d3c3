import { format, resolveConfig } from "prettier";

/** `<!-- generated: NAME -->`, what was generated last time, `<!-- /generated -->`. */
const BLOCK = /(<!-- generated: ([\w-]+) -->\n)[^]*?(<!-- \/generated -->)/g;

/**
 * Fills each generated block of a page with its table, formatted as `npm run format` would. A page
 * without such blocks is returned as it is. Throws if a block names a table that does not exist.
 */
export async function fillPage(page: string, tables: ReadonlyMap<string, string>): Promise<string> {
  if (!page.includes("<!-- generated: ")) return page;
  const filled = page.replace(BLOCK, (_block, open: string, name: string, close: string) => {
    const found = tables.get(name);
    if (found === undefined) throw new Error(`the docs have no generated table ${name}`);
    return `${open}\n${found}\n\n${close}`;
  });
  const config = await resolveConfig(new URL("../../docs/page.md", import.meta.url));
  return await format(filled, { ...config, parser: "markdown" });
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

export function code(text: string): string {
  return `\`${text}\``;
}
