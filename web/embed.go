// Package web holds the templates and static files of the admin site, embedded
// so that the cloud is one program.
package web

import "embed"

var (
	// Templates are layouts, pages and partials for html/template.
	//
	//go:embed templates
	Templates embed.FS

	// Static are the files served below /static/.
	//
	//go:embed static
	Static embed.FS
)
