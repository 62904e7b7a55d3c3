import type { AuditState } from "../replay/auditState.ts";

/**
 * Keeps the state of the newest agreed cut in memory, so that the next cut need not load it anew.
 * It is as large as the state of one cut may be (`recordsInMemory`).
 */
export class KeptState {
  #kept: { readonly state: AuditState; readonly version: string } | null = null;

  /** Keeps the saved state of a cut, once its transaction is committed. */
  put(state: AuditState, version: string): void {
    state.forgetCut();
    this.#kept = { state, version };
  }

  /**
   * Returns the state for a replay, which may change it, and keeps it no longer: a refused cut
   * leaves in it what the database does not have. `null` if the database has another version,
   * because another process has recorded a cut, or the database was restored.
   */
  take(version: string): AuditState | null {
    const kept = this.#kept;
    this.#kept = null;
    return kept?.version === version ? kept.state : null;
  }
}
