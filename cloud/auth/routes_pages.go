package auth

// pageRoutes are the pages of the admin site (package cloud/admin).
var pageRoutes = []Route{
	{Method: "GET", Pattern: "/static/*", Who: Public, Page: true},
	{Method: "GET", Pattern: SignInPage, Who: Public, Page: true},
	{Method: "POST", Pattern: SignInPage, Who: Public, Page: true},
	{Method: "POST", Pattern: "/language", Who: Public, Page: true},
	{Method: "POST", Pattern: "/logout", Who: People, Page: true},

	{Method: "GET", Pattern: "/", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/now/stream", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/map", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/map/stream", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/map/slots/{code}", Who: Admins, Page: true},
	{Method: "POST", Pattern: "/map/slots/{code}", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/conflicts", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/conflicts/{id}", Who: Admins, Page: true},
	{Method: "POST", Pattern: "/conflicts/{id}", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/quarantine", Who: Admins, Page: true},
	{Method: "POST", Pattern: "/quarantine/discard", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/stays", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/stays/{id}", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/stays/{id}/payments/{payment}", Who: Admins, Page: true}, // the picture of its VietQR
	{Method: "GET", Pattern: "/photos/{sha256}", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/gates", Who: Admins, Page: true},
	{Method: "POST", Pattern: "/gates/{gate}/code", Who: Admins, Page: true},
	{Method: "POST", Pattern: "/gates/{gate}/revoke", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/revenue", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/transfers", Who: Admins, Page: true},
	{Method: "POST", Pattern: "/transfers/{id}", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/revenue/payments.csv", Who: Admins, Page: true},
	{Method: "GET", Pattern: "/revenue/cash-up.pdf", Who: Admins, Page: true},
}
