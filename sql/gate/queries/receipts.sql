-- name: AddReceipt :exec
INSERT INTO receipts (payment, stay, series, number, at_ms, actor, document) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: ReceiptOf :one
SELECT at_ms, actor, document FROM receipts WHERE payment = ?;

-- name: LastReceipt :one
SELECT CAST(COALESCE(MAX(number), 0) AS INTEGER) FROM receipts WHERE series = ?;

-- What this gate has written of a stay's money: requests and payments.
-- name: OwnMoney :many
SELECT encoded FROM outbox WHERE stay = ? AND kind IN ('payment_requested', 'payment_taken') ORDER BY n;
