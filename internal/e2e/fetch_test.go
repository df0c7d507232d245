package e2e

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
)

// download signs in as the administrator without a browser and gets a file.
func download(t *testing.T, r *rig, path string) []byte {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	admin := r.people["admin"]
	signedIn, err := client.PostForm(r.url()+"/login", url.Values{"site": {"demo"}, "name": {admin.Name}, "password": {admin.Password}})
	if err != nil {
		t.Fatal(err)
	}
	if err := signedIn.Body.Close(); err != nil {
		t.Fatal(err)
	}
	res, err := client.Get(r.url() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %s: %v %.200s", path, res.Status, err, b)
	}
	return b
}
