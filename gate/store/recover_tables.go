package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Tables that a recovery reads as far as they go. The outbox is not among
// them: its facts are looked for in every page.
var copiedTables = []string{
	"settings", "epochs", "site", "slots", "stays", "conflicts", "vehicles", "guards", "photos", "lane_openings", "boots", "lent_slots",
	"heard_batches", "heard_facts", "covered", "near_lent", "shifts", "shift_facts", "list_versions", "receipts", "messages_read",
}

// stateTables show a wrong state when half of them is missing.
var stateTables = []string{"stays", "slots", "site"}

// copyTables copies what SQLite can still read of the old database, and says
// whether the cloud's state was read whole.
func (r *recovery) copyTables(ctx context.Context, to *sql.Tx) (whole bool) {
	// Not from the copy that was set aside: SQLite folds the log in when it
	// reads, and drops what comes after damage in it.
	from, err := openPool(filepath.Join(r.dir, databaseFile), true, 1)
	if err != nil {
		return false
	}
	defer func() { _ = from.Close() }() // only read
	whole = true
	for _, table := range copiedTables {
		if err := copyTable(ctx, from, to, table); err != nil {
			r.log.Warn("a table could not be read whole", "table", table, "err", err)
			whole = whole && !slices.Contains(stateTables, table)
			if table == "list_versions" { // they are fetched anew
				_, _ = to.ExecContext(ctx, "DELETE FROM settings WHERE name = 'lists_mark'") // else the gate goes on with what is left
			}
		}
	}
	return whole
}

// copyTable copies rows from the first on until one cannot be read, and then
// from the last backwards.
func copyTable(ctx context.Context, from *sql.DB, to *sql.Tx, table string) error {
	err := copyRows(ctx, from, to, table, "ASC")
	if err != nil {
		_ = copyRows(ctx, from, to, table, "DESC") // the error of the first way is told
	}
	return err
}

func copyRows(ctx context.Context, from *sql.DB, to *sql.Tx, table, direction string) error {
	rows, err := from.QueryContext(ctx, "SELECT * FROM "+table+" ORDER BY rowid "+direction) //nolint:gosec // a name from the list above
	if err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	defer func() { _ = rows.Close() }() // only read
	columns, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	for i, c := range columns {
		columns[i] = `"` + strings.ReplaceAll(c, `"`, ``) + `"` // damage may be anywhere
	}
	//nolint:gosec // a table of the list above, and columns in quotes
	put := "INSERT OR IGNORE INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")"
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read %s: %w", table, err)
		}
		if _, err := to.ExecContext(ctx, put, values...); err != nil {
			return fmt.Errorf("write %s: %w", table, err) // a row that no longer is one
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	return nil
}
