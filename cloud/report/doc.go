// Package report draws what the books say: bar charts as SVG for pages and
// the daily cash-up as PDF. It is the only package that may use go-chart and
// gopdf. Both write with Liberation Sans, which has every Vietnamese letter.
package report
