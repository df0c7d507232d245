package bookstest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Gate is a gate of a Site whose facts go in by the door, signed and judged,
// and are not folded by the test.
type Gate struct {
	t       testing.TB
	site    *Site
	code    string
	key     ed25519.PrivateKey
	batch   wire.Batch
	ordinal int // of its epoch
}

// Gate enrols one of the ground's gates and marks it as heard of.
func (s *Site) Gate(code string, seen time.Time) *Gate {
	s.t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Exec(`UPDATE gates SET public_key = $3, enrolled_at = created_at, seen_at = $4 WHERE site_id = $1 AND code = $2`, s.ID, code, []byte(public), seen)
	s.Exec(`INSERT INTO gate_keys (tenant_id, site_id, gate, public_key, since)
		SELECT tenant_id, site_id, code, public_key, enrolled_at FROM gates WHERE site_id = $1 AND code = $2`, s.ID, code)
	return &Gate{t: s.t, site: s, code: code, key: key, ordinal: 1, batch: wire.Batch{
		ID: uuid.New(), Site: s.ID, Gate: code, Epoch: parking.NewEpoch(1, [8]byte{7}), FirstSeq: 1,
	}}
}

// Fact makes the gate's next fact.
func (g *Gate) Fact(kind parking.Kind, at time.Time, actor string, body any) {
	g.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		g.t.Fatal(err)
	}
	f := parking.Fact{
		ID: uuid.Must(uuid.NewV7()), Site: g.site.ID, Gate: g.code, Epoch: g.batch.Epoch, Seq: int64(len(g.batch.Items)) + 1, Kind: kind,
		At: parking.BusinessTime(at), Clock: parking.ClockSynced, Boot: "boot", Actor: actor, V: parking.FactVersion, Body: text,
	}
	raw, err := f.Encode()
	if err != nil {
		g.t.Fatal(err)
	}
	g.batch.Items = append(g.batch.Items, wire.NewItem(f.ID, raw))
}

// Raw makes an item of any bytes.
func (g *Gate) Raw(raw []byte) {
	g.batch.Items = append(g.batch.Items, wire.NewItem(uuid.Must(uuid.NewV7()), raw))
}

// Batch is everything that was made, signed.
func (g *Gate) Batch() []byte {
	g.t.Helper()
	g.batch.Sign(g.key)
	raw, err := json.Marshal(&g.batch)
	if err != nil {
		g.t.Fatal(err)
	}
	return raw
}

// Next is the gate after a start: a new epoch of the same key, whose first fact
// names the last epoch and how far that had come, or had come in the copy of the
// database that was put back.
func (g *Gate) Next(at time.Time, prevSeq int64) *Gate {
	g.t.Helper()
	ordinal := g.ordinal + 1
	next := &Gate{t: g.t, site: g.site, code: g.code, key: g.key, ordinal: ordinal, batch: wire.Batch{
		ID: uuid.New(), Site: g.site.ID, Gate: g.code, Epoch: parking.NewEpoch(ordinal, [8]byte{7}), FirstSeq: 1,
	}}
	next.Fact(parking.KindStarted, at, "", parking.Started{PrevEpoch: g.batch.Epoch, PrevSeq: prevSeq, Version: "test", Machine: "m"})
	return next
}

// Seq is the number of the last fact that was made.
func (g *Gate) Seq() int64 { return int64(len(g.batch.Items)) }

// Code is the gate's code.
func (g *Gate) Code() string { return g.code }

// Batches is everything that was made, signed, in pieces that are taken at once.
func (g *Gate) Batches() [][]byte {
	g.t.Helper()
	var out [][]byte
	first := g.batch.FirstSeq
	for items := range slices.Chunk(g.batch.Items, 200) {
		b := g.batch
		b.ID, b.FirstSeq, b.Items = uuid.New(), first, items
		first += int64(len(items))
		b.Sign(g.key)
		raw, err := json.Marshal(&b)
		if err != nil {
			g.t.Fatal(err)
		}
		out = append(out, raw)
	}
	return out
}
