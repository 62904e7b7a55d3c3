-- A page keeps of the version before what it changed, and no more: `undo` has, for each node that was another, its place in
-- the page (a byte) and what it was (32 bytes). Half of what is written for a cut, and of the room that pages take.
alter table tree_pages rename to tree_pages_doubled;
alter table tree_pages_doubled rename constraint tree_pages_pkey to tree_pages_doubled_pkey;
create table tree_pages (
  level smallint not null check (level >= 0),
  page bigint not null check (page >= 0),
  checkpoint bigint not null,
  nodes bytea not null check (octet_length(nodes) = 512),
  checkpoint_before bigint check (checkpoint_before < checkpoint),
  undo bytea check (octet_length(undo) % 33 = 0),
  primary key (level, page),
  check ((checkpoint_before is null) = (undo is null))
) with (fillfactor = 45);
-- Hashes do not compress: not trying spares the time.
alter table tree_pages alter column nodes set storage external, alter column undo set storage external;
insert into tree_pages (level, page, checkpoint, nodes, checkpoint_before, undo)
  select level, page, checkpoint, nodes, case when nodes_before is not null then checkpoint_before end,
    (select string_agg(set_byte('\x00', 0, node) || substring(nodes_before from 32 * node + 1 for 32), '' order by node)
     from generate_series(0, 15) as node where nodes_before is not null)
  from tree_pages_doubled order by level, page;
drop table tree_pages_doubled;
