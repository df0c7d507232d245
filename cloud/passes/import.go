package passes

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Imported says what became of a file: how many rows changed something, and how
// many say what holds already.
type Imported struct {
	Written int `json:"written"`
	Same    int `json:"same"`
}

// Columns of the files.
var (
	passNeeded, passOptional = []string{"code", "plates", "from", "until"}, []string{"places", "class", "zone", "name", "phone", "note"}
	cardNeeded, cardOptional = []string{"number"}, []string{"state"}
	listNeeded, listOptional = []string{"plate", "note"}, []string{"blocked"}
)

// importing writes what a file says in one transaction, or nothing of it.
func (k *Keeper) importing(
	ctx context.Context, p auth.Principal, what string, decide func(context.Context, *store.SiteTx, time.Time) ([]ingest.Act, Imported, error),
) (Imported, error) {
	var out Imported
	now := k.Now()
	_, err := k.Ingest.Write(ctx, p.Site, p.Name, now, func(ctx context.Context, t *store.SiteTx) (acts []ingest.Act, err error) {
		acts, out, err = decide(ctx, t, now)
		if err != nil || len(acts) == 0 {
			return nil, err
		}
		return acts, k.Auth.Audit(ctx, t.Q, p, auth.Entry{Action: what + ".imported", Subject: what, After: out})
	})
	if err != nil {
		return Imported{}, err
	}
	return out, nil
}

// ImportCards takes a list of cards: number, and if it likes state (stock if
// not said). What a card is here already stands: a file neither frees a blocked
// card nor blocks one that is in use.
func (k *Keeper) ImportCards(ctx context.Context, p auth.Principal, file []byte) (Imported, error) {
	bad := new(BadFile)
	states, order, lines, err := readCards(file, bad)
	if err != nil {
		return Imported{}, err
	}
	return k.importing(ctx, p, "card", func(ctx context.Context, t *store.SiteTx, now time.Time) ([]ingest.Act, Imported, error) {
		have, err := cardStates(ctx, t, order)
		if err != nil {
			return nil, Imported{}, err
		}
		var out Imported
		var acts []ingest.Act
		for i, number := range order {
			switch is, want := have[number], states[number]; {
			case is == want:
				out.Same++
			case is != "":
				bad.add(lines[i], parking.Errorf(parking.Conflict, "Card %s is here already, and %s. Change it by hand.", number, is))
			default:
				out.Written++
				acts = append(acts, cardAct(number, want, now))
			}
		}
		return acts, out, bad.orNil()
	})
}

func readCards(file []byte, bad *BadFile) (states map[string]string, order []string, lines []int, err error) {
	t, err := readTable(file, cardNeeded, cardOptional, bad)
	if err != nil {
		return nil, nil, nil, err
	}
	states = map[string]string{}
	for _, r := range t.rows {
		number, err := cardNumber(r.cells["number"])
		state := strings.ToLower(r.cells["state"])
		if state == "" {
			state = Stock
		}
		switch {
		case err != nil:
		case !slices.Contains(CardStates(), state):
			err = parking.Errorf(parking.Invalid, "A card is one of %s.", strings.Join(CardStates(), ", "))
		case states[number] != "":
			err = parking.Errorf(parking.Invalid, "Card %s stands in the file twice.", number)
		}
		if err != nil {
			bad.add(r.line, err)
			continue
		}
		states[number], order, lines = state, append(order, number), append(lines, r.line)
	}
	return states, order, lines, nil
}

// ImportListed takes a block list: plate, note, and if it likes blocked (yes if
// not said). A plate that is listed here is listed anew.
func (k *Keeper) ImportListed(ctx context.Context, p auth.Principal, file []byte) (Imported, error) {
	bad := new(BadFile)
	listed, err := readListed(file, bad)
	if err != nil {
		return Imported{}, err
	}
	return k.importing(ctx, p, "vehicle", func(ctx context.Context, t *store.SiteTx, now time.Time) ([]ingest.Act, Imported, error) {
		var keys []string
		for _, v := range listed {
			keys = append(keys, string(v.Plate))
		}
		have, err := newestOf[parking.BlockVersion](ctx, t, parking.KindBlock, keys)
		if err != nil {
			return nil, Imported{}, err
		}
		var out Imported
		var acts []ingest.Act
		for _, v := range listed {
			if sameListed(have[string(v.Plate)], v) {
				out.Same++
				continue
			}
			out.Written++
			v.From = parking.BusinessTime(now)
			acts = append(acts, ingest.Act{Kind: parking.KindBlock, Body: v})
		}
		return acts, out, bad.orNil()
	})
}

func readListed(file []byte, bad *BadFile) ([]*parking.BlockVersion, error) {
	t, err := readTable(file, listNeeded, listOptional, bad)
	if err != nil {
		return nil, err
	}
	var out []*parking.BlockVersion
	seen := map[parking.Plate]bool{}
	for _, r := range t.rows {
		l := Listed{Plate: r.cells["plate"], Note: r.cells["note"], Blocked: true}
		switch strings.ToLower(r.cells["blocked"]) {
		case "", "yes", "1", "true", "có":
		case "no", "0", "false", "không":
			l.Blocked = false
		default:
			bad.add(r.line, parking.Errorf(parking.Invalid, "The column blocked says yes or no."))
			continue
		}
		v, err := l.version()
		if err == nil && seen[v.Plate] {
			err = parking.Errorf(parking.Invalid, "The plate %s stands in the file twice.", v.Plate)
		}
		if err != nil {
			bad.add(r.line, err)
			continue
		}
		seen[v.Plate] = true
		out = append(out, v)
	}
	return out, nil
}

