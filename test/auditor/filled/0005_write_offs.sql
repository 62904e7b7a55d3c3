-- Before anything else, carol's first spending was written off.
update parties set final_spent = spent;
update parties set written_off_at = '2025-06-15 12:00:19+00'
where address = '\xa4d4c1f8a763ef6a0140d04291eceef913ffc272';
