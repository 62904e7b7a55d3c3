const WIDTH = 30;

/** A progress bar: `[██████░░░░] 12/20`. */
export function bar({ done, of }: { readonly done: number; readonly of: number }): string {
  const full = of === 0 ? 0 : Math.floor((WIDTH * done) / of);
  return `[${"█".repeat(full)}${"░".repeat(WIDTH - full)}] ${done}/${of}`;
}
