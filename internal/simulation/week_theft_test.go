package simulation

type theft struct{}

func (k *week) planTheft() {}

func (k *week) paysEarly(v *visit) { k.leaves(v) }
