package lane

import (
	"context"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// The acts of a console are the desk's, in the name of its guard, at a lane that
// nobody else works at.

// at returns what an act at a lane answers.
func at[T any](ctx context.Context, c *Console, code string, was was, do func(ctx context.Context) (T, error)) (T, error) {
	var out T
	err := c.at(ctx, code, was, func(ctx context.Context) (err error) {
		out, err = do(ctx)
		return err
	})
	return out, err
}

// act does an act that is about no lane.
func act[R, T any](ctx context.Context, c *Console, was was, r R, do func(ctx context.Context, r R) (T, error)) (out T, err error) {
	if ctx, err = c.acting(ctx); err != nil {
		return out, err
	}
	err = c.during(ctx, "", was, func(ctx context.Context) (err error) {
		out, err = do(ctx, r)
		return err
	})
	return out, err
}

// looks is as act, for what changes nothing.
func looks[R, T any](ctx context.Context, c *Console, r R, do func(ctx context.Context, r R) (T, error)) (out T, err error) {
	if ctx, err = c.acting(ctx); err != nil {
		return out, err
	}
	return do(ctx, r)
}

// Arrive is Desk.Arrive by the console's guard.
func (c *Console) Arrive(ctx context.Context, code string, a Arrival) (uuid.UUID, error) {
	return at(ctx, c, code, stays(sayNothingWritten), func(ctx context.Context) (uuid.UUID, error) { return c.desk.Arrive(ctx, code, a) })
}

// Clear is Desk.Clear by the console's guard.
func (c *Console) Clear(ctx context.Context, code string, subject uuid.UUID) error {
	return c.at(ctx, code, stays(sayNothingWritten), func(ctx context.Context) error { return c.desk.Clear(ctx, code, subject) })
}

// OpenByHand is Desk.OpenByHand by the console's guard.
func (c *Console) OpenByHand(ctx context.Context, code string, reason string) error {
	if err := c.open(); err != nil {
		return err
	}
	return c.at(ctx, code, stays(sayBarrier), func(ctx context.Context) error { return c.desk.OpenByHand(ctx, code, reason) })
}

// OpenAgain is Desk.OpenAgain by the console's guard.
func (c *Console) OpenAgain(ctx context.Context, code string, subject uuid.UUID) error {
	return c.at(ctx, code, written(sayBarrier), func(ctx context.Context) error { return c.desk.OpenAgain(ctx, code, subject) })
}

// BackOut is Desk.BackOut by the console's guard.
func (c *Console) BackOut(ctx context.Context, code string, subject uuid.UUID, reason string) error {
	if err := c.open(); err != nil {
		return err
	}
	return c.at(ctx, code, written(sayBackedOut), func(ctx context.Context) error { return c.desk.BackOut(ctx, code, subject, reason) })
}

// MoveAside is Desk.MoveAside by the console's guard.
func (c *Console) MoveAside(ctx context.Context, code string, subject uuid.UUID) error {
	return c.at(ctx, code, stays(sayNothingWritten), func(ctx context.Context) error { return c.desk.MoveAside(ctx, code, subject) })
}

// Recall is Desk.Recall by the console's guard.
func (c *Console) Recall(ctx context.Context, code string, subject uuid.UUID) error {
	return c.at(ctx, code, stays(sayNothingWritten), func(ctx context.Context) error { return c.desk.Recall(ctx, code, subject) })
}

// ChangeDirection is Desk.ChangeDirection by the console's guard.
func (c *Console) ChangeDirection(ctx context.Context, code string, to parking.Direction, reason string) error {
	if err := c.open(); err != nil {
		return err
	}
	return c.at(ctx, code, c.turned(code, to), func(ctx context.Context) error { return c.desk.ChangeDirection(ctx, code, to, reason) })
}

// Correct is Desk.Correct by the console's guard.
func (c *Console) Correct(ctx context.Context, code string, subject uuid.UUID, plate, reason string) error {
	return c.at(ctx, code, c.named(ActPlate, code, subject), func(ctx context.Context) error { return c.desk.Correct(ctx, code, subject, plate, reason) })
}

// PickCandidate is Desk.PickCandidate by the console's guard.
func (c *Console) PickCandidate(ctx context.Context, code string, subject uuid.UUID, candidate int) error {
	return c.at(ctx, code, c.named(ActPlate, code, subject), func(ctx context.Context) error { return c.desk.PickCandidate(ctx, code, subject, candidate) })
}

// SetClass is Desk.SetClass by the console's guard.
func (c *Console) SetClass(ctx context.Context, code string, subject uuid.UUID, class parking.Class) error {
	return c.at(ctx, code, c.named(ActClass, code, subject), func(ctx context.Context) error { return c.desk.SetClass(ctx, code, subject, class) })
}

// CorrectClass is Desk.CorrectClass by the console's guard.
func (c *Console) CorrectClass(ctx context.Context, code string, subject, stay uuid.UUID, class parking.Class, reason string) error {
	return c.at(ctx, code, c.named(ActClass, code, subject), func(ctx context.Context) error {
		return c.desk.CorrectClass(ctx, code, subject, stay, class, reason)
	})
}

// ChooseSlot is Desk.ChooseSlot by the console's guard.
func (c *Console) ChooseSlot(ctx context.Context, code string, subject uuid.UUID, to string) error {
	return c.at(ctx, code, c.named(ActPlace, code, subject), func(ctx context.Context) error { return c.desk.ChooseSlot(ctx, code, subject, to) })
}

// AcceptIn is Desk.AcceptIn by the console's guard.
func (c *Console) AcceptIn(ctx context.Context, code string, subject uuid.UUID) (parking.Stay, error) {
	return at(ctx, c, code, c.letThrough(code, subject), func(ctx context.Context) (parking.Stay, error) { return c.desk.AcceptIn(ctx, code, subject) })
}

// Pick is Desk.Pick by the console's guard.
func (c *Console) Pick(ctx context.Context, code string, subject uuid.UUID, match int) error {
	return c.at(ctx, code, stays(sayNothingWritten), func(ctx context.Context) error { return c.desk.Pick(ctx, code, subject, match) })
}

// LeaveFree is Desk.LeaveFree by the console's guard.
func (c *Console) LeaveFree(ctx context.Context, code string, subject uuid.UUID) (parking.Stay, error) {
	return at(ctx, c, code, c.letThrough(code, subject), func(ctx context.Context) (parking.Stay, error) { return c.desk.LeaveFree(ctx, code, subject) })
}

// OutUnknown is Desk.OutUnknown by the console's guard.
func (c *Console) OutUnknown(ctx context.Context, code string, subject uuid.UUID, reason string, fee parking.Money, method parking.Method) error {
	return c.at(ctx, code, c.letThrough(code, subject), func(ctx context.Context) error { return c.desk.OutUnknown(ctx, code, subject, reason, fee, method) })
}

// PayCash is Desk.PayCash by the console's guard.
func (c *Console) PayCash(ctx context.Context, code string, subject uuid.UUID, tendered parking.Money) (parking.Stay, error) {
	return at(ctx, c, code, c.letThrough(code, subject), func(ctx context.Context) (parking.Stay, error) { return c.desk.PayCash(ctx, code, subject, tendered) })
}

// ShowQR is Desk.ShowQR by the console's guard.
func (c *Console) ShowQR(ctx context.Context, code string, subject uuid.UUID) error {
	return c.at(ctx, code, stays(sayCode), func(ctx context.Context) error { return c.desk.ShowQR(ctx, code, subject) })
}

// ConfirmByHand is Desk.ConfirmByHand by the console's guard.
func (c *Console) ConfirmByHand(ctx context.Context, code string, subject uuid.UUID, payerBank string, paid time.Time) (parking.Stay, error) {
	return at(ctx, c, code, c.letThrough(code, subject), func(ctx context.Context) (parking.Stay, error) {
		return c.desk.ConfirmByHand(ctx, code, subject, payerBank, paid)
	})
}

// Discount is Desk.Discount by the console's guard.
func (c *Console) Discount(ctx context.Context, code string, subject uuid.UUID, discount string) error {
	return c.at(ctx, code, c.discounted(code, subject), func(ctx context.Context) error { return c.desk.Discount(ctx, code, subject, discount) })
}

// Allow is Desk.Allow by the console's guard.
func (c *Console) Allow(ctx context.Context, code string, subject uuid.UUID, reason string) error {
	return c.at(ctx, code, stays(sayNothingWritten), func(ctx context.Context) error { return c.desk.Allow(ctx, code, subject, reason) })
}

// Tap is Desk.Tap by the console's guard.
func (c *Console) Tap(ctx context.Context, code string, text string) (Tapped, error) {
	return at(ctx, c, code, stays(sayCard), func(ctx context.Context) (Tapped, error) { return c.desk.Tap(ctx, code, text) })
}

// LoseToken is Desk.LoseToken by the console's guard.
func (c *Console) LoseToken(ctx context.Context, code string, subject, stay uuid.UUID, reason string) error {
	return c.at(ctx, code, written(sayLost), func(ctx context.Context) error { return c.desk.LoseToken(ctx, code, subject, stay, reason) })
}

// PrintTicket is Desk.PrintTicket by the console's guard.
func (c *Console) PrintTicket(ctx context.Context, code string, subject uuid.UUID) error {
	return c.at(ctx, code, countsNot, func(ctx context.Context) error { return c.desk.PrintTicket(ctx, code, subject) })
}

// LookAtInventory is Desk.LookAtInventory by the console's guard.
func (c *Console) LookAtInventory(ctx context.Context, w Walk) (WalkLook, error) {
	return looks(ctx, c, w, c.desk.LookAtInventory)
}

// TakeInventory is Desk.TakeInventory by the console's guard.
func (c *Console) TakeInventory(ctx context.Context, w Walk) (WalkDone, error) {
	return act(ctx, c, written(sayWalk), w, c.desk.TakeInventory)
}

// ReadPaper is Desk.ReadPaper by the console's guard.
func (c *Console) ReadPaper(ctx context.Context, t Paper) (PaperReading, error) {
	return looks(ctx, c, t, c.desk.ReadPaper)
}

// EnterPaper is Desk.EnterPaper by the console's guard.
func (c *Console) EnterPaper(ctx context.Context, t Paper) (PaperEntered, error) {
	return act(ctx, c, written(sayPaper), t, c.desk.EnterPaper)
}

// EarlyFee is Desk.EarlyFee by the console's guard.
func (c *Console) EarlyFee(ctx context.Context, e EarlyPayment) (EarlyFee, error) {
	return looks(ctx, c, e, c.desk.EarlyFee)
}

// PayEarly is Desk.PayEarly by the console's guard.
func (c *Console) PayEarly(ctx context.Context, e EarlyPayment) (EarlyPaid, error) {
	return act(ctx, c, written(sayPaid), e, c.desk.PayEarly)
}

// Receipt is Desk.Receipt by the console's guard.
func (c *Console) Receipt(ctx context.Context, r ReceiptRequest) (ReceiptView, error) {
	return act(ctx, c, written(sayReceipt), r, c.desk.Receipt)
}

// OpenShift is Desk.OpenShift by the console's guard.
func (c *Console) OpenShift(ctx context.Context, r ShiftOpening) (ShiftView, error) {
	return act(ctx, c, written(sayShift), r, c.desk.OpenShift)
}

// CloseShift is Desk.CloseShift by the console's guard.
func (c *Console) CloseShift(ctx context.Context, r ShiftCounted) (ShiftDone, error) {
	return act(ctx, c, written(sayShift), r, c.desk.CloseShift)
}

// GiveBack is Desk.GiveBack by the console's guard.
func (c *Console) GiveBack(ctx context.Context, r Refund) (Refunded, error) {
	return act(ctx, c, written(sayRefunded), r, c.desk.GiveBack)
}

// MoveStay is Desk.MoveStay by the console's guard.
func (c *Console) MoveStay(ctx context.Context, stay uuid.UUID, to, reason string) error {
	ctx, err := c.acting(ctx)
	if err != nil {
		return err
	}
	return c.during(ctx, "", c.moved(ctx, stay), func(ctx context.Context) error { return c.desk.MoveStay(ctx, stay, to, reason) })
}

// Void is Desk.Void by the console's guard.
func (c *Console) Void(ctx context.Context, stay uuid.UUID, reason string) error {
	ctx, err := c.acting(ctx)
	if err != nil {
		return err
	}
	return c.during(ctx, "", written(sayVoided), func(ctx context.Context) error { return c.desk.Void(ctx, stay, reason) })
}

// SetTime is Desk.SetTime by the console's guard.
func (c *Console) SetTime(ctx context.Context, t time.Time) error {
	ctx, err := c.acting(ctx)
	if err != nil {
		return err
	}
	return c.during(ctx, "", stays(sayTime), func(ctx context.Context) error { return c.desk.SetTime(ctx, t) })
}

// Search is Desk.Search; a locked console finds nothing.
func (c *Console) Search(query string) []parking.Stay {
	if c.isLocked() {
		return nil
	}
	return c.desk.Search(query)
}

// Photo is Desk.Photo; a locked console shows none.
func (c *Console) Photo(ctx context.Context, sha256 string) ([]byte, error) {
	if c.isLocked() {
		return nil, parking.Errorf(parking.Forbidden, sayLocked)
	}
	return c.desk.Photo(ctx, sha256)
}

// Conflicts is Desk.Conflicts; a locked console shows none.
func (c *Console) Conflicts(ctx context.Context) []ConflictView {
	if c.isLocked() {
		return nil
	}
	return c.desk.Conflicts(ctx)
}

// Refundable is Desk.Refundable; a locked console finds nothing.
func (c *Console) Refundable(query string) []parking.Stay {
	if c.isLocked() {
		return nil
	}
	return c.desk.Refundable(query)
}
