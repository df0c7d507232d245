package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// run is one batch going in, under the site's lock.
type run struct {
	t          *store.SiteTx
	batch      *wire.Batch
	items      []*item
	receivedAt time.Time
	log        *slog.Logger

	held    cloudsql.GateEpochRow
	changed *changes
	verdict verdict // on what concerns no stay: items in quarantine
}

func newRun(t *store.SiteTx, b *wire.Batch, items []*item, receivedAt time.Time, log *slog.Logger) *run {
	return &run{
		t: t, batch: b, items: items, receivedAt: receivedAt.UTC(), log: log, changed: newChanges(), verdict: newVerdict(),
	}
}

func (r *run) take(ctx context.Context, answer *wire.BatchAnswer) error {
	if err := r.readHeld(ctx); err != nil {
		return err
	}
	fresh, err := r.sortOut(ctx)
	if err != nil {
		return err
	}
	if err := r.applyAll(ctx, fresh); err != nil {
		return err
	}
	if err := r.quarantine(ctx); err != nil {
		return err
	}
	if err := r.advance(ctx); err != nil {
		return err
	}
	answer.Seq, answer.FeedSeq = r.held.Seq, r.t.FeedSeq
	for _, n := range r.items {
		answer.Outcomes = append(answer.Outcomes, n.outcome)
	}
	return nil
}

func (r *run) readHeld(ctx context.Context) error {
	held, err := r.t.Q.GateEpoch(ctx, cloudsql.GateEpochParams{SiteID: r.t.Site, Gate: r.batch.Gate, Epoch: string(r.batch.Epoch)})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read what is held of the epoch: %w", err)
	}
	if r.batch.FirstSeq > held.Seq+1 {
		return &Gap{Held: held.Seq, First: r.batch.FirstSeq}
	}
	r.held = held
	return nil
}

// sortOut finds what was counted before and returns what is new and can be
// applied. The rest of what is new keeps its reason for quarantine.
func (r *run) sortOut(ctx context.Context) ([]*item, error) {
	ids := make([]uuid.UUID, len(r.items))
	for i, n := range r.items {
		ids[i] = n.id
	}
	known, err := r.t.Q.KnownEvents(ctx, cloudsql.KnownEventsParams{
		SiteID: r.t.Site, Ids: ids, Gate: r.batch.Gate, Epoch: string(r.batch.Epoch),
		First: r.batch.FirstSeq, Last: r.batch.FirstSeq + int64(len(r.items)) - 1,
	})
	if err != nil {
		return nil, fmt.Errorf("look up what was counted before: %w", err)
	}
	byID, bySeq := map[uuid.UUID]bool{}, map[int64]uuid.UUID{}
	for _, k := range known {
		byID[k.ID] = true
		if k.Gate == r.batch.Gate && k.Epoch == string(r.batch.Epoch) {
			bySeq[k.Seq] = k.ID
		}
	}
	var fresh []*item
	for _, n := range r.items {
		switch counted, before := bySeq[n.seq]; {
		case before && counted == n.id:
			n.outcome = wire.Duplicate
		case before && counted == n.quarantineID(r.batch):
			n.outcome = wire.Quarantined
		case before:
			n.reason = "Another fact of this gate's epoch has the same seq."
		case n.reason == "" && byID[n.id]:
			n.reason = "Another fact has the same id."
		case n.reason == "":
			byID[n.id] = true
			fresh = append(fresh, n)
		}
	}
	return fresh, nil
}

// applyAll applies the new facts together. If the database refuses something
// in them, each is tried by itself, and what it refuses goes to quarantine.
func (r *run) applyAll(ctx context.Context, fresh []*item) error {
	if len(fresh) == 0 {
		return nil
	}
	err := r.apply(ctx, fresh)
	if err == nil || !refused(err) {
		return err
	}
	for _, n := range fresh {
		switch err := r.apply(ctx, []*item{n}); {
		case err == nil:
		case refused(err):
			n.reason = "The database could not take it: " + refusalText(err)
		default:
			return err
		}
	}
	return nil
}

