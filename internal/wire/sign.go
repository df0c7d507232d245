package wire

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// Text is what the gate signs: every line names something that must not be
// exchanged for something else.
func (b *Batch) Text() []byte {
	var t bytes.Buffer
	fmt.Fprintf(&t, "gatehouse batch 1\n%s\n%s\n%s\n%s\n%d\n", b.ID, b.Site, b.Gate, b.Epoch, b.FirstSeq)
	for _, it := range b.Items {
		fmt.Fprintf(&t, "%s %d %x\n", it.ID, it.Length, it.SHA256)
	}
	return t.Bytes()
}

// Sign puts the gate's signature on the batch.
func (b *Batch) Sign(key ed25519.PrivateKey) { b.Signature = ed25519.Sign(key, b.Text()) }

// Verify checks form, hashes and signature. An error means that the batch was
// damaged or forged on the way and must be sent again; it says nothing about
// whether the facts in it can be decoded.
func (b *Batch) Verify(key ed25519.PublicKey) error {
	if err := b.check(); err != nil {
		return err
	}
	if !ed25519.Verify(key, b.Text(), b.Signature) {
		return parking.Errorf(parking.Forbidden, "The batch is not signed by gate %s.", b.Gate)
	}
	return nil
}

// SignedBy is Verify with the keys of the batch's gate: the one that signed it.
func (b *Batch) SignedBy(keys []GateKey) (GateKey, error) {
	if err := b.check(); err != nil {
		return GateKey{}, err
	}
	text := b.Text()
	for _, k := range keys {
		if len(k.PublicKey) == ed25519.PublicKeySize && ed25519.Verify(k.PublicKey, text, b.Signature) {
			return k, nil
		}
	}
	return GateKey{}, parking.Errorf(parking.Forbidden, "The batch is not signed by gate %s.", b.Gate)
}

func (b *Batch) check() error {
	switch {
	case b.ID == uuid.Nil:
		return parking.Errorf(parking.Invalid, "The batch has no id.")
	case len(b.Items) == 0:
		return parking.Errorf(parking.Invalid, "The batch is empty.")
	case len(b.Items) > MaxBatchFacts:
		return parking.Errorf(parking.TooLarge, "The batch holds %d facts; at most %d are taken at once.", len(b.Items), MaxBatchFacts)
	case b.FirstSeq < 1:
		return parking.Errorf(parking.Invalid, "The batch's first seq must be at least 1.")
	case !b.Epoch.Valid():
		return parking.Errorf(parking.Invalid, "The batch names no epoch.")
	}
	for i, it := range b.Items {
		sum := sha256.Sum256(it.Encoded)
		if len(it.Encoded) != it.Length || !bytes.Equal(sum[:], it.SHA256) {
			return parking.Errorf(parking.Invalid, "Item %d of the batch was damaged on the way.", i)
		}
	}
	return nil
}

// NewItem wraps an encoded fact.
func NewItem(id uuid.UUID, encoded []byte) Item {
	sum := sha256.Sum256(encoded)
	return Item{ID: id, Length: len(encoded), SHA256: sum[:], Encoded: encoded}
}

// ChallengeText is what a gate signs to get a token.
func ChallengeText(site uuid.UUID, gate string, challenge []byte) []byte {
	return []byte(strings.Join([]string{"gatehouse challenge 1", site.String(), gate, fmt.Sprintf("%x", challenge)}, "\n"))
}
