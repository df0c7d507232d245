package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"gatehouse/internal/look"
)

// svgNamespace is repeated by the encoder on every element if it is left in.
const svgNamespace = "http://www.w3.org/2000/svg"

// restyle copies a drawing of go-chart with its inline styles turned into
// presentation attributes and classes, and with a title.
func restyle(w io.Writer, drawn io.Reader, title string) error {
	in, out := xml.NewDecoder(drawn), xml.NewEncoder(w)
	first := true
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("the drawing is not well-formed: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			t.Attr = restyled(t.Attr)
			t.Name.Space = ""
			if first {
				t.Attr = append([]xml.Attr{attr("xmlns", svgNamespace), attr("role", "img"), attr("class", "chart")}, t.Attr...)
			}
			token = t
		case xml.EndElement:
			t.Name.Space = ""
			token = t
		}
		if err := out.EncodeToken(token); err != nil {
			return fmt.Errorf("write the drawing: %w", err)
		}
		if first {
			first = false
			if err := out.EncodeElement(title, xml.StartElement{Name: xml.Name{Local: "title"}}); err != nil {
				return fmt.Errorf("write the drawing's title: %w", err)
			}
		}
	}
	return out.Flush()
}

func attr(name, value string) xml.Attr { return xml.Attr{Name: xml.Name{Local: name}, Value: value} }

func restyled(attrs []xml.Attr) []xml.Attr {
	var out []xml.Attr
	var classes []string
	for _, a := range attrs {
		switch {
		case a.Name.Local == "xmlns" || a.Name.Space == "xmlns":
		case a.Name.Local != "style":
			out = append(out, a)
		default:
			for piece := range strings.SplitSeq(a.Value, ";") {
				name, value, _ := strings.Cut(piece, ":")
				if name == "font-family" {
					continue // the page's own
				}
				hex, role := named(value)
				if role != "" {
					classes = append(classes, name+"-"+string(role))
				}
				out = append(out, attr(name, hex))
			}
		}
	}
	if len(classes) > 0 {
		out = append(out, attr("class", strings.Join(classes, " ")))
	}
	return out
}

// named turns "rgba(0,94,168,1.0)" into "#005EA8" and the role that has it; a
// colour that cannot be seen becomes "none", anything else stays as it is.
func named(value string) (string, look.Role) {
	var r, g, b uint8
	var alpha float64
	if n, err := fmt.Sscanf(value, "rgba(%d,%d,%d,%f)", &r, &g, &b, &alpha); n != 4 || err != nil {
		return value, ""
	}
	if alpha == 0 {
		return "none", ""
	}
	hex := fmt.Sprintf("#%02X%02X%02X", r, g, b)
	for _, s := range look.All() {
		if s.Light == hex {
			return hex, s.Role
		}
	}
	return hex, ""
}
