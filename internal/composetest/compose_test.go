package composetest

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

const root = "../.."

// load reads compose.yaml with the given variables and nothing of the
// machine's own environment.
func load(t *testing.T, env types.Mapping) (*types.Project, error) {
	t.Helper()
	file := filepath.Join(root, "compose.yaml")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  root,
		ConfigFiles: []types.ConfigFile{{Filename: file, Content: raw}},
		Environment: env,
	})
}

func passwords() types.Mapping {
	return types.Mapping{"PARK_POSTGRES_PASSWORD": "pgsecret", "PARK_REDIS_PASSWORD": "rdsecret"}
}

func mustLoad(t *testing.T, env types.Mapping) *types.Project {
	t.Helper()
	p, err := load(t, env)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestServices(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, passwords())
	names := slices.Sorted(maps.Keys(p.Services))
	if want := []string{"cloud", "migrate", "postgres", "redis"}; !slices.Equal(names, want) {
		t.Fatalf("services %v, want %v", names, want)
	}
	for name, s := range p.Services {
		if s.Restart == "" || s.Restart == "no" {
			t.Errorf("%s does not come back after a failure", name)
		}
		if name == "migrate" {
			continue // it ends
		}
		h := s.HealthCheck
		if h == nil || h.Disable || len(h.Test) < 2 || h.Interval == nil || h.Timeout == nil || h.Retries == nil {
			t.Errorf("%s has no whole health check: %+v", name, h)
		}
	}
	for dependency, condition := range map[string]string{
		"postgres": types.ServiceConditionHealthy,
		"migrate":  types.ServiceConditionCompletedSuccessfully,
		"redis":    types.ServiceConditionStarted,
	} {
		if got := p.Services["cloud"].DependsOn[dependency].Condition; got != condition {
			t.Errorf("the cloud waits for %s until %q, want %q", dependency, got, condition)
		}
	}
}

func TestTheCloudGetsItsServers(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"cloud", "migrate"} {
		s := mustLoad(t, passwords()).Services[name]
		for variable, want := range map[string]string{
			"PARK_DATABASE_URL": "postgres://gatehouse:pgsecret@postgres:5432/gatehouse?sslmode=disable",
			"PARK_REDIS_URL":    "redis://:rdsecret@redis:6379/0",
		} {
			if got := s.Environment[variable]; got == nil || *got != want {
				t.Errorf("%s gets %s = %v, want %s", name, variable, got, want)
			}
		}
		if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") {
			t.Errorf("%s may write to its image or keeps capabilities", name)
		}
	}
}

func TestPasswordsHaveNoDefault(t *testing.T) {
	t.Parallel()
	for missing := range passwords() {
		for _, env := range []types.Mapping{without(passwords(), missing), with(passwords(), missing, "")} {
			if _, err := load(t, env); err == nil || !strings.Contains(err.Error(), missing) {
				t.Errorf("without %s it says %v", missing, err)
			}
		}
	}
}

func TestOnlyTheCloudIsReachableAndOnlyFromThisMachine(t *testing.T) {
	t.Parallel()
	for port, env := range map[string]types.Mapping{
		"8080": passwords(),
		"9999": with(passwords(), "PARK_PORT", "9999"),
	} {
		p := mustLoad(t, env)
		for name, s := range p.Services {
			if name != "cloud" && len(s.Ports) > 0 {
				t.Errorf("%s publishes %v", name, s.Ports)
			}
			if _, out := s.Networks["outside"]; out != (name == "cloud") {
				t.Errorf("%s on the outer network: %v", name, out)
			}
		}
		ports := p.Services["cloud"].Ports
		if len(ports) != 1 || ports[0].Published != port || ports[0].HostIP != "127.0.0.1" || ports[0].Target != 8080 {
			t.Errorf("the cloud publishes %+v, want 127.0.0.1:%s", ports, port)
		}
		if !p.Networks["inside"].Internal {
			t.Error("the inner network reaches the outside")
		}
	}
}

func TestWhatMustLastIsOnVolumes(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, passwords())
	for service, path := range map[string]string{
		"postgres": "/var/lib/postgresql/data",
		"cloud":    "/var/lib/gatehouse/photos",
	} {
		i := slices.IndexFunc(p.Services[service].Volumes, func(v types.ServiceVolumeConfig) bool {
			return v.Target == path && v.Type == types.VolumeTypeVolume
		})
		if i < 0 {
			t.Errorf("%s keeps %s on no volume", service, path)
			continue
		}
		if _, ok := p.Volumes[p.Services[service].Volumes[i].Source]; !ok {
			t.Errorf("the volume of %s is not declared", service)
		}
	}
	if got := p.Services["cloud"].Environment["PARK_PHOTOS"]; got == nil || *got != "/var/lib/gatehouse/photos" {
		t.Errorf("the cloud keeps photos in %v, not on the volume", got)
	}
}

var pinned = regexp.MustCompile(`^[a-z0-9./-]+:\d+\.\d+[0-9a-z.-]*$`)

func TestImagesArePinned(t *testing.T) {
	t.Parallel()
	for name, s := range mustLoad(t, passwords()).Services {
		if s.Build != nil {
			if s.Build.Context == "" || s.Build.Dockerfile != "Dockerfile" {
				t.Errorf("%s is built from %q in %q", name, s.Build.Dockerfile, s.Build.Context)
			}
			continue
		}
		if !pinned.MatchString(s.Image) {
			t.Errorf("%s runs %s, which may be another one tomorrow", name, s.Image)
		}
	}
}

func with(m types.Mapping, key, value string) types.Mapping {
	m = maps.Clone(m)
	m[key] = value
	return m
}

func without(m types.Mapping, key string) types.Mapping {
	m = maps.Clone(m)
	delete(m, key)
	return m
}
