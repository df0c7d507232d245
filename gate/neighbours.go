package gate

import (
	"context"

	"gatehouse/gate/lane"
	"gatehouse/gate/neighbour"
	"gatehouse/gate/store"
)

// openNeighbours opens the link between gates, where there is to be one.
func (n *Node) openNeighbours(ctx, running context.Context, id store.Identity) error {
	c := n.cfg
	if c.NeighbourListen == "" && len(c.Neighbours) == 0 && !c.Discover {
		return nil
	}
	devices := c.devices()
	if err := devices.Validate(); err != nil {
		return err
	}
	var err error
	n.others, err = neighbour.New(ctx, neighbour.Config{
		State: n.state, Identity: id, Version: c.Version, Listen: c.NeighbourListen, Peers: c.Neighbours, Discover: c.Discover, Devices: &devices,
		Timing: c.NeighbourTiming, Log: n.log, Dial: c.NeighbourDial, ListenOn: c.NeighbourListenOn,
	})
	if err != nil {
		return err
	}
	n.start("neighbours", running, n.others.Run)
	return nil
}

// NeighbourAddr is where neighbours reach this gate, "" for nowhere.
func (n *Node) NeighbourAddr() string {
	if n.others == nil {
		return ""
	}
	return n.others.Addr()
}

// neighbours tells the desk which other gates are heard.
func (n *Node) neighbours() []lane.Neighbour {
	list := n.others.List()
	out := make([]lane.Neighbour, 0, len(list))
	for _, o := range list {
		out = append(out, lane.Neighbour(o))
	}
	return out
}
