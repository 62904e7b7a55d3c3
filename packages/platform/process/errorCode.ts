/** Whether an error has this code, as those of Node.js and PostgreSQL have. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
