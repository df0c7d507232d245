-- name: SetDiscountRules :exec
UPDATE sites SET guard_discounts = @guard_discounts, discounts_a_day = @discounts_a_day WHERE id = @id;
