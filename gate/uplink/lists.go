package uplink

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
)

// keepLists fetches what the cloud has written of passes, cards and the block
// list and this gate does not have, page by page. Facts go up before it.
func (u *Uplink) keepLists(ctx context.Context) {
	changed, cancel := u.state.Changed()
	defer cancel()
	for ctx.Err() == nil {
		for u.connected() && u.state.Waiting() == 0 && ctx.Err() == nil {
			after, behind := u.state.ListsBehind()
			if !behind {
				break
			}
			if err := u.fetchLists(ctx, after); err != nil {
				u.log.Debug("the lists could not be fetched", "err", err)
				pause(ctx, u.timing.PhotoLook) // however much changes here
			}
		}
		pauseOr(ctx, u.timing.PhotoLook, changed)
	}
}

func (u *Uplink) fetchLists(ctx context.Context, after wire.ListMark) error {
	timed, cancel := context.WithTimeout(ctx, u.timing.Answer)
	defer cancel()
	var page wire.Lists
	path := pathLists + "?after=" + url.QueryEscape(after.String())
	if err := u.ask(timed, call{method: http.MethodGet, path: path}, &page); err != nil {
		return fmt.Errorf("fetch the lists: %w", err)
	}
	if page.Incarnation == uuid.Nil {
		return loginPage(http.StatusOK)
	}
	return u.state.ApplyLists(ctx, after, page)
}