// apply writes facts and what follows from them within a savepoint.
func (r *run) apply(ctx context.Context, items []*item) (err error) {
	sub, err := r.t.Tx.Begin(ctx)
	if err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	q := cloudsql.New(sub)
	changed, err := r.write(ctx, q, items)
	if err != nil {
		if back := sub.Rollback(ctx); back != nil {
			return errors.Join(err, back)
		}
		return err
	}
	if err := sub.Commit(ctx); err != nil {
		return fmt.Errorf("release savepoint: %w", err)
	}
	r.changed.add(changed)
	for _, n := range items {
		n.outcome = wire.Applied
	}
	return nil
}

func (r *run) write(ctx context.Context, q *cloudsql.Queries, items []*item) (*changes, error) {
	n := newNews()
	for _, it := range items {
		n.learn(parking.Told{Fact: it.fact, Says: it.body})
	}
	if err := r.addFacts(ctx, q, items); err != nil {
		return nil, err
	}
	if err := r.addVersions(ctx, q, items); err != nil {
		return nil, err
	}
	changed, err := newProjection(q, r.t, r.receivedAt).project(ctx, n)
	if err == nil {
		changed.lists = listMark(r.batch.Epoch, items)
	}
	return changed, err
}

// listMark is how far facts have written passes, cards, the block list and
// messages, nil when they have not.
func listMark(epoch parking.Epoch, items []*item) (mark *wire.ListMark) {
	for _, n := range items {
		switch n.fact.Kind {
		case parking.KindPass, parking.KindToken, parking.KindBlock, parking.KindMessage:
			mark = &wire.ListMark{Epoch: epoch, Seq: n.seq}
		}
	}
	return mark
}

// addFacts counts the facts and writes them, with what they can be found by.
func (r *run) addFacts(ctx context.Context, q *cloudsql.Queries, items []*item) error {
	events := cloudsql.AddEventsParams{
		TenantID: r.t.Tenant, SiteID: r.t.Site, Gate: r.batch.Gate, Epoch: string(r.batch.Epoch),
		Outcome: string(wire.Applied), ReceivedAt: r.receivedAt,
	}
	facts := cloudsql.AddFactsParams{TenantID: r.t.Tenant, SiteID: r.t.Site, Gate: r.batch.Gate, Epoch: string(r.batch.Epoch)}
	for _, n := range items {
		boot := ""
		if n.fact.Movable() && len(n.fact.Boot) <= parking.MaxBoot {
			boot = n.fact.Boot
		}
		events.Ids, events.Seqs, events.Ats = append(events.Ids, n.id), append(events.Seqs, n.seq), append(events.Ats, n.fact.At)
		facts.Kinds, facts.Stays = append(facts.Kinds, string(n.fact.Kind)), append(facts.Stays, parking.StayOf(n.fact))
		facts.Actors, facts.Encoded = append(facts.Actors, n.fact.Actor), append(facts.Encoded, n.raw)
		facts.Subjects, facts.Boots = append(facts.Subjects, parking.SubjectOf(n.body)), append(facts.Boots, boot)
		facts.Shifts, facts.Lanes = append(facts.Shifts, parking.ShiftOf(n.body)), append(facts.Lanes, parking.LaneNamed(n.body))
		facts.Signs = append(facts.Signs, strings.Join(parking.SignsOf(n.body), " "))
	}
	facts.Ids, facts.Seqs, facts.Ats = events.Ids, events.Seqs, events.Ats
	if err := q.AddEvents(ctx, events); err != nil {
		return fmt.Errorf("count the facts: %w", err)
	}
	if err := q.AddFacts(ctx, facts); err != nil {
		return fmt.Errorf("write the facts: %w", err)
	}
	return nil
}

