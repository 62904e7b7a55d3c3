-- Which accounts may pay for which spenders, as the log says; `name` has both.
create table acceptances (
  name text primary key,
  accepted boolean not null,
  changed_at timestamptz not null,
  -- of the wallet's newest message, in milliseconds since 1970
  signed_at numeric(20) not null,
  -- only an allowance from before acceptances says so
  is_implied boolean not null
);

-- What was replayed until now is from before acceptances: the ledger logs one with each allowance
-- since, in the same transaction, and an older auditor does not read it.
insert into acceptances (name, accepted, changed_at, signed_at, is_implied)
select '0x' || encode(spender, 'hex') || '/' || (body -> 'message' ->> 'account'), true,
  min((body ->> 'createdAt')::timestamptz), 0, true
from allowances group by 1;
