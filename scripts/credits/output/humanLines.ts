import { formatCredits } from "@compute-credits/protocol/amounts";
import { jsonText } from "@compute-credits/protocol/jsonText";

/** Longer texts of a table's cell are in `--json` only. */
const MOST_CHARACTERS = 66;

/**
 * Lines for people: a name and a value each, and a table for each list of records. Fields that end
 * in `Micros` are shown as credits, without that ending.
 */
export function humanLines(record: object, indent = ""): readonly string[] {
  const fields = Object.entries(record).filter(([, value]) => value !== undefined);
  const simple = fields.filter(([, value]) => isSimple(value));
  const width = Math.max(0, ...simple.map(([name]) => label(name).length));
  return fields.flatMap(([name, value]) => {
    if (isSimple(value)) {
      return [`${indent}${label(name).padEnd(width)} ${text(name, value)}`.trimEnd()];
    }
    if (!Array.isArray(value)) {
      return [`${indent}${label(name)}`, ...humanLines(Object(value), `${indent}  `)];
    }
    const head = `${indent}${label(name)}`;
    return value.length === 0 ? [`${head}: none`] : [head, ...listLines(value, `${indent}  `)];
  });
}

function listLines(list: readonly unknown[], indent: string): readonly string[] {
  const records = list.filter((item) => typeof item === "object" && item !== null);
  if (records.length < list.length) return list.map((item) => `${indent}${text("", item)}`);
  const columns = [...new Set(records.flatMap((item) => Object.keys(item)))].filter((column) =>
    records.every((item) => isSimple(new Map(Object.entries(item)).get(column))),
  );
  const rows = [
    columns.map(label),
    ...records.map((item) => {
      const values = new Map<string, unknown>(Object.entries(item));
      return columns.map((column) => short(text(column, values.get(column))));
    }),
  ];
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    `${indent}${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd(),
  );
}

/** Whether a value fits on the line of its name. */
function isSimple(value: unknown): boolean {
  if (typeof value !== "object" || value === null || value instanceof Date) return true;
  return !Array.isArray(value) && Object.keys(value).length === 0;
}

function label(name: string): string {
  return name
    .replace(/Micros$/, "")
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .trim();
}

function text(name: string, value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (typeof value === "bigint") return name.endsWith("Micros") ? formatCredits(value) : `${value}`;
  if (value instanceof Date) return value.toISOString();
  return typeof value === "string" ? value : jsonText(value);
}

function short(cell: string): string {
  return cell.length > MOST_CHARACTERS ? `${cell.slice(0, MOST_CHARACTERS - 1)}…` : cell;
}
