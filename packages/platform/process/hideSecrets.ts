/** A line of the log without them. */
export function hideSecrets(secrets: readonly string[]): (line: string) => string {
  return (line) => secrets.reduce((shown, secret) => shown.replaceAll(secret, "[hidden]"), line);
}
