// Package bank takes what banks tell about transfers, and settles it against
// the payments that gates have asked for (docs/BANK.md). A notice is verified,
// kept as it came, answered, and settled afterwards; what it means for a stay
// is one fact, payment_confirmed, or a line on the list that a person reviews.
package bank
