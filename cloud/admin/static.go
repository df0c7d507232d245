package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"gatehouse/web"
)

// static serves the embedded files. Their addresses carry the hash of what is
// in them, so that browsers may keep them for ever.
type static struct {
	files map[string]file
}

type file struct {
	content []byte
	kind    string
	hash    string
}

// kinds are the content types of what is served; the rest of the folder
// (licences, notes) is not.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml", ".webmanifest": "application/manifest+json",
}

func newStatic() (*static, error) {
	s := &static{files: map[string]file{}}
	err := fs.WalkDir(web.Static, "static", func(name string, d fs.DirEntry, err error) error {
		kind, served := kinds[path.Ext(name)]
		if err != nil || d.IsDir() || !served {
			return err
		}
		content, err := web.Static.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		s.files[strings.TrimPrefix(name, "static/")] = file{content: content, kind: kind, hash: hex.EncodeToString(sum[:6])}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read static files: %w", err)
	}
	return s, nil
}

// url is the address of a file.
func (s *static) url(name string) string { return "/static/" + name + "?v=" + s.files[name].hash }

func (s *static) serve(w http.ResponseWriter, r *http.Request) {
	f, ok := s.files[strings.TrimPrefix(r.URL.Path, "/static/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", `"`+f.hash+`"`)
	if r.URL.Query().Get("v") == f.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if r.Header.Get("If-None-Match") == `"`+f.hash+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	// A browser that is gone cannot be told anything.
	_, _ = w.Write(f.content)
}

// download names a file that the browser shall keep rather than show.
func download(w http.ResponseWriter, kind, disposition, name string) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": name}))
	h.Set("Cache-Control", "private, no-store")
}
