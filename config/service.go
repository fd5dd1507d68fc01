package config

import (
	"slices"
	"strings"

	"github.com/mailscript/mailscript/smtp"
)

// Service is a mail service whose servers are well known.
type Service struct {
	// Name is how the documentation calls it; Aliases are other names for it.
	// Upper and lower case, spaces, dots, hyphens and underscores do not matter.
	Name    string
	Aliases []string
	// Host may hold REGION, which the account's region takes the place of.
	Host string
	Port int
	TLS  smtp.TLSMode
	// Username is the one all its customers have, "" where each has their own.
	Username string
	// Note says what is special about logging in, "" where nothing is.
	Note string
}

const regionMark = "REGION"

// Regional reports whether an account of the service needs a region.
func (s Service) Regional() bool { return strings.Contains(s.Host, regionMark) }

func (s Service) host(region string) string { return strings.ReplaceAll(s.Host, regionMark, region) }

// Services lists the well-known services by name.
func Services() []Service {
	all := slices.Clone(services[:])
	for i := range all {
		all[i].Aliases = slices.Clone(all[i].Aliases)
	}
	return all
}

// FindService finds a service by its name or an alias.
func FindService(name string) (Service, bool) {
	name = plainName(name)
	for _, s := range services {
		if plainName(s.Name) == name || slices.ContainsFunc(s.Aliases, func(a string) bool { return plainName(a) == name }) {
			return s, true
		}
	}
	return Service{}, false
}

func plainName(name string) string {
	return strings.NewReplacer(" ", "", ".", "", "-", "", "_", "").Replace(strings.ToLower(name))
}

// serviceNames are all names that can be meant by a misspelt one.
func serviceNames() []string {
	var names []string
	for _, s := range services {
		names = append(names, s.Name)
	}
	for _, s := range services {
		names = append(names, s.Aliases...)
	}
	return names
}
