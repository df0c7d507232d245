package parking

import "strconv"

// SubjectOf names what a fact of this body is about beside a stay, so that the
// facts about one thing can be found: a payment, the exit that was matched, a
// receipt's series and number, the boot whose clock was observed, a conflict
// (hex), a message that was read, or the key of a version. "" for none.
func SubjectOf(body any) string {
	switch b := body.(type) {
	case *PaymentRequested:
		return b.Payment.String()
	case *PaymentTaken:
		return b.Payment.String()
	case *PaymentConfirmed:
		return b.Payment.String()
	case *ExitMatched:
		return b.Exit.String()
	case *ReceiptIssued:
		return b.Series + " " + strconv.FormatInt(b.Number, 10)
	case *ClockObserved:
		return b.Boot
	case *ConflictSettled:
		return b.Conflict
	case *MessageRead:
		return b.Message.String()
	}
	key, _ := VersionOf(body)
	return key
}
