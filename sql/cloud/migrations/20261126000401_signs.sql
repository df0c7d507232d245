-- +goose Up
-- What reports about theft count (docs/LEAKAGE.md), beside each fact, so that a
-- day is counted without reading bodies that hold thumbnails: the lane, and the
-- signs that parking.SignsOf finds in it.
ALTER TABLE facts ADD COLUMN lane text, ADD COLUMN signs text[];

-- The change of rows that were written: columns that their bytes hold. Bodies
-- that no program could read are in quarantine, not here.
DROP TRIGGER facts_append_only ON facts;
UPDATE facts f SET lane = left(b.body ->> 'lane', 64),
    signs = nullif(array_remove(ARRAY[
        CASE WHEN f.kind = 'barrier_opened' AND b.body ->> 'cause' = 'by_hand' THEN 'by_hand' END,
        CASE WHEN f.kind = 'vehicle_out' AND b.body -> 'candidates' -> 0 ->> 'stay' <> b.body ->> 'stay' THEN 'pick' END,
        CASE WHEN f.kind = 'vehicle_out' AND b.body @? '$.charge.lines[*] ? (@.code == "discount")' THEN 'discount' END,
        CASE WHEN f.kind = 'vehicle_out' AND b.body @? '$.charge.lines[*] ? (@.code == "free")' THEN 'grace' END,
        CASE WHEN f.kind IN ('vehicle_in', 'vehicle_out') AND b.body ->> 'typed_at' IS NOT NULL THEN 'paper' END,
        CASE WHEN f.kind = 'vehicle_in' AND b.body ->> 'walk' IS NOT NULL THEN 'walk' END], NULL), '{}')
FROM (SELECT g.site_id, g.at, g.id, convert_from(g.encoded, 'UTF8')::jsonb -> 'body' AS body FROM facts g
      WHERE g.kind IN ('vehicle_in', 'vehicle_out', 'vehicle_backed_out', 'barrier_opened', 'lane_passage', 'read_rejected')) b
WHERE f.site_id = b.site_id AND f.at = b.at AND f.id = b.id;
CREATE TRIGGER facts_append_only BEFORE UPDATE ON facts
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What is rare, found by time among millions of ordinary facts.
CREATE INDEX facts_signs ON facts (site_id, at) WHERE signs IS NOT NULL;
CREATE INDEX facts_rare ON facts (site_id, kind, at) WHERE kind IN ('stay_voided', 'plate_corrected', 'class_corrected',
    'vehicle_backed_out', 'read_rejected', 'inventory_taken', 'shift_opened', 'shift_closed', 'started', 'refund_paid');
CREATE INDEX facts_alone ON facts (site_id, at) WHERE kind = 'lane_passage' AND stay_id IS NULL;
-- By-hand confirmations that no bank has proven.
CREATE INDEX payments_by_hand ON payments (site_id, paid_at) WHERE method = 'by_hand' AND paid_at IS NOT NULL;

-- +goose Down
DROP INDEX payments_by_hand, facts_alone, facts_rare, facts_signs;
ALTER TABLE facts DROP COLUMN signs, DROP COLUMN lane;
