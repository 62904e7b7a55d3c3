const FORMAT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** A time in the reader's zone; hovering shows it in UTC. */
export function Moment({ at }: { readonly at: Date }) {
  const utc = at.toISOString();
  return (
    <time dateTime={utc} title={`${utc.slice(0, 19).replace("T", " ")} UTC`}>
      {FORMAT.format(at)}
    </time>
  );
}
