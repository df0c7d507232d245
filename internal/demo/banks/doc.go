// Package banks is the simulated banks of a demonstration: it tells a cloud of
// transfers as SePay, Casso and payOS do, signed over what they sign and told
// again until the cloud has taken it. It sees the cloud from outside only, and
// shares no code with the side that checks (docs/BANK.md).
package banks
