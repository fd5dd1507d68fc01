package luaapi

import (
	"github.com/mailscript/mailscript/mime"
	lua "github.com/yuin/gopher-lua"
)

// cardOptions are the fields of mime.card.
type cardOptions struct {
	Name         string   `lua:"name" doc:"as it is shown; default given and family"`
	Given        string   `lua:"given" doc:"given name"`
	Family       string   `lua:"family" doc:"family name; name or family is required"`
	Organization string   `lua:"organization" doc:"company or the like"`
	Title        string   `lua:"title" doc:"what the person is there"`
	Emails       []string `lua:"emails" doc:"addresses"`
	Phones       []string `lua:"phones" doc:"numbers"`
	Address      string   `lua:"address" doc:"postal, any line ends"`
	URL          string   `lua:"url" doc:"web address"`
	Note         string   `lua:"note" doc:"any text, any line ends"`
	File         string   `lua:"file" doc:"the name of the part; default made of name"`
}

func cardFunction() Function {
	return Function{
		Name: "card", Params: []Param{{"description", "card.options", "who it is"}}, Options: cardOptions{}, Returns: "part",
		Doc:     "A vCard to attach: a person for the address book (RFC 2426, which Outlook reads too).",
		Example: `local card = mime.card { given = "Ann", family = "Example", emails = "ann@example.org", phones = "+49 30 1234567" }`,
		Call: func(c *Call) []lua.LValue {
			var o cardOptions
			c.Options(0, &o)
			c.refuseSecretsIn(o)
			return c.part(mime.NewCard(mime.CardOptions{
				Name: o.Name, Given: o.Given, Family: o.Family, Organization: o.Organization, Title: o.Title,
				Emails: o.Emails, Phones: o.Phones, Address: o.Address, URL: o.URL, Note: o.Note, File: o.File,
			}))
		},
	}
}
