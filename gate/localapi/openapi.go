package localapi

import (
	_ "embed"
	"net/http"
)

// document describes this API: OpenAPI 3.1. Its tests hold it to the routes, to
// the types of requests and answers, and to what is really answered.
//
//go:embed openapi.json
var document []byte

func (a *api) openapi(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(document); err != nil {
		a.log.Debug("an answer was not taken", "error", err)
	}
}
