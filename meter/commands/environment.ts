/** The agent's environment without what a workload must not see. */
export function workloadEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  secrets: readonly string[],
): Record<string, string> {
  const kept = Object.entries(env).flatMap(([name, value]) => {
    // npm adds the whole command line, with the path of the key's file.
    if (value === undefined || name.startsWith("npm_")) return [];
    return secrets.some((secret) => value.includes(secret)) ? [] : [[name, value] as const];
  });
  return Object.fromEntries(kept);
}
