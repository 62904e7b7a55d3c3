update accounts set alert_below = 1, alert_from = 9000000000000000000;
insert into webhook_budget_marks (endpoint, allowance, percent, period_index) values
  ('00000000-0000-4000-8000-00000000000a', decode(repeat('61', 32), 'hex'), 80, 1);
insert into webhook_final (checkpoint) values (1);
insert into webhook_alarms (name, message) values ('an alarm', 'what to do');
