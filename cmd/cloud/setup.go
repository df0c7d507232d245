package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/seed"
	"gatehouse/cloud/store"
	"gatehouse/parking"
)

type migrateCommand struct{ databaseFlags }

// Run brings the schema up to date.
func (c *migrateCommand) Run(ctx context.Context) error {
	url, err := c.url()
	if err != nil {
		return err
	}
	return store.Migrate(ctx, url)
}

// withAuth opens the database for one command.
func (d *databaseFlags) withAuth(ctx context.Context, do func(*store.Store, *auth.Service) error) error {
	url, err := d.url()
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer s.Close()
	return do(s, auth.New(auth.Config{Store: s, Now: time.Now, Log: slog.New(slog.DiscardHandler)}))
}

func printJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

type seedCommand struct {
	databaseFlags
	JSON  bool `name:"json" help:"Print JSON."`
	Gates int  `help:"How many gates, each with fifteen slots." default:"4"`
}

// Run seeds and prints the passwords, this once.
func (c *seedCommand) Run(ctx context.Context, out io.Writer) error {
	return c.withAuth(ctx, func(s *store.Store, a *auth.Service) error {
		r, err := seed.WithGates(ctx, s, a, time.Now(), c.Gates)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(out, r)
		}
		_, err = io.WriteString(out, seedText(&r))
		return err
	})
}

