-- Partitions by month are made by the upkeep when they are needed. The first
-- migration made those of three years; every connection learns about each of
-- them, with its indexes, before its first query of facts. Months that hold
-- nothing go, but for this one and the three that follow.

-- +goose Up
-- +goose StatementBegin
DO $$
DECLARE
    child regclass;
    month date;
    held boolean;
BEGIN
    FOR child, month IN
        SELECT i.inhrelid::regclass, to_date(right(c.relname, 7), 'YYYY_MM')
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent IN ('facts'::regclass, 'feed'::regclass) AND c.relname ~ '^(facts|feed)_\d{4}_\d{2}$'
    LOOP
        CONTINUE WHEN month BETWEEN date_trunc('month', now() AT TIME ZONE 'UTC')::date
            AND (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '3 months')::date;
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', child) INTO held;
        IF NOT held THEN
            EXECUTE format('DROP TABLE %s', child);
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
SELECT 1; -- the upkeep makes again what is needed