// newestOf reads what was written last of some keys.
func newestOf[T any](ctx context.Context, t *store.SiteTx, kind parking.Kind, keys []string) (map[string]*T, error) {
	rows, err := t.Q.NewestVersionsOf(ctx, cloudsql.NewestVersionsOfParams{SiteID: t.Site, Kind: string(kind), Keys: keys})
	if err != nil {
		return nil, fmt.Errorf("read what holds for a %s: %w", kind, err)
	}
	out := map[string]*T{}
	for _, r := range rows {
		body, err := store.Decode[T](r.Document)
		if err != nil {
			return nil, err
		}
		out[r.Key] = &body
	}
	return out, nil
}

// ImportPasses takes a list of passes: code, plates (with , ; or | between them),
// from, until, and if it likes places (1 if not said), class, zone, name, phone,
// note. A pass that is here already must say the same.
func (k *Keeper) ImportPasses(ctx context.Context, p auth.Principal, file []byte) (Imported, error) {
	bad := new(BadFile)
	t, err := readTable(file, passNeeded, passOptional, bad)
	if err != nil {
		return Imported{}, err
	}
	list, lines := readPasses(t, bad)
	return k.importing(ctx, p, "pass", func(ctx context.Context, t *store.SiteTx, now time.Time) ([]ingest.Act, Imported, error) {
		g, err := groundOf(ctx, t)
		if err != nil {
			return nil, Imported{}, err
		}
		var keys []string
		for _, in := range list {
			keys = append(keys, in.Code)
		}
		have, err := newestOf[parking.PassVersion](ctx, t, parking.KindPass, keys)
		if err != nil {
			return nil, Imported{}, err
		}
		var out Imported
		var acts []ingest.Act
		var holders []*Pass
		for i, in := range list {
			v, err := g.version(in, now)
			was := have[in.Code]
			switch {
			case err != nil:
				bad.add(lines[i], err)
			case was == nil:
				out.Written++
				acts = append(acts, ingest.Act{Kind: parking.KindPass, Body: v})
				if in.Holder != (Holder{}) {
					holders = append(holders, in)
				}
			case samePass(was, v):
				out.Same++
			default:
				bad.add(lines[i], parking.Errorf(parking.Conflict, "There is a pass %s already. Open it to change it, or choose another code.", v.Pass))
			}
		}
		if err := bad.orNil(); err != nil {
			return nil, Imported{}, err
		}
		for _, in := range holders {
			err := t.Q.PutPassHolder(ctx, cloudsql.PutPassHolderParams{
				TenantID: t.Tenant, SiteID: t.Site, Pass: in.Code, Name: in.Holder.Name, Phone: in.Holder.Phone, Note: in.Holder.Note,
			})
			if err != nil {
				return nil, Imported{}, fmt.Errorf("write whose a pass is: %w", err)
			}
		}
		return acts, out, nil
	})
}

func readPasses(t *table, bad *BadFile) (list []*Pass, lines []int) {
	seen := map[string]bool{}
	for _, r := range t.rows {
		in := &Pass{
			Code: r.cells["code"], Plates: SplitPlates(r.cells["plates"]), From: r.cells["from"], Until: r.cells["until"], Places: 1,
			Class: parking.Class(strings.ToLower(r.cells["class"])), Zone: r.cells["zone"],
			Holder: Holder{Name: r.cells["name"], Phone: r.cells["phone"], Note: r.cells["note"]},
		}
		var err error
		if text := r.cells["places"]; text != "" {
			if in.Places, err = strconv.Atoi(text); err != nil {
				err = parking.Errorf(parking.Invalid, "The number of places is written in digits.")
			}
		}
		if err == nil && seen[in.Code] {
			err = parking.Errorf(parking.Invalid, "Pass %s stands in the file twice.", in.Code)
		}
		if err != nil {
			bad.add(r.line, err)
			continue
		}
		seen[in.Code] = true
		list, lines = append(list, in), append(lines, r.line)
	}
	return list, lines
}

// SplitPlates takes plates apart that were typed one after the other, with
// commas, semicolons or line breaks between them. A space belongs to a plate.
func SplitPlates(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '\r' || r == '|' })
}

// Import takes a file of passes, cards or vehicles, as what says.
func (k *Keeper) Import(ctx context.Context, p auth.Principal, what string, file []byte) (Imported, error) {
	switch what {
	case "passes":
		return k.ImportPasses(ctx, p, file)
	case "cards":
		return k.ImportCards(ctx, p, file)
	case "vehicles":
		return k.ImportListed(ctx, p, file)
	}
	return Imported{}, parking.Errorf(parking.NotFound, "There are files of passes, cards and vehicles, not of %q.", shorten(what))
}
