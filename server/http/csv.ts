import type { Request, Response } from "express";

type Cell = string | bigint | number | Date | null;

/** Whether the client asks for CSV rather than JSON. */
export function wantsCsv(req: Request): boolean {
  return req.accepts(["application/json", "text/csv"]) === "text/csv";
}

export function respondCsv(
  res: Response,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): void {
  res.status(200).type("text/csv; charset=utf-8").send(csvText(columns, rows));
}

/** CSV as RFC 4180 has it, beginning with a header line. */
export function csvText(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [columns, ...rows].map((row) => row.map(cell).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

/**
 * Where a spreadsheet would begin a formula: at the start of a text, and after what its settings
 * may take for a separator or the end of a row. An apostrophe there makes it plain text. Quotes do
 * not help, because a spreadsheet that separates by `;` finds them inside a cell.
 */
const FORMULA_STARTS = /(^|[;|\t\r\n])([=+\-@\uFF0B\uFF0D\uFF1D\uFF20\t\r])/g;

function cell(value: Cell): string {
  if (value === null) return "";
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "string") return `${value}`;
  const text = value.replaceAll(FORMULA_STARTS, "$1'$2");
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
