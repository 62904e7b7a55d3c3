/** Replaces every secret in a line of the log by `[hidden]`. */
export function hideSecrets(secrets: readonly string[]): (line: string) => string {
  return (line) => secrets.reduce((shown, secret) => shown.replaceAll(secret, "[hidden]"), line);
}
