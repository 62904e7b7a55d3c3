/**
 * Whether a program printed what a page says. `…` stands for any text on a line, alone on a line for
 * any number of lines, and `0x…` for hex digits. Spaces and carriage returns at the ends of lines do not count.
 */
export function isAsPrinted(printed: string, output: string): boolean {
  const lines = trimmed(printed)
    .split("\n")
    .map((line) => (line.trim() === "…" ? "(?:.*\n)*?" : `${patternOf(line)}\n`));
  return new RegExp(`^${lines.join("")}$`).test(`${trimmed(output)}\n`);
}

function patternOf(line: string): string {
  return line
    .replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
    .replaceAll("0x…", "0x[0-9a-fA-F]*")
    .replaceAll("…", ".*?");
}

function trimmed(text: string): string {
  return text.replace(/[ \t\r]+$/gm, "").replace(/\n+$/, "");
}
