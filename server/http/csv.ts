import type { Request, Response } from "express";

type Cell = string | bigint | number | Date | null;

/** Whether the client asks for CSV rather than JSON. */
export function wantsCsv(req: Request): boolean {
  return req.accepts(["application/json", "text/csv"]) === "text/csv";
}

/** Answers with CSV as RFC 4180 has it, beginning with a header line. */
export function respondCsv(
  res: Response,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): void {
  const lines = [columns, ...rows].map((row) => row.map(cell).join(","));
  res
    .status(200)
    .type("text/csv; charset=utf-8")
    .send(`${lines.join("\r\n")}\r\n`);
}

function cell(value: Cell): string {
  if (value === null) return "";
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "string") return `${value}`;
  // A spreadsheet would run such a text as a formula; the apostrophe makes it plain text.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
