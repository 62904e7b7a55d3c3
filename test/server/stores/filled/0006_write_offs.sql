-- Before anything else, carol's first spending was written off to the sponsor's account.
insert into write_offs (account, payer, amount_micros, written_off_at) values
  ('\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', '\xeb42ea4654c82b0dd20e908457099a7ed41deda6', 1, '2025-06-15 12:00:19+00');
