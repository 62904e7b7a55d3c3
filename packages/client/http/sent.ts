import type { Route, SentTo } from "@compute-credits/api/route";

/** What a call of a route sends: the parts that the route takes. A `bigint` is sent as text. */
export type Sent<R extends Route> = {
  readonly [Name in NeededOf<SentTo<R>>]: Sendable<SentTo<R>[Name]>;
} & { readonly [Name in keyof SentTo<R>]?: Sendable<SentTo<R>[Name]> };

/** The parts that cannot be left out: those with a field that must be given. */
type NeededOf<Parts> = {
  [Name in keyof Parts]: object extends Parts[Name]
    ? never
    : undefined extends Parts[Name]
      ? never
      : Name;
}[keyof Parts];

type Sendable<T> = T extends number
  ? number | bigint
  : T extends readonly (infer Item)[]
    ? readonly Sendable<Item>[]
    : T extends object
      ? { readonly [Name in keyof T as Kept<T, Name>]: Sendable<T[Name]> }
      : T;

/** All names but "any other name" of an object that has known ones: programs send only those. */
type Kept<T, Name> = string extends Name ? (KnownOf<T> extends never ? Name : never) : Name;

type KnownOf<T> = keyof { [Name in keyof T as string extends Name ? never : Name]: 0 };
