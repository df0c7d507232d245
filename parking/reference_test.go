package parking_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gatehouse/parking"
)

// A hundred gates start a hundred times each, and ask for a hundred payments.
func TestReferencesAreUnique(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool, 1_000_000)
	for gate := range 100 {
		for epoch := range 100 {
			name := parking.NewEpoch(epoch+1, [8]byte{byte(gate), byte(epoch)})
			for counter := range uint64(100) {
				ref := parking.NewReference(fmt.Sprint("G", gate), string(name), counter)
				if seen[ref] {
					t.Fatalf("%s was given twice", ref)
				}
				seen[ref] = true
			}
		}
	}
}

// A disk restored from last night counts again, in another epoch.
func TestReferenceAfterRestoredDisk(t *testing.T) {
	t.Parallel()
	before := parking.NewReference("N", string(parking.NewEpoch(17, [8]byte{1})), 42)
	after := parking.NewReference("N", string(parking.NewEpoch(17, [8]byte{2})), 42)
	if before == after || len(before) != parking.ReferenceLength {
		t.Errorf("%s and %s", before, after)
	}
}

func genReference(t *rapid.T) string {
	return parking.NewReference(rapid.StringN(1, 8, 32).Draw(t, "gate"), rapid.StringN(1, 24, 64).Draw(t, "epoch"), rapid.Uint64().Draw(t, "counter"))
}

// Any reference is readable, and any one wrong letter in it is seen.
func TestReferenceCheckLetter(t *testing.T) {
	t.Parallel()
	const letters = "23456789ACDEFGHJKMNPQRTUVWXY"
	rapid.Check(t, func(t *rapid.T) {
		ref := genReference(t)
		if len(ref) != 10 || strings.Trim(ref, letters) != "" || !parking.ValidReference(ref) {
			t.Fatalf("made %s", ref)
		}
		i := rapid.IntRange(0, 9).Draw(t, "place")
		wrong := rapid.SampledFrom([]byte(letters)).Draw(t, "letter")
		if wrong != ref[i] && parking.ValidReference(ref[:i]+string(wrong)+ref[i+1:]) {
			t.Fatalf("%s with %c at %d passes", ref, wrong, i)
		}
	})
}

// Whatever banks do to the text around it, the reference is found.
func TestFindReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ref := genReference(t)
		for _, text := range []string{
			ref,
			"MBVCB.3278907687.010203." + ref + ".CT tu 0123456789 NGUYEN VAN A toi 9876543210",
			"GUIXE" + ref + "FT21234567890",
			strings.ToLower(ref) + " gửi xe",
			"gui xe " + ref[:4] + "\r\n" + ref[4:] + "-Ma GD 1",
		} {
			if found := parking.FindReference(text); !slices.Contains(found, ref) {
				t.Fatalf("%s not found in %q: %v", ref, text, found)
			}
		}
		if found := parking.FindReference("chuyen tien " + ref + " cam on"); found[0] != ref {
			t.Fatalf("%s is a word of its own, and yet after %v", ref, found)
		}
	})
	if found := parking.FindReference(strings.Repeat("gửi xe tháng ", 10_000)); len(found) > 0 {
		t.Errorf("found %v where letters are left out", found)
	}
}

func FuzzFindReference(f *testing.F) {
	f.Add("MBVCB.1." + parking.NewReference("N", "e", 7) + ".CT tu")
	f.Fuzz(func(t *testing.T, text string) {
		for _, ref := range parking.FindReference(text) {
			if !parking.ValidReference(ref) {
				t.Fatalf("%q is no reference", ref)
			}
		}
	})
}
