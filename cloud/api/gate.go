package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"gatehouse/cloud/feed"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/photos"
	"gatehouse/cloud/slots"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func (a *API) facts(w http.ResponseWriter, r *http.Request) error {
	if err := contentType(r, "application/json"); err != nil {
		return err
	}
	raw, err := unpacked(w, r, wire.MaxBatchBytes)
	if err != nil {
		return err
	}
	p := caller(r)
	out, err := a.Ingest.Ingest(r.Context(), ingest.Source{Site: p.Site, Gate: p.Gate}, raw, a.Now())
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, out)
}

// FeedAnswer is a page of the feed, for gates that have no WebSocket.
type FeedAnswer struct {
	FeedSeq int64             `json:"feed_seq"` // the head
	Deltas  []json.RawMessage `json:"deltas"`   // wire.Delta
}

const feedPage = 200

func (a *API) feed(w http.ResponseWriter, r *http.Request) error {
	after, err := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	if err != nil || after < 0 {
		return parking.Errorf(parking.Invalid, "Say with ?after=N after which feed number to go on.")
	}
	site := caller(r).Site
	head, err := a.Store.Q.FeedHead(r.Context(), site)
	if err != nil {
		return fmt.Errorf("read the feed's head: %w", err)
	}
	if after < head.Trimmed {
		return parking.Errorf(parking.NotFound, "The feed is kept only after %d. Fetch a snapshot.", head.Trimmed)
	}
	rows, err := a.Store.Q.FeedAfter(r.Context(), cloudsql.FeedAfterParams{SiteID: site, After: after, MaxRows: feedPage})
	if err != nil {
		return fmt.Errorf("read the feed: %w", err)
	}
	if len(rows) > 0 && rows[0].FeedSeq != after+1 { // trimmed since
		return parking.Errorf(parking.NotFound, "The feed is not kept as far back as %d. Fetch a snapshot.", after)
	}
	out := FeedAnswer{FeedSeq: head.FeedSeq, Deltas: make([]json.RawMessage, 0, len(rows))}
	for _, row := range rows {
		out.Deltas = append(out.Deltas, row.Body)
	}
	return answer(w, http.StatusOK, out)
}

func (a *API) snapshot(w http.ResponseWriter, r *http.Request) error {
	p := caller(r)
	snap, err := a.Store.Snapshot(r.Context(), p.Site, p.Gate, a.Now())
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, snap)
}

func (a *API) socket(w http.ResponseWriter, r *http.Request) error {
	p := caller(r)
	// The server's deadlines are for requests; the hub watches over sockets.
	rc := http.NewResponseController(w)
	if err := rc.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("lift the read deadline: %w", err)
	}
	if err := rc.SetWriteDeadline(time.Time{}); err != nil {
		return fmt.Errorf("lift the write deadline: %w", err)
	}
	a.Feed.Serve(w, r, feed.Peer{Site: p.Site, Gate: p.Gate, Expires: p.Expires})
	return nil
}

func asker(r *http.Request) slots.Asker {
	p := caller(r)
	return slots.Asker{Site: p.Site, Gate: p.Gate}
}

func (a *API) reserve(w http.ResponseWriter, r *http.Request) error {
	req, err := read[wire.ReserveRequest](w, r)
	if err != nil {
		return err
	}
	out, err := a.Slots.Reserve(r.Context(), asker(r), req.Slot)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, out)
}

func (a *API) renew(w http.ResponseWriter, r *http.Request) error {
	req, err := read[wire.ReserveRequest](w, r)
	if err != nil {
		return err
	}
	out, err := a.Slots.Renew(r.Context(), asker(r), req.Slot, req.Token)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, out)
}

func (a *API) release(w http.ResponseWriter, r *http.Request) error {
	req, err := read[wire.ReserveRequest](w, r)
	if err != nil {
		return err
	}
	if err := a.Slots.Release(r.Context(), asker(r), req.Slot, req.Token); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) slots(w http.ResponseWriter, r *http.Request) error {
	out, err := store.Slots(r.Context(), a.Store.Q, caller(r).Site)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, map[string]any{"slots": out})
}

func (a *API) photoPut(w http.ResponseWriter, r *http.Request) error {
	if err := contentType(r, "image/jpeg"); err != nil {
		return err
	}
	body, err := bounded(w, r, wire.MaxPhotoBytes)
	if err != nil {
		return err
	}
	p := caller(r)
	photo := photos.Photo{Tenant: p.Tenant, Site: p.Site, Gate: p.Gate, SHA256: chi.URLParam(r, "sha256"), JPEG: body}
	if header := r.Header.Get("Content-Range"); header != "" {
		var piece photos.Range
		if piece, err = photos.ParseRange(header); err == nil {
			err = a.Photos.SavePiece(r.Context(), photo, piece)
		}
	} else {
		err = a.Photos.Save(r.Context(), photo)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) photoGet(w http.ResponseWriter, r *http.Request) error {
	f, err := a.Photos.Open(caller(r).Site, chi.URLParam(r, "sha256"))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("measure a photo: %w", err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read a photo: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("Cache-Control", "private, max-age=31536000, immutable") // named by its content
	_, _ = io.Copy(w, f)                                           // a caller that is gone cannot be told anything
	return nil
}
