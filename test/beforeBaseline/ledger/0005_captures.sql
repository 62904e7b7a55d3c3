-- Which hold a usage event is a capture of. Its credits are of the budget that was open when the hold was made: where the
-- event is taken back, they return to that period or, where it is over, to none.
create table captures (
  provider bytea not null,
  event_id text not null,
  hold_id text not null,
  primary key (provider, event_id),
  foreign key (provider, hold_id) references holds
);
