package localapi_test

import (
	"image/jpeg"
	"mime"
	"mime/multipart"
	"net/http"
	"testing"
)

func TestPreviewStreamsPictures(t *testing.T) {
	t.Parallel()
	c := serve(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.server.URL+"/v1/lanes/1/preview", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := c.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	kind, options, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/x-mixed-replace" {
		t.Fatalf("%q, %v", kind, err)
	}
	parts := multipart.NewReader(response.Body, options["boundary"])
	for range 3 {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jpeg.Decode(part); err != nil {
			t.Fatal(err)
		}
	}
	if status, _ := c.send("GET", "/v1/lanes/9/preview", "", nil); status != http.StatusNotFound {
		t.Errorf("the preview of no lane: %d", status)
	}
}
