package vision

import "regexp"

// secrets are what a URL may hold of them: user and password before @, and values
// of the query that are named like one.
var secrets = []struct {
	found *regexp.Regexp
	put   string
}{
	{regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://)[^/?#\s]*@`), "${1}…@"},
	{regexp.MustCompile(`(?i)([?&](?:[a-z_-]*pass[a-z_-]*|pwd|pw|psw|[a-z_-]*token|[a-z_-]*key|auth|secret|user|usr|username|login)=)[^&#\s]*`), "${1}…"},
}

// Redacted is a text, such as a camera's spec or what a native library prints, in
// which every user and password of a URL is blotted out. What is logged or shown
// of a camera goes through it.
func Redacted(text string) string {
	for _, s := range secrets {
		text = s.found.ReplaceAllString(text, s.put)
	}
	return text
}
