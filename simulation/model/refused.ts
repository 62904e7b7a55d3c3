export function refused<R>(refusal: R): { readonly result: "refused"; readonly refusal: R } {
  return { result: "refused", refusal };
}
