insert into deferred_payouts (block_number, token_amount) values (1, 0);
