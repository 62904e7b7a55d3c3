-- A page has one row, with its newest version and the one before: a cut writes over the older of them. A row a version took
-- a third longer to bring up to date. Room is left in each block, so that an update enters no index (HOT).
alter table tree_pages rename to tree_page_versions;
alter table tree_page_versions rename constraint tree_pages_pkey to tree_page_versions_pkey;
create table tree_pages (
  level smallint not null check (level >= 0),
  page bigint not null check (page >= 0),
  checkpoint bigint not null,
  nodes bytea not null check (octet_length(nodes) = 512),
  checkpoint_before bigint check (checkpoint_before < checkpoint),
  nodes_before bytea check (octet_length(nodes_before) = 512),
  primary key (level, page),
  check (checkpoint_before is not null or nodes_before is null)
) with (fillfactor = 45);
-- Hashes do not compress: not trying spares the time.
alter table tree_pages alter column nodes set storage external, alter column nodes_before set storage external;
insert into tree_pages (level, page, checkpoint, nodes, checkpoint_before, nodes_before)
  select level, page, checkpoint, nodes, checkpoint_before, nodes_before from (
    select level, page, checkpoint, nodes, lead(checkpoint) over newest_first as checkpoint_before,
      lead(nodes) over newest_first as nodes_before, row_number() over newest_first as version
    from tree_page_versions v
    where not exists (select from checkpoints dead where dead.id = v.checkpoint and dead.dropped)
    window newest_first as (partition by level, page order by checkpoint desc)) as versions
  where version = 1;
drop table tree_page_versions;
