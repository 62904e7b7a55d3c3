/** Crockford's base32, without I, L, O and U, which are easily misread. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * Creates a promotion code such as `7K2M-9XQ4-W1ZB-8HTN`. It has 80 random bits, too many to guess
 * through an API.
 */
export function createPromotionCode(): string {
  const letters = Array.from(
    crypto.getRandomValues(new Uint8Array(16)),
    (byte) => ALPHABET[byte % ALPHABET.length],
  ).join("");
  return (letters.match(/.{4}/g) ?? []).join("-");
}
