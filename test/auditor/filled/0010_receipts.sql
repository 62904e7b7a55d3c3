-- As if it was seen before the last checkpoint, which holds all of it.
insert into earnings_ahead values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 1, 1, 1, 1, 5, '{"an event"}', '{1}', '{1}', '{5}');
insert into voids_ahead values (2, 1, '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'an event');
insert into receipts_ahead values (3, 1, '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 5, 1, true, true);
update witness_position set since = '59:59:', up_to = '73:73:', page_cursor = '63-72';