func seedText(r *seed.Result) string {
	if r.Already {
		return fmt.Sprintf("The site %q (%s) is there already; nothing was changed.\n", r.Code, r.Name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "The site %q (%s) is made. These passwords are shown only now:\n", r.Code, r.Name)
	for _, m := range r.Users {
		fmt.Fprintf(&b, "  %-6s %-26s %-6s %s\n", m.Name, m.Password, m.Role, m.Display)
	}
	return b.String()
}

// siteFlags name the site of a command.
type siteFlags struct {
	databaseFlags
	Site string `help:"Code of the site." default:"demo" env:"PARK_SITE"`
}

func (f *siteFlags) as(ctx context.Context, do func(*store.Store, *auth.Service, auth.Principal) error) error {
	return f.withAuth(ctx, func(s *store.Store, a *auth.Service) error {
		operator, err := a.Operator(ctx, f.Site)
		if err != nil {
			return err
		}
		return do(s, a, operator)
	})
}

type userCommands struct {
	Add      userAdd      `cmd:"" help:"Add somebody; prints a password if none is given."`
	Password userPassword `cmd:"" help:"Give somebody a new password and end their sessions; prints one if none is given."`
	Role     userRole     `cmd:"" help:"Change what somebody may do at the site, or end it; ends their sessions."`
	List     userList     `cmd:"" help:"List who may sign in."`
}

// passwordFlags take a password from a file, never from the command line,
// where others could see it.
type passwordFlags struct {
	PasswordFile string `help:"File that holds the password; without one, a password is made and printed." placeholder:"FILE"`
}

// password returns the password, and whether it was made here.
func (f *passwordFlags) password() (string, bool, error) {
	if f.PasswordFile == "" {
		return seed.NewPassword(), true, nil
	}
	b, err := os.ReadFile(f.PasswordFile)
	if err != nil {
		return "", false, parking.Errorf(parking.Invalid, "The file %s cannot be read.", f.PasswordFile)
	}
	return strings.TrimRight(string(b), "\r\n"), false, nil
}

type userAdd struct {
	siteFlags
	passwordFlags
	Name     string `arg:"" help:"Sign-in name: small letters, digits, dots, dashes."`
	Display  string `help:"Name to show." placeholder:"NAME"`
	Role     string `help:"What they may do." enum:"admin,guard" default:"guard"`
	Language string `help:"Language of their screens." enum:"vi,en" default:"vi"`
}

// Run adds somebody.
func (c *userAdd) Run(ctx context.Context, out io.Writer) error {
	password, made, err := c.password()
	if err != nil {
		return err
	}
	if c.Display == "" {
		c.Display = c.Name
	}
	return c.as(ctx, func(_ *store.Store, a *auth.Service, p auth.Principal) error {
		err := a.AddPerson(ctx, p, auth.NewPerson{
			Name: c.Name, Display: c.Display, Role: c.Role, Language: c.Language, Password: password,
		})
		if err != nil {
			return err
		}
		return sayPassword(out, c.Name, password, made)
	})
}

func sayPassword(out io.Writer, name, password string, made bool) error {
	if !made {
		return nil
	}
	_, err := fmt.Fprintf(out, "%s %s\n", name, password)
	return err
}

type userPassword struct {
	siteFlags
	passwordFlags
	Name string `arg:"" help:"Sign-in name."`
}

// Run sets a password.
func (c *userPassword) Run(ctx context.Context, out io.Writer) error {
	password, made, err := c.password()
	if err != nil {
		return err
	}
	return c.as(ctx, func(_ *store.Store, a *auth.Service, p auth.Principal) error {
		if err := a.SetPassword(ctx, p, c.Name, password); err != nil {
			return err
		}
		return sayPassword(out, c.Name, password, made)
	})
}

type userRole struct {
	siteFlags
	Name string `arg:"" help:"Sign-in name."`
	Role string `arg:"" help:"What they may do from now on: admin, guard or none." enum:"admin,guard,none"`
}

// Run changes a role. What somebody does later without one, at a gate that is
// cut off, stands and is flagged.
func (c *userRole) Run(ctx context.Context) error {
	role := c.Role
	if role == "none" {
		role = ""
	}
	return c.as(ctx, func(_ *store.Store, a *auth.Service, p auth.Principal) error {
		return a.SetRole(ctx, p, c.Name, role)
	})
}

type userList struct {
	siteFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Run lists the people of the site.
func (c *userList) Run(ctx context.Context, out io.Writer) error {
	type person struct {
		Name     string `json:"name"`
		Display  string `json:"display"`
		Role     string `json:"role"`
		Disabled bool   `json:"disabled"`
	}
	return c.as(ctx, func(_ *store.Store, a *auth.Service, p auth.Principal) error {
		rows, err := a.People(ctx, p.Site)
		if err != nil {
			return err
		}
		list := make([]person, 0, len(rows))
		for _, r := range rows {
			list = append(list, person{r.Name, r.Display, r.Role, r.DisabledAt != nil})
		}
		if c.JSON {
			return printJSON(out, list)
		}
		for _, n := range list {
			if _, err := fmt.Fprintf(out, "%-16s %-6s %s\n", n.Name, n.Role, n.Display); err != nil {
				return err
			}
		}
		return nil
	})
}

type gateCommands struct {
	Code   gateCode   `cmd:"" help:"Make a one-time code with which a gate enrols within an hour."`
	List   gateList   `cmd:"" help:"List the gates."`
	Revoke gateRevoke `cmd:"" help:"Take a gate's right away at once."`
}

type gateCode struct {
	siteFlags
	Gate string `help:"Code of the gate." required:""`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Run makes a code.
func (c *gateCode) Run(ctx context.Context, out io.Writer) error {
	return c.as(ctx, func(_ *store.Store, a *auth.Service, p auth.Principal) error {
		code, until, err := a.NewGateCode(ctx, p, c.Gate)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(out, map[string]any{"code": code, "expires": until})
		}
		_, err = fmt.Fprintf(out, "%s\nGood once, until %s.\n", code, until.Local().Format("15:04"))
		return err
	})
}

type gateList struct {
	siteFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Run lists the gates.
func (c *gateList) Run(ctx context.Context, out io.Writer) error {
	type gate struct {
		Code     string     `json:"code"`
		Name     string     `json:"name"`
		Enrolled bool       `json:"enrolled"`
		Revoked  bool       `json:"revoked"`
		SeenAt   *time.Time `json:"seen_at"`
	}
	return c.as(ctx, func(s *store.Store, _ *auth.Service, p auth.Principal) error {
		rows, err := s.Q.Gates(ctx, p.Site)
		if err != nil {
			return fmt.Errorf("list the gates: %w", err)
		}
		list := make([]gate, 0, len(rows))
		for _, g := range rows {
			list = append(list, gate{g.Code, g.Name, g.PublicKey != nil, g.RevokedAt != nil, g.SeenAt})
		}
		if c.JSON {
			return printJSON(out, list)
		}
		for _, g := range list {
			if _, err := fmt.Fprintf(out, "%-6s %-12s %s\n", g.Code, gateState(g.Enrolled, g.Revoked), g.Name); err != nil {
				return err
			}
		}
		return nil
	})
}

func gateState(enrolled, revoked bool) string {
	switch {
	case revoked:
		return "revoked"
	case enrolled:
		return "enrolled"
	default:
		return "not enrolled"
	}
}

type gateRevoke struct {
	siteFlags
	Gate string `help:"Code of the gate." required:""`
}

// Run revokes a gate. Replicas that run notice within seconds.
func (c *gateRevoke) Run(ctx context.Context) error {
	return c.as(ctx, func(_ *store.Store, a *auth.Service, p auth.Principal) error {
		return a.RevokeGate(ctx, p, c.Gate)
	})
}
