import type { Address, Hex } from "viem";

/** A wallet that signed in. Its token is not in it: nobody can use what a list shows. */
export interface Session {
  /** SHA-256 of the token */
  readonly id: Hex;
  /** lower case */
  readonly address: Address;
  /** what the wallet's program called itself */
  readonly label: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** up to `USES.everyMs` and a minute late */
  readonly usedAt: Date;
}

export interface NewSession {
  readonly address: Address;
  readonly label: string;
  readonly expiresAt: Date;
  /** 16 bytes; used up by this session */
  readonly nonce: Hex;
  /** from when no message with the nonce is accepted any more */
  readonly nonceExpiresAt: Date;
}

/** A new session and the only copy of its token. */
export interface OpenedSession {
  readonly session: Session;
  readonly token: string;
}

export interface SessionStore {
  /**
   * Opens a session. Returns `null` if another one used the nonce, on any server. The least
   * recently used session of an address ends if it has `SESSIONS.perAddress`.
   */
  open(session: NewSession): Promise<OpenedSession | null>;
  /** Reads the session of a token; `null` if it expired, was revoked or never was. */
  find(token: string): Promise<Session | null>;
  /** Lists the sessions of an address, most recently used first: at most `SESSIONS.perAddress`. */
  ofAddress(address: Address): Promise<readonly Session[]>;
  /** Ends a session at once, on all servers. Returns false if the address has no such session. */
  revoke(session: Pick<Session, "address" | "id">): Promise<boolean>;
  /** Ends all sessions of an address. Returns how many. */
  revokeAll(address: Address): Promise<number>;
  /** Records when sessions were last used. */
  recordUses(uses: readonly { readonly hash: Hex; readonly at: Date }[]): Promise<void>;
  /** Deletes sessions and nonces that expired: at most `most` of each. Returns the larger number. */
  deleteExpired(most: number): Promise<number>;
  /** What the codes in nonces are made with; all servers of a database have the same. */
  nonceSecret(): Promise<Hex>;
}

/** Bounds of sessions, the same on every server. */
export const SESSIONS = {
  perAddress: 50,
} as const;