// addVersions keeps what holds from when on, as the cloud's own facts say.
func (r *run) addVersions(ctx context.Context, q *cloudsql.Queries, items []*item) error {
	var rows []cloudsql.AddVersionParams
	for _, n := range items {
		key, from := parking.VersionOf(n.body)
		if key == "" {
			continue
		}
		rows = append(rows, cloudsql.AddVersionParams{
			TenantID: r.t.Tenant, SiteID: r.t.Site, Kind: string(n.fact.Kind), Key: key, FromAt: from, At: n.fact.At,
			Epoch: string(n.fact.Epoch), Seq: n.seq, FactID: n.id, Document: n.fact.Body,
		})
	}
	if err := batch(q.AddVersion(ctx, rows).Exec); err != nil {
		return fmt.Errorf("write versions: %w", err)
	}
	return nil
}

// advance writes how far the epoch is held now, judges what that shows of the
// gate, and appends to the feed. A batch that brought nothing new changes
// nothing.
func (r *run) advance(ctx context.Context) error {
	last := r.batch.FirstSeq + int64(len(r.items)) - 1
	if last <= r.held.Seq {
		return r.append(ctx, nil)
	}
	newest := r.items[len(r.items)-1]
	at := r.held.LastAt
	for _, n := range r.items {
		if n.fact.At.After(at) {
			at = n.fact.At
		}
	}
	r.held.Seq = last
	err := r.t.Q.PutGateEpoch(ctx, cloudsql.PutGateEpochParams{
		TenantID: r.t.Tenant, SiteID: r.t.Site, Gate: r.batch.Gate, Epoch: string(r.batch.Epoch),
		Seq: last, Hash: parking.FactHash(newest.raw), LastAt: at,
	})
	if err != nil {
		return fmt.Errorf("write what is held of the epoch: %w", err)
	}
	if err := r.started(ctx); err != nil {
		return err
	}
	r.changed.epoch(r.batch.Gate, r.batch.Epoch)
	return r.append(ctx, []wire.Covered{{Gate: r.batch.Gate, Epoch: r.batch.Epoch, Seq: last}})
}

// started keeps what the epoch's first fact says came before it.
func (r *run) started(ctx context.Context) error {
	for _, n := range r.items {
		b, ok := n.body.(*parking.Started)
		if !ok || n.seq != 1 || n.outcome != wire.Applied {
			continue
		}
		err := r.t.Q.SetEpochStarted(ctx, cloudsql.SetEpochStartedParams{
			SiteID: r.t.Site, Gate: r.batch.Gate, Epoch: string(r.batch.Epoch), StartedID: n.id,
			PrevEpoch: string(b.PrevEpoch), PrevSeq: b.PrevSeq,
		})
		if err != nil {
			return fmt.Errorf("write what came before the epoch: %w", err)
		}
	}
	return nil
}

// append judges the gates whose epochs changed and writes the entry of the
// feed, if there is something to tell.
func (r *run) append(ctx context.Context, covers []wire.Covered) error {
	p := newProjection(r.t.Q, r.t, r.receivedAt)
	p.verdict = r.verdict
	if err := p.judgeBranches(ctx, r.changed.epochs); err != nil {
		return err
	}
	if err := p.conclude(ctx); err != nil {
		return err
	}
	r.changed.add(p.changed)
	if len(covers) == 0 && !r.changed.any() {
		return nil
	}
	delta, err := r.changed.delta(ctx, r.t)
	if err != nil {
		return err
	}
	delta.Covers = covers
	_, err = r.t.Append(ctx, delta, r.receivedAt)
	return err
}

// refused says whether the data itself cannot be written (as JSON, or for the
// database: classes 22, 23 and 54 of SQLSTATE), in which case another try
// fails the same.
func refused(err error) bool {
	if errors.As(err, new(*json.MarshalerError)) || errors.As(err, new(*json.UnsupportedValueError)) {
		return true
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || len(pg.Code) != 5 {
		return false
	}
	switch pg.Code[:2] {
	case "22", "23", "54":
		return true
	}
	return false
}

func refusalText(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Message + " (" + pg.Code + ")."
	}
	return "it cannot be written."
}
