package ingest

import (
	"context"
	"fmt"
	"slices"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// turn sets the direction of the lanes of gates whose lanes were turned, by
// the newest lane_changed of each, and tells the site's new configuration when
// one changed.
func (p *projection) turn(ctx context.Context, n *news) error {
	changed := int64(0)
	for _, gate := range keys(n.lanes) {
		rows, err := p.q.LaneChanges(ctx, cloudsql.LaneChangesParams{SiteID: p.t.Site, Gate: gate})
		if err != nil {
			return fmt.Errorf("read the changes of lanes: %w", err)
		}
		told, err := p.read(ctx, rows)
		if err != nil {
			return err
		}
		slices.SortFunc(told, func(a, b parking.Told) int { return a.Compare(b.Fact) })
		newest := map[string]parking.Direction{}
		for _, f := range told {
			if b, ok := f.Says.(*parking.LaneChanged); ok {
				newest[b.Lane] = b.Direction
			}
		}
		for lane, direction := range newest {
			rows, err := p.q.SetLaneDirection(ctx, cloudsql.SetLaneDirectionParams{
				SiteID: p.t.Site, GateCode: gate, Code: lane, Direction: string(direction),
			})
			if err != nil {
				return fmt.Errorf("turn a lane: %w", err)
			}
			changed += rows
		}
	}
	if changed == 0 {
		return nil
	}
	config, err := store.SiteConfig(ctx, p.q, p.t.Site)
	p.changed.config = config
	return err
}
