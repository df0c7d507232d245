-- name: SetSiteSettings :exec
UPDATE sites SET operator = @operator, address = @address, tax_code = @tax_code, receipt_note = @receipt_note,
    tax_percent = @tax_percent, bank_bin = @bank_bin, bank_account = @bank_account
WHERE id = @id;
