package passes

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"gatehouse/parking"
)

// FuzzFile reads files as the import of cards, of a block list and of passes
// does. Whatever it is, it is refused in a sentence or understood, within the
// bounds; what is understood is what facts may hold.
func FuzzFile(f *testing.F) {
	for _, text := range []string{
		"number,state\n0001,stock\n0002,\n", "\ufeffNumber;State\r\n0001;lost\r\n", "plate,note,blocked\n30A-123.45,nợ,yes\n51F1,x,không\n",
		"code,plates,from,until,places,class,zone,name,phone,note\nA,30A1|30A2,2026-11-01,2026-11-30,2,car,N,Bà Tư,090,ghi chú\n",
		"number\n\"un\nclosed", "number\n\"a\"b\n", "number,number\n1,2\n", "number\n1,2,3\n", "", "\n", ";;;\n", "number\n" + strings.Repeat("x", 70) + "\n",
		"number\n\x00\n", "number\n\xff\n", "plate,note\n" + strings.Repeat("30A12345,x\n", 3), "number\n" + strings.Repeat("1\n", 40),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		told := func(err error, bad *BadFile) {
			switch parking.ErrorCode(err) {
			case "", parking.Invalid, parking.TooLarge:
			default:
				t.Fatalf("refused with %v", err)
			}
			for _, r := range bad.Rows {
				if r.Line < 1 || r.Line > bytes.Count(file, []byte("\n"))+1 || r.Why == "" || !utf8.ValidString(r.Why) {
					t.Fatalf("told of %+v", r)
				}
			}
			if len(bad.Rows) > maxBadRows {
				t.Fatal("more bad rows than are told")
			}
		}
		bad := new(BadFile)
		states, order, lines, err := readCards(file, bad)
		told(err, bad)
		if len(order) > MaxRows || len(lines) != len(order) || len(states) != len(order) {
			t.Fatal("cards are counted wrongly")
		}
		for _, number := range order {
			body := &parking.TokenVersion{Token: number, Type: typeCard, State: states[number]}
			if len(number) > 64 || strings.ContainsFunc(number, func(r rune) bool { return r <= ' ' || r > '~' }) || body.State == "" {
				t.Fatalf("taken: %+v", body)
			}
		}
		bad = new(BadFile)
		listed, err := readListed(file, bad)
		told(err, bad)
		for _, v := range listed {
			if v.Plate == "" || len(v.Plate) > 64 || v.Blocked && v.Note == "" || len(v.Note) > 4*maxNote {
				t.Fatalf("taken: %+v", v)
			}
		}
		bad = new(BadFile)
		if table, err := readTable(file, passNeeded, passOptional, bad); err == nil {
			list, at := readPasses(table, bad)
			if len(list) != len(at) {
				t.Fatal("passes are counted wrongly")
			}
			for _, p := range list {
				_, _ = plates(p.Plates)
				if err := p.Holder.check(); err != nil && parking.ErrorCode(err) != parking.Invalid {
					t.Fatal(err)
				}
			}
		} else {
			told(err, bad)
		}
	})
}

// A file that is too long, or has too many rows, is refused whole.
func TestBoundsOfAFile(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"bytes": "number\n" + strings.Repeat("0", MaxFile),
		"rows":  "number\n" + strings.Repeat("1\n", MaxRows+1),
	} {
		_, _, _, err := readCards([]byte(file), new(BadFile))
		if parking.ErrorCode(err) != parking.TooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := new(BadFile)
	if _, _, _, err := readCards([]byte("number\n"+strings.Repeat("1\n", MaxRows)), bad); err != nil || len(bad.Rows) != maxBadRows || bad.More != MaxRows-1-maxBadRows {
		t.Errorf("%d bad rows and %d more, %v", len(bad.Rows), bad.More, err)
	}
	var told *BadFile
	if err := bad.orNil(); !errors.As(err, &told) || parking.ErrorCode(err) != parking.Invalid {
		t.Errorf("refused with %v", err)
	}
}
