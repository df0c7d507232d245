package composetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// instructions are the Dockerfile's lines without comments, continued lines
// joined.
func instructions(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(string(raw), "\\\n", " ")) {
		if line = strings.Join(strings.Fields(line), " "); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestTheImageRunsAsNobodySpecial(t *testing.T) {
	t.Parallel()
	lines := instructions(t)
	last := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "FROM gcr.io/distroless/static-debian12:nonroot") })
	if last < 0 {
		t.Fatal("the last stage is not distroless")
	}
	for _, want := range []string{
		"USER 65532:65532",
		`ENTRYPOINT ["/usr/local/bin/cloud"]`,
		`CMD ["serve"]`,
	} {
		if !slices.Contains(lines[last:], want) {
			t.Errorf("the last stage lacks %s", want)
		}
	}
	if !slices.ContainsFunc(lines[last:], func(l string) bool {
		return strings.HasPrefix(l, "HEALTHCHECK ") && strings.HasSuffix(l, `CMD ["/usr/local/bin/cloud", "health"]`)
	}) {
		t.Error("the last stage has no health check")
	}
}

func TestTheImageIsBuiltWithOurGo(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(mod)
	if version == nil {
		t.Fatal("go.mod names no version")
	}
	if want := "FROM golang:" + string(version[1]) + "-bookworm AS build"; instructions(t)[0] != want {
		t.Errorf("the Dockerfile starts with %q, want %q", instructions(t)[0], want)
	}
}

// The build sees what .dockerignore lets through; a package that the cloud
// imports and that is not among it would fail the build, which CI cannot try.
func TestTheBuildSeesEveryPackageOfTheCloud(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(root, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for line := range strings.Lines(string(raw)) {
		if folder, ok := strings.CutSuffix(strings.TrimSpace(line), "/**"); ok {
			seen = append(seen, strings.TrimPrefix(folder, "!"))
		}
	}
	list := exec.Command("go", "list", "-deps", "-f", "{{if .Module}}{{if .Module.Main}}{{.ImportPath}}{{end}}{{end}}", "./cmd/cloud")
	list.Dir = root
	list.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("list the cloud's packages: %v", err)
	}
	for _, path := range strings.Fields(string(out)) {
		folder := strings.TrimPrefix(path, "gatehouse/")
		if !slices.ContainsFunc(seen, func(s string) bool { return folder == s || strings.HasPrefix(folder, s+"/") }) {
			t.Errorf(".dockerignore hides %s from the build", path)
		}
	}
}
