package admin

import (
	"net/http"
	"strings"

	"gatehouse/cloud/auth"
	"gatehouse/parking"
)

type signinView struct {
	frame
	Next  string
	Wrong string
	Typed struct{ Site, Name string }
}

func (p *Pages) signinView(r *http.Request) signinView {
	v := signinView{frame: p.bareFrame(r)}
	v.Title = v.T("signin.title")
	return v
}

// loginShow shows the form, to those who need it.
func (p *Pages) loginShow(w http.ResponseWriter, r *http.Request) {
	v := p.signinView(r)
	v.Next = local(r.URL.Query().Get("next"))
	v.Typed.Site = r.URL.Query().Get("site")
	if token := auth.CookieToken(r); token != "" {
		me, err := p.Auth.Check(r.Context(), token)
		switch {
		case err == nil && me.Role == auth.RoleAdmin:
			http.Redirect(w, r, v.Next, http.StatusSeeOther) //nolint:gosec // local lets only own paths through
			return
		case err != nil && parking.ErrorCode(err) != parking.Unauthorized:
			p.fail(w, r, err) // nobody knows whether the session has ended
			return
		}
		v.Wrong = v.T("signin.ended")
	}
	p.show(w, r, http.StatusOK, "signin", "", v)
}

// loginSubmit signs an administrator in with a session of a new id; the one
// that the browser had before ends.
func (p *Pages) loginSubmit(w http.ResponseWriter, r *http.Request) {
	v := p.signinView(r)
	if err := form(w, r); err != nil {
		p.fail(w, r, err)
		return
	}
	v.Next = local(r.PostForm.Get("next"))
	v.Typed.Site, v.Typed.Name = strings.TrimSpace(r.PostForm.Get("site")), strings.TrimSpace(r.PostForm.Get("name"))
	password := r.PostForm.Get("password")
	if v.Typed.Site == "" || v.Typed.Name == "" || password == "" {
		v.Wrong = v.T("signin.missing")
		p.show(w, r, http.StatusBadRequest, "signin", "", v)
		return
	}
	token, me, expires, err := p.Auth.Login(r.Context(), v.Typed.Site, v.Typed.Name, password, auth.SessionToken)
	if err != nil {
		p.loginRefused(w, r, v, err)
		return
	}
	if me.Role != auth.RoleAdmin {
		if err := p.Auth.Revoke(r.Context(), token); err != nil {
			p.fail(w, r, err)
			return
		}
		v.Wrong = v.T("signin.guard")
		p.show(w, r, http.StatusForbidden, "signin", "", v)
		return
	}
	if old := auth.CookieToken(r); old != "" {
		if err := p.Auth.Revoke(r.Context(), old); err != nil {
			p.fail(w, r, err)
			return
		}
	}
	auth.SetCookie(w, r, token, expires.Sub(p.Now()))
	http.Redirect(w, r, v.Next, http.StatusSeeOther) //nolint:gosec // local lets only own paths through
}

func (p *Pages) loginRefused(w http.ResponseWriter, r *http.Request, v signinView, err error) {
	switch parking.ErrorCode(err) {
	case parking.Unauthorized, parking.Invalid, parking.NotFound:
		v.Wrong = v.T("signin.wrong")
	case auth.TooMany:
		v.Wrong = v.T("signin.slow")
	case parking.Unavailable:
		v.Wrong = v.T("signin.away")
	default:
		p.fail(w, r, err)
		return
	}
	p.show(w, r, auth.StatusOf(err), "signin", "", v)
}

// logout ends the session.
func (p *Pages) logout(w http.ResponseWriter, r *http.Request) {
	if me, ok := auth.FromContext(r.Context()); ok {
		if err := p.Auth.SignOut(r.Context(), me); err != nil {
			p.fail(w, r, err)
			return
		}
	}
	auth.DropCookie(w, r)
	http.Redirect(w, r, auth.SignInPage, http.StatusSeeOther)
}
