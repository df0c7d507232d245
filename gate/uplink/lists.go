package uplink

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
)

// listsWait is how long a fetch of the lists lets facts go first, before it looks
// again.
const listsWait = 200 * time.Millisecond

// keepLists fetches what the cloud has written of passes, cards and the block
// list and this gate does not have, page by page. Facts go up before it.
func (u *Uplink) keepLists(ctx context.Context) {
	changed, cancel := u.state.Changed()
	defer cancel()
	for ctx.Err() == nil {
		for u.connected() && ctx.Err() == nil {
			after, behind := u.state.ListsBehind()
			if !behind {
				break
			}
			if u.state.Waiting() > 0 {
				pause(ctx, listsWait)
				continue
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
