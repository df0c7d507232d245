package termshot

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	screen := "a\x1b[1;31mB\x1b[m \x1b[38;2;1;2;3;48;5;232m▀\x1b[0m\n" +
		"\x1b[7mnữ\x1b[27m\x1b[38:2::9:8:7mx\x1b[39m\x1b]0;title\x07漢\x1b[2J!\n\n"
	rows := parse(screen)
	if len(rows) != 2 {
		t.Fatalf("%d rows, want 2: the empty last line goes", len(rows))
	}
	want := [][]cell{
		{
			{text: "a"},
			{text: "B", style: style{fg: "#FF7B72", bold: true}},
			{text: " "},
			{text: "▀", style: style{fg: "#010203", bg: "#080808"}},
		},
		{
			{text: "n", style: style{reverse: true}},
			{text: "ữ", style: style{reverse: true}},
			{text: "x", style: style{fg: "#090807"}},
			{text: "漢", wide: true},
			{},
			{text: "!"},
		},
	}
	for y := range want {
		if len(rows[y]) != len(want[y]) {
			t.Fatalf("row %d has %d cells, want %d: %+v", y, len(rows[y]), len(want[y]), rows[y])
		}
		for x := range want[y] {
			if rows[y][x] != want[y][x] {
				t.Errorf("cell %d,%d is %+v, want %+v", x, y, rows[y][x], want[y][x])
			}
		}
	}
}

func TestIndexedColours(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{16: "#000000", 231: "#FFFFFF", 196: "#FF0000", 21: "#0000FF", 255: "#EEEEEE", 1: "#FF7B72"} {
		if got := indexed(n); got != want {
			t.Errorf("colour %d is %s, want %s", n, got, want)
		}
	}
}

func TestSVGIsWellFormed(t *testing.T) {
	t.Parallel()
	for _, screen := range []string{
		"", "plain", "\x1b[1m<b> & \"q\"\x1b[0m", "\x1b[38;5m\x1b[48;2;1m▀▄█■□\n\x1b[999;;m?", "\x1b[", "\x1b[31", "\xff\xfe\n",
	} {
		svg := SVG(screen, Options{Title: "<console>"})
		dec := xml.NewDecoder(strings.NewReader(svg))
		for {
			_, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("screen %q: %v in\n%s", screen, err, svg)
			}
		}
	}
}

func TestSVGShowsTextAndBlocks(t *testing.T) {
	t.Parallel()
	svg := SVG("CỔNG \x1b[38;2;43;196;154m▀\x1b[m", Options{})
	for _, want := range []string{">CỔNG </text>", `fill="#2BC49A"`, `width="78" height="42"`} {
		if !strings.Contains(svg, want) {
			t.Errorf("%s is missing in\n%s", want, svg)
		}
	}
}

func FuzzSVG(f *testing.F) {
	f.Add("\x1b[1;38;5;200mHello\x1b[0m\nxin chào")
	f.Fuzz(func(t *testing.T, screen string) {
		for _, row := range parse(screen) {
			for _, c := range row {
				if strings.Contains(c.text, "\n") {
					t.Fatalf("a cell holds a line end: %q", c.text)
				}
			}
		}
		if svg := SVG(screen, Options{}); !strings.HasSuffix(svg, "</svg>\n") {
			t.Fatal("the picture has no end")
		}
	})
}
