-- The tree of the checkpoints, kept from one to the next, and what a cut has to look at.

-- A cut begins by counting one up. Rows say at which count they changed last, so that a cut finds those by an index and
-- reads no others. An update that leaves the count as it is stays cheap (HOT): only the first one after a cut enters it.
create table cut_clock (
  only_one boolean primary key default true check (only_one),
  tick bigint not null
);
insert into cut_clock (tick) values (0);
alter table accounts add column changed_at_tick bigint not null default 0;
create index accounts_by_change on accounts (changed_at_tick);
alter table earnings add column changed_at_tick bigint not null default 0;
create index earnings_by_change on earnings (changed_at_tick, provider);
-- The few that are being refunded, and those that ever were.
create index accounts_refunding on accounts (address) where refunding > 0;
create index accounts_refunded on accounts (address) where refunded > 0;

-- What changed and is not in the checkpoint's snapshot has this count or a later one.
alter table checkpoints add column tick bigint not null default 0;
-- The head of the published file, whose hash is data_hash; null for checkpoints from before there was one.
alter table checkpoints add column data_head bytea;

-- By checkpoint, in the order of the places: as a cut writes them, and as whoever follows asks for them. The references
-- are gone because their checks took longer than all the rest of a cut; both keys are given in the same statement.
alter table checkpoint_rows add column place bigint;
update checkpoint_rows r set place = p.place from places p where p.party = r.party;
alter table checkpoint_rows alter column place set not null;
alter table checkpoint_rows drop constraint checkpoint_rows_pkey;
alter table checkpoint_rows add primary key (checkpoint, place);
alter table checkpoint_rows drop constraint checkpoint_rows_party_fkey;
alter table checkpoint_rows drop constraint checkpoint_rows_checkpoint_fkey;
create index checkpoint_rows_of_place on checkpoint_rows (place, checkpoint);

-- Nodes of the tree, sixteen neighbours a page: level 0 has the leaves, each level above the roots of sixteen-leaf
-- subtrees below. A page is written where one of its nodes changed; the page at a checkpoint is the newest up to it. Kept
-- are those of the newest checkpoint and of the final one before. All of it can be made again from the rows.
create table tree_pages (
  level smallint not null check (level >= 0),
  page bigint not null check (page >= 0),
  checkpoint bigint not null,
  nodes bytea not null check (octet_length(nodes) = 512),
  primary key (level, page, checkpoint)
);
